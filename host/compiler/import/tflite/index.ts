import { attempt } from "../../../ir/faults.ts";
import {
  type Attributes,
  byteSize,
  type DType,
  elements,
  fromBytes,
  type Graph,
  ModelError,
  type Node,
  type Quantization,
  quantized,
  type Shape,
  type Tensor,
} from "../../../ir/graph.ts";
import { nameGiver } from "../../../ir/names.ts";
import { operatorOf } from "../../../ops/index.ts";
import { missingInput } from "../../../ops/operator.ts";
import { checkRank, MAX_ELEMENTS, translateAll } from "../importer.ts";
import { joinDilations } from "./dilation.ts";
import { widenConstants } from "./float_constants.ts";
import { translations } from "./operators.ts";
import {
  type Options,
  readTflite,
  type TfliteModel,
  type TfliteOperator,
  type TfliteTensor,
} from "./schema.ts";
import type { NewState, Source, Translation } from "./source.ts";
import { keepUsed } from "./used_operators.ts";
import { DTYPES, narrowed, shapeOf, withWholeNumbers } from "./whole_numbers.ts";

/** Scalars have an empty shape in TFLite and here alike: one element. */
function tensorData(tensor: TfliteTensor, dtype: DType): Tensor["data"] {
  if (tensor.data.length === 0) return undefined;
  const expected = byteSize({ dtype, shape: shapeOf(tensor) });
  if (tensor.data.length !== expected) {
    throw new ModelError(
      `tensor ${tensor.name}: expected ${expected} bytes for [${tensor.shape}], found ${tensor.data.length}`,
    );
  }
  const data = fromBytes(dtype, tensor.data);
  const wrong = dtype === "float32" && data.find((x) => !Number.isFinite(x));
  if (typeof wrong === "number")
    throw new ModelError(`tensor ${tensor.name}: expected finite numbers, found ${wrong}`);
  return data;
}

/**
 * The scale that a kernel reads of a tensor that has one: the first, whatever else the file lists. Kernels for floats
 * read none, and those that take constants of int32 know them as counts, or as sums at the scale of the products.
 */
function quantizationOf(
  { name, scales, zeroPoints, data }: TfliteTensor,
  dtype: DType,
): Quantization | undefined {
  const isConstant = data.length > 0;
  if (scales.length === 0 || dtype === "float32" || (dtype === "int32" && isConstant)) return undefined;
  if (zeroPoints.length === 0 && !isConstant)
    throw new ModelError(`tensor ${name}: expected a zero point beside its scale, found none`);
  return quantized(scales[0]!, zeroPoints[0] ?? 0);
}

/** Zero points of weights: one for all scales is common, and what kernels take wherever the numbers of the two differ. */
const zeroPointsOf = ({ scales, zeroPoints }: TfliteTensor): readonly number[] =>
  zeroPoints.length === scales.length ? zeroPoints : scales.map(() => zeroPoints[0] ?? 0);

/** Weights with a scale for each channel, as the kernels for a sum along `axis` read them. */
function perChannel(tensor: Tensor, source: TfliteTensor, axis: number): Quantization {
  const { scales, quantizedDimension: given } = source;
  const channels = tensor.shape[axis];
  if (scales.length !== channels)
    throw new ModelError(`weights ${tensor.name}: expected 1 or ${channels} scales, found ${scales.length}`);
  // Kernels compare the size of the axis that the file names and go on with their own.
  if (tensor.shape[given] !== channels)
    throw new ModelError(`weights ${tensor.name}: expected scales along axis ${axis}, found ${given}`);
  return { scales, zeroPoints: zeroPointsOf(source), axis };
}

function checkSize(name: string, shape: Shape): void {
  checkRank(shape, `tensor ${name}: `);
  if (shape.some((n) => !(n >= 1)) || elements(shape) > MAX_ELEMENTS)
    throw new ModelError(
      `tensor ${name}: expected a shape of at most ${MAX_ELEMENTS} elements, found [${shape}]`,
    );
}

function toTensor(tensor: TfliteTensor, name: string, unique: (name: string) => string): Tensor {
  if (tensor.fault !== undefined) throw new ModelError(`tensor ${name}: ${tensor.fault}`);
  const isLong = tensor.type === "INT64" && tensor.data.length > 0;
  const dtype = isLong ? "int32" : DTYPES[tensor.type];
  if (!dtype)
    throw new ModelError(
      `tensor ${name}: type ${tensor.type}: expected one of ${Object.keys(DTYPES).join(", ")}`,
    );
  if (tensor.isSparse) throw new ModelError(`tensor ${name}: sparse tensors are not supported`);
  const shape = shapeOf(tensor);
  checkSize(name, shape);
  const data = isLong ? narrowed(tensor) : tensorData(tensor, dtype);
  const quantization = quantizationOf({ ...tensor, name }, dtype);
  return {
    name,
    dtype,
    shape,
    ...(data && { data }),
    ...(quantization && { quantization }),
    ...(tensor.isVariable && !data && { next: unique(`${name}_next`) }),
  };
}

/** Readable, unique tensor names: TFLite joins the names of fused layers with ";". */
function uniqueNames(model: TfliteModel): string[] {
  const unique = nameGiver([]);
  const used = new Set([model, ...model.operators].flatMap(({ inputs, outputs }) => [...inputs, ...outputs]));
  return model.tensors.map(({ name }, i) =>
    used.has(i) ? unique(name.split(";")[0] || `tensor_${i}`, i) : "",
  );
}

/** The quantisation that the kernels for integers assume; TensorFlow Lite Micro checks the same at run time. */
function checkQuantization(
  op: string,
  inputs: readonly (Tensor | undefined)[],
  outputs: readonly Tensor[],
): void {
  const { quantization: rule, types: all, ownTypes, unscaled } = operatorOf(op);
  const output = outputs[0]!;
  if (output.dtype === "float32" || op === "quantize" || unscaled) return;
  const types = all.filter((type) => !ownTypes.includes(type));
  if (!types.includes(output.dtype))
    throw new ModelError(
      `output type ${output.dtype}: expected ${types.join(" or ")} (or uint8 at the model's border)`,
    );
  const isInt16 = output.dtype === "int16";
  const expected = rule.output.kind === "fixed" && (isInt16 ? rule.output.int16 : rule.output.quantization);
  if (expected) {
    const [scale, zeroPoint] = [expected.scales[0]!, expected.zeroPoints[0]!];
    const found = output.quantization;
    // The reference kernels for int16 take a scale for the power of two that it is near.
    const isNear = isInt16 && Math.abs((found?.scales[0] ?? 0) / scale - 1) < NEAR;
    if ((found?.scales[0] !== scale && !isNear) || found?.zeroPoints[0] !== zeroPoint) {
      throw new ModelError(
        `output ${output.name}: expected scale ${scale} and zero point ${zeroPoint}, found ${found?.scales[0]} and ${found?.zeroPoints[0]}`,
      );
    }
  }
  if (rule.weights) checkWeights(inputs[rule.weights.input], inputs[rule.bias ?? -1]);
}

const NEAR = 1e-4;

/** The option that tells the type a bias would have, where there is none; and the schema's number of INT32. */
const BIAS_TYPE_OPTION: Readonly<Record<string, number>> = { fully_connected: 4, conv2d: 6 };
const INT32 = 2;

/** See host/ops/wide_sum.ts. TensorFlow Lite Micro reads the 32 bits of a depthwise layer's bias as 64. */
function sumAttributes(op: string, output: Tensor, bias: string | undefined, options: Options): Attributes {
  const option = BIAS_TYPE_OPTION[op];
  const isNarrow =
    bias === "INT32" || (bias === undefined && option !== undefined && options.byte(option) === INT32);
  if (output.dtype !== "int16" || !isNarrow) return {};
  if (op === "depthwise_conv2d")
    throw new ModelError("bias of int32 beside int16: expected int64, the only type that its kernel reads");
  return { narrowSums: true };
}

function checkWeights(weights: Tensor | undefined, bias: Tensor | undefined): void {
  const q = weights?.quantization;
  if (!weights?.data || weights.dtype !== "int8" || !q) {
    throw new ModelError(
      `weights ${weights?.name}: expected constant int8 weights with a scale, found ${weights?.data ? weights.dtype : "a computed tensor"}`,
    );
  }
  if (q.zeroPoints.some((zero) => zero !== 0)) {
    throw new ModelError(
      `weights ${weights.name}: expected zero points of 0, found ${q.zeroPoints.find((zero) => zero !== 0)}`,
    );
  }
  if (bias && (!bias.data || bias.dtype !== "int32")) {
    throw new ModelError(
      `bias ${bias.name}: expected constant int32, found ${bias.data ? bias.dtype : "a computed tensor"}`,
    );
  }
}

interface Tensors {
  at(index: number): Tensor;
  /** The file's own name of a tensor's type. */
  typeAt(index: number): string | undefined;
  /** A new one between the steps of an operator. */
  between(like: Tensor, shape: Shape): Tensor;
  /** The tensor as weights of a sum along `axis`, of which there may be a scale for each channel. */
  weights(tensor: Tensor, axis: number): Tensor;
  /** The tensor with a variable's next value. */
  next(state: Tensor): Tensor;
  /** A variable that the file does not have, and its next value. */
  state(op: string, like: NewState): readonly [Tensor, Tensor];
}

function nextOf(state: Tensor | undefined, { next }: Pick<Tensors, "next">): Tensor {
  if (state?.next === undefined) throw new ModelError(`state ${state?.name}: expected a variable`);
  return next(state);
}

function toStep(
  translation: Translation,
  { inputs, outputs }: Pick<Source, "inputs" | "outputs">,
  tensors: Pick<Tensors, "weights">,
) {
  const rule = operatorOf(translation.op).quantization.weights;
  const kept = (translation.inputs?.map((i) => inputs[i]) ?? inputs).map((tensor, i) =>
    tensor && i === rule?.input ? tensors.weights(tensor, rule.axis) : tensor,
  );
  checkQuantization(translation.op, kept, outputs);
  return { ...translation, inputs: kept, outputs };
}

/** The file says what shape an output has; so do the operator and what it reads. */
function checkShapes({ op, attributes, inputs, outputs }: ReturnType<typeof toStep>): void {
  const operator = operatorOf(op);
  const [least, most] = operator.arity;
  if (inputs.length < least || inputs.length > most)
    throw new ModelError(`expected ${least} to ${most} inputs, found ${inputs.length}`);
  // Inputs that are missing are told by the specification.
  if (missingInput(operator, inputs) >= 0) return;
  const fault = operator.unscaled && operator.checkTypes?.({ name: op, attributes, inputs, outputs });
  if (fault) throw new ModelError(fault);
  operator.infer({ name: op, attributes, inputs }).forEach((shape, i) => {
    const output = outputs[i];
    if (output && output.shape.join() !== shape.join())
      throw new ModelError(`output ${output.name}: expected shape [${shape}], found [${output.shape}]`);
  });
}

function toNode(step: ReturnType<typeof toStep>, suffix: string): Node {
  checkShapes(step);
  return {
    name: `${step.op}_${suffix}`,
    op: step.op,
    inputs: step.inputs.map((tensor) => tensor?.name ?? ""),
    outputs: step.outputs.map((tensor) => tensor.name),
    attributes: step.attributes,
  };
}

/** The width of an operator's sums, by its options and the type of its bias in the file. */
function sumsOf(
  operator: TfliteOperator,
  translation: Translation,
  output: Tensor,
  tensors: Tensors,
): Attributes {
  const { bias } = operatorOf(translation.op).quantization;
  const position = bias === undefined ? undefined : (translation.inputs?.[bias] ?? bias);
  const type = position === undefined ? undefined : tensors.typeAt(operator.inputs[position] ?? -1);
  return sumAttributes(translation.op, output, type, operator.options);
}

function translateOperator(operator: TfliteOperator, tensors: Tensors): Node[] {
  const { at, between, next } = tensors;
  const translate = translations.get(operator.type);
  if (!translate) throw new ModelError(operator.type);
  const inputs = operator.inputs.map((index) => (index === -1 ? undefined : at(index)));
  const outputs = operator.outputs.map(at);
  if (outputs.length === 0) throw new ModelError(`${operator.type}: expected an output, found none`);
  try {
    const translation = translate({ inputs, outputs, options: operator.options, between });
    const states = "op" in translation ? (translation.states ?? []) : [];
    if (inputs.some((tensor, i) => tensor?.next !== undefined && !states.includes(i)))
      throw new ModelError("variables (state between inferences) are not supported here");
    const kept = states.map((i) => nextOf(inputs[i], { next }));
    if ("op" in translation) {
      const added = (translation.newStates ?? []).map((like) => tensors.state(translation.op, like));
      const operands = {
        inputs: [...inputs, ...added.map(([state]) => state)],
        outputs: [...outputs, ...kept, ...added.map(([, after]) => after)],
      };
      const step = toStep(translation, operands, tensors);
      const attributes = { ...step.attributes, ...sumsOf(operator, translation, outputs[0]!, tensors) };
      return [toNode({ ...step, attributes }, `${operator.index}`)];
    }
    return translation.map((step, i) => {
      const { op, attributes, output } = step;
      const checked = toStep({ op, attributes }, { inputs: step.inputs, outputs: [output] }, tensors);
      return toNode(checked, `${operator.index}_${i}`);
    });
  } catch (error) {
    if (error instanceof ModelError)
      throw new ModelError(`${operator.type}: ${error.message.replace(/^node \w+: /, "")}`);
    throw error;
  }
}

/** The tensors of a file as they are asked for, and those that are added to them. */
class FileTensors implements Tensors {
  private readonly model: TfliteModel;
  private readonly names: readonly string[];
  private readonly unique: (name: string) => string;
  private readonly cache = new Map<number, Tensor>();
  private readonly sources = new Map<Tensor, TfliteTensor>();
  /** By name of the tensor that has the first of their scales only. */
  private readonly byChannel = new Map<string, Tensor>();
  private readonly added: Tensor[] = [];

  constructor(model: TfliteModel) {
    this.model = model;
    this.names = uniqueNames(model);
    this.unique = nameGiver(this.names);
  }

  at = (index: number): Tensor => {
    const source = this.model.tensors[index];
    if (!source) throw new ModelError(`expected a tensor below ${this.model.tensors.length}, found ${index}`);
    const tensor = this.cache.get(index) ?? toTensor(source, this.names[index]!, this.unique);
    this.cache.set(index, tensor);
    this.sources.set(tensor, source);
    return tensor;
  };

  typeAt = (index: number): string | undefined => this.model.tensors[index]?.type;

  private add(tensor: Tensor): Tensor {
    this.added.push(tensor);
    return tensor;
  }

  between = ({ name, dtype, quantization }: Tensor, shape: Shape): Tensor =>
    this.add({ name: this.unique(`${name}_part`), dtype, shape, ...(quantization && { quantization }) });

  next = ({ dtype, shape, quantization, next }: Tensor): Tensor =>
    this.add({ name: next!, dtype, shape, ...(quantization && { quantization }) });

  state = (op: string, { dtype, shape }: NewState): readonly [Tensor, Tensor] => {
    const name = this.unique(`${op}_state`);
    checkSize(name, shape);
    const next = this.unique(`${name}_next`);
    return [this.add({ name, dtype, shape, next }), this.add({ name: next, dtype, shape })];
  };

  weights = (tensor: Tensor, axis: number): Tensor => {
    const source = this.sources.get(tensor);
    if (!tensor.quantization || !source || source.scales.length < 2) return tensor;
    const quantization = perChannel(tensor, source, axis);
    const known = this.byChannel.get(tensor.name);
    if (known?.quantization?.axis === axis) return known;
    const weights = { ...tensor, name: this.unique(`${tensor.name}_weights`), quantization };
    this.byChannel.set(tensor.name, weights);
    return this.add(weights);
  };

  /** Weights are called what the file calls them, unless something else reads them with one scale. */
  graph(name: string, nodes: readonly Node[]): Graph {
    const [inputs, outputs] = [this.model.inputs, this.model.outputs].map((list) =>
      list.map((index) => this.at(index).name),
    ) as [string[], string[]];
    const read = new Set([...inputs, ...outputs, ...nodes.flatMap((node) => node.inputs)]);
    const names = new Map(
      [...this.byChannel].flatMap(([own, weights]) => (read.has(own) ? [] : [[weights.name, own] as const])),
    );
    const replaced = new Set(names.values());
    const tensors = [...this.cache.values()].filter((tensor) => !replaced.has(tensor.name));
    const rename = (tensor: string): string => names.get(tensor) ?? tensor;
    const all = [...tensors, ...this.added].map((tensor) => ({ ...tensor, name: rename(tensor.name) }));
    return withWholeNumbers({
      name,
      tensors: new Map(all.map((tensor) => [tensor.name, tensor])),
      nodes: nodes.map((node) => ({ ...node, inputs: node.inputs.map(rename) })),
      inputs,
      outputs,
    });
  }
}

/** Translates a .tflite file (untrusted bytes) into a graph. Throws ModelError with all reasons at once. */
export function importTflite(bytes: Uint8Array, name: string): Graph {
  const model = keepUsed(joinDilations(widenConstants(readTflite(bytes))));
  const tensors = new FileTensors(model);
  const faults: string[] = [];
  const named = new Set(model.operators.flatMap(({ inputs, outputs }) => [...inputs, ...outputs]));
  for (const index of new Set([...model.inputs, ...model.outputs]))
    if (!named.has(index)) attempt(faults, () => tensors.at(index));
  const nodes = translateAll(
    model.operators,
    (operator) => `operator ${operator.index}`,
    (operator) => translateOperator(operator, tensors),
    faults,
  );
  return tensors.graph(name, nodes.flat());
}
