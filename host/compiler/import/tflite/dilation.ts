/**
 * A dilated convolution as TensorFlow wrote it of old, and still does for one dimension: pixels `block` apart become
 * images of their own (SPACE_TO_BATCH_ND), are convolved, and put back (BATCH_TO_SPACE_ND). It is one operator here.
 */
import type { Options, TfliteModel, TfliteOperator, TfliteTensor } from "./schema.ts";

/** Options that hold the dilation along the height, by operator; along the width it is the one before. */
const DILATIONS: Readonly<Record<string, number>> = { CONV_2D: 5, DEPTHWISE_CONV_2D: 6 };
const RESHAPES = new Set(["EXPAND_DIMS", "RESHAPE", "SQUEEZE"]);
const VALID = 1;

interface Chain {
  readonly split: TfliteOperator;
  readonly convolution: TfliteOperator;
  readonly join: TfliteOperator;
  /** All of them and the reshapes between. */
  readonly operators: ReadonlySet<TfliteOperator>;
}

interface Draft {
  readonly tensors: TfliteTensor[];
  readonly readers: ReadonlyMap<number, readonly TfliteOperator[]>;
}

function readersOf(model: TfliteModel): Map<number, TfliteOperator[]> {
  const readers = new Map<number, TfliteOperator[]>();
  for (const operator of model.operators) {
    for (const input of new Set(operator.inputs))
      readers.set(input, [...(readers.get(input) ?? []), operator]);
  }
  return readers;
}

/** From the split along its only readers to the join, past one convolution that is not strided, padded or dilated. */
function followChain(split: TfliteOperator, { readers }: Draft): Chain | undefined {
  const operators = new Set([split]);
  let convolution: TfliteOperator | undefined;
  for (let current = split; ; ) {
    const next = readers.get(current.outputs[0] ?? -1);
    if (next?.length !== 1 || operators.has(next[0]!)) return undefined;
    current = next[0]!;
    operators.add(current);
    if (current.type === "BATCH_TO_SPACE_ND")
      return convolution && { split, convolution, join: current, operators };
    const isConvolution = current.type in DILATIONS && convolution === undefined && isPlain(current);
    if (isConvolution) convolution = current;
    else if (!RESHAPES.has(current.type)) return undefined;
  }
}

function isPlain({ type, options }: TfliteOperator): boolean {
  const height = DILATIONS[type]!;
  const ones = [options.int(1), options.int(2), options.int(height, 1), options.int(height - 1, 1)];
  return options.byte(0) === VALID && ones.every((n) => n === 1);
}

/** A constant of int32, or nothing. */
function ints(tensor: TfliteTensor | undefined): number[] | undefined {
  if (tensor?.type !== "INT32" || tensor.data.length % 4 !== 0 || tensor.data.length === 0) return undefined;
  const { buffer, byteOffset, byteLength } = tensor.data;
  const view = new DataView(buffer, byteOffset, byteLength);
  return Array.from({ length: byteLength / 4 }, (_, i) => view.getInt32(4 * i, true));
}

const withDilation = (options: Options, id: number, [height, width]: readonly number[]): Options => ({
  ...options,
  int: (field, fallback) =>
    field === id ? height! : field === id - 1 ? width! : options.int(field, fallback),
});

/** The chain as PAD, RESHAPE, CONV and RESHAPE; undefined where it is not what TensorFlow writes. */
function rewrite({ split, convolution, join }: Chain, { tensors }: Draft): TfliteOperator[] | undefined {
  const source = tensors[split.inputs[0] ?? -1];
  const result = tensors[join.outputs[0] ?? -1];
  const image = tensors[convolution.inputs[0] ?? -1];
  const convolved = tensors[convolution.outputs[0] ?? -1];
  const [block, pads, crops] = [split.inputs[1], split.inputs[2], join.inputs[2]].map((i) =>
    ints(tensors[i ?? -1]),
  );
  if (!source || !result || !image || !convolved || !block || !pads || !crops) return undefined;
  if (block.join() !== ints(tensors[join.inputs[1] ?? -1])?.join()) return undefined;
  const axes = block.length;
  const isSound =
    image.shape.length === 4 && source.shape.length === axes + 2 && result.shape.length === axes + 2;
  if (!isSound || axes < 1 || axes > 2 || pads.length !== 2 * axes || crops.length !== 2 * axes)
    return undefined;
  // The part that is cut off behind was added to fill the last block; the convolution does not need it.
  const sides = block.map((_, i) => [pads[2 * i]! - crops[2 * i]!, pads[2 * i + 1]! - crops[2 * i + 1]!]);
  if (sides.flat().some((n) => n < 0) || crops.some((n, i) => i % 2 === 0 && n !== 0)) return undefined;

  const flat = axes === 1 ? (image.shape[1] === 1 ? 1 : 2) : 0;
  const asImage = ([batch, ...rest]: readonly number[]): number[] =>
    flat === 0 ? [batch!, ...rest] : flat === 1 ? [batch!, 1, ...rest] : [batch!, rest[0]!, 1, rest[1]!];
  const dilation = axes === 2 ? block : flat === 1 ? [1, block[0]!] : [block[0]!, 1];
  const padded = source.shape.map((n, i) => n + (sides[i - 1]?.[0] ?? 0) + (sides[i - 1]?.[1] ?? 0));
  const add = (tensor: TfliteTensor): number => tensors.push(tensor) - 1;
  const step = (type: string, inputs: readonly number[], output: number): TfliteOperator => ({
    ...split,
    type,
    inputs,
    outputs: [output],
  });

  const steps: TfliteOperator[] = [];
  let current = split.inputs[0]!;
  if (sides.flat().some((n) => n > 0)) {
    const pairs = Int32Array.from([[0, 0], ...sides, [0, 0]].flat());
    const constant = add({
      ...tensors[split.inputs[2]!]!,
      shape: [axes + 2, 2],
      data: new Uint8Array(pairs.buffer),
    });
    const output = add({ ...source, name: `${source.name}_padded`, shape: padded });
    steps.push(step("PAD", [current, constant], output));
    current = output;
  }
  if (flat !== 0) {
    const output = add({ ...source, name: `${source.name}_image`, shape: asImage(padded) });
    steps.push(step("RESHAPE", [current], output));
    current = output;
  }
  const output = flat === 0 ? join.outputs[0]! : add({ ...convolved, shape: asImage(result.shape) });
  const options = withDilation(convolution.options, DILATIONS[convolution.type]!, dilation);
  steps.push({
    ...convolution,
    inputs: [current, ...convolution.inputs.slice(1)],
    outputs: [output],
    options,
  });
  if (flat !== 0) steps.push({ ...join, type: "RESHAPE", inputs: [output], outputs: join.outputs });
  return steps;
}

/** The model with such chains as dilated convolutions. */
export function joinDilations(model: TfliteModel): TfliteModel {
  const draft: Draft = { tensors: [...model.tensors], readers: readersOf(model) };
  let operators = model.operators;
  for (const split of model.operators) {
    if (split.type !== "SPACE_TO_BATCH_ND") continue;
    const chain = followChain(split, draft);
    const steps = chain && rewrite(chain, draft);
    if (!steps) continue;
    operators = operators.flatMap((operator) => {
      if (operator === chain.convolution) return steps;
      return chain.operators.has(operator) ? [] : [operator];
    });
  }
  return { ...model, tensors: draft.tensors, operators };
}
