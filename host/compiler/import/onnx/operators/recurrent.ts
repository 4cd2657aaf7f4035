/** Parts that LSTM, GRU and RNN share: directions, layouts, weights by gate, states, and outputs of all steps and of the last. */
import { ModelError, type Shape, type Tensor } from "../../../../ir/graph.ts";
import type { Context } from "../builder.ts";
import { alongAxis, joined, slicedTensor, wholeSlice } from "./slicing.ts";

export interface Sequence {
  readonly node: Context;
  readonly steps: number;
  readonly batch: number;
  readonly inputs: number;
  readonly units: number;
  /** Whether the batch comes before the steps. */
  readonly batchFirst: boolean;
  readonly gates: number;
  readonly directions: readonly Direction[];
}

/** One pass over the steps, with weights of its own. */
export interface Direction {
  /** Position among the weights. */
  readonly index: number;
  /** Whether it begins with the last step. */
  readonly reverse: boolean;
}

const DIRECTIONS: Readonly<Record<string, readonly Direction[]>> = {
  forward: [{ index: 0, reverse: false }],
  reverse: [{ index: 0, reverse: true }],
  bidirectional: [
    { index: 0, reverse: false },
    { index: 1, reverse: true },
  ],
};

const W = 1;
const R = 2;
const B = 3;
const LENGTHS = 4;

function checkPlain(node: Context, activations: readonly string[]): readonly Direction[] {
  const { attributes } = node;
  const name = attributes.string("direction", "forward");
  const directions = Object.hasOwn(DIRECTIONS, name) ? DIRECTIONS[name] : undefined;
  if (!directions)
    throw new ModelError(`direction: expected ${Object.keys(DIRECTIONS).join(", ")}, found ${name}`);
  const found = attributes.strings("activations").map((activation) => activation.toLowerCase());
  const expected = directions.flatMap(() => activations);
  if (found.length > 0 && found.join() !== expected.join())
    throw new ModelError(`activations: expected ${expected}, found ${found}`);
  attributes.ignore("activation_alpha", "activation_beta");
  const clip = attributes.float("clip", 0);
  if (clip !== 0) throw new ModelError(`clip: expected none, found ${clip}`);
  return directions;
}

/** Throws ModelError with what is not supported. */
export function readSequence(node: Context, gates: number, activations: readonly string[]): Sequence {
  const directions = checkPlain(node, activations);
  const batchFirst = node.attributes.int("layout", 0) !== 0;
  const { shape } = node.tensor(0);
  if (shape.length !== 3) throw new ModelError(`input X: expected three axes, found [${shape}]`);
  const [first, second, inputs] = shape as [number, number, number];
  const [steps, batch] = batchFirst ? [second, first] : [first, second];
  const recurrent = node.floats(R);
  const units = node.attributes.int("hidden_size", recurrent.shape[2] ?? 0);
  const sequence = { node, steps, batch, inputs, units, batchFirst, gates, directions };
  checkWeights(sequence);
  const lengths = node.has(LENGTHS) ? node.constant(LENGTHS).numbers : [];
  const other = [...lengths].find((length) => length !== steps);
  if (other !== undefined) throw new ModelError(`sequence_lens: expected ${steps} for all, found ${other}`);
  return sequence;
}

function checkWeights({ node, gates, units, inputs, directions: { length } }: Sequence): void {
  const expected: readonly (readonly [number, Shape])[] = [
    [W, [length, gates * units, inputs]],
    [R, [length, gates * units, units]],
    [B, [length, 2 * gates * units]],
  ];
  for (const [i, shape] of expected) {
    if (i === B && !node.has(B)) continue;
    const { name, shape: found } = node.floats(i);
    if (!(units > 0) || found.join() !== shape.join())
      throw new ModelError(`input ${name}: expected [${shape}], found [${found}]`);
  }
}

/** Weights and recurrent weights of a direction, gates in this order. */
export function weightsOf(sequence: Sequence, order: readonly number[], { index }: Direction): Tensor[] {
  const { node, units, inputs, gates } = sequence;
  return [W, R].flatMap((i) => {
    const { name, numbers } = node.floats(i);
    const depth = i === W ? inputs : units;
    return order.map((gate) => {
      const first = (index * gates + gate) * units * depth;
      const values = numbers.subarray(first, first + units * depth);
      return node.addConstant(`${name}/${index * gates + gate}`, [units, depth], values);
    });
  });
}

/** Biases [gate][unit] of a direction's inputs, and of its states; zeros where the node has none. */
export function biasesOf(
  { node, gates, units }: Sequence,
  { index }: Direction,
): { inputs: Float64Array[]; states: Float64Array[] } {
  const size = 2 * gates * units;
  const numbers = node.has(B)
    ? node.floats(B).numbers.subarray(index * size, (index + 1) * size)
    : new Float64Array(size);
  const all = Array.from({ length: 2 * gates }, (_, i) =>
    Float64Array.from(numbers.subarray(i * units, (i + 1) * units)),
  );
  return { inputs: all.slice(0, gates), states: all.slice(gates) };
}

/** A direction's states before its first step, of one sample, in the order of these inputs; none where all are zeros. */
export function initialStates(
  { node, units, batch, batchFirst, directions: { length } }: Sequence,
  inputs: readonly number[],
  { index }: Direction,
  sample: number,
): Tensor[] {
  const place = batchFirst ? sample * length + index : index * batch + sample;
  const all = inputs.map((input) => {
    if (!node.has(input)) return new Float64Array(units);
    const { name, numbers } = node.floats(input);
    if (numbers.length !== length * batch * units)
      throw new ModelError(
        `input ${name}: expected ${length * batch * units} values, found ${numbers.length}`,
      );
    return numbers.subarray(place * units, (place + 1) * units);
  });
  if (all.every((numbers) => numbers.every((x) => x === 0))) return [];
  return all.map((numbers, i) => node.addConstant(node.nameOf(`state_${i}_${place}`), [units], numbers));
}

const reversed = (node: Context, rows: Tensor): Tensor =>
  slicedTensor(node, rows, alongAxis(wholeSlice(rows.shape), 1, rows.shape[1]! - 1, -1, -1));

/** All steps [batch, steps, units] in their order, and the last one that was computed [batch, 1, units]. */
function pass(
  sequence: Sequence,
  rows: Tensor,
  run: (input: Tensor, sample: number) => Tensor,
  reverse: boolean,
) {
  const { node, steps, batch } = sequence;
  const given = reverse ? reversed(node, rows) : rows;
  const samples = Array.from({ length: batch }, (_, i) =>
    run(slicedTensor(node, given, alongAxis(wholeSlice(given.shape), 0, i, i + 1)), i),
  );
  const all = joined(node, samples, 0);
  const last = slicedTensor(node, all, alongAxis(wholeSlice(all.shape), 1, steps - 1, steps));
  return { all: reverse ? reversed(node, all) : all, last };
}

/**
 * Y and Y_h. `run` makes [1, steps, units] of [1, steps, inputs] for a direction, and for one sample of a batch after
 * the other: they have no step in common.
 */
export function overSteps(
  sequence: Sequence,
  run: (input: Tensor, direction: Direction, sample: number) => Tensor,
): readonly [Tensor, Tensor] {
  const { node, steps, batch, units, batchFirst, directions } = sequence;
  const rows = movedBatch(sequence, node.tensor(0), sequence.inputs);
  const passes = directions.map((direction) =>
    pass(sequence, rows, (input, sample) => run(input, direction, sample), direction.reverse),
  );
  const reshape = (tensor: Tensor, shape: Shape): Tensor =>
    tensor.shape.join() === shape.join() ? tensor : node.add("reshape", [tensor], { shape });
  const count = directions.length;
  const all = joined(
    node,
    passes.map((each) => reshape(each.all, [batch, steps, 1, units])),
    2,
  );
  const last = joined(
    node,
    passes.map((each) => each.last),
    1,
  );
  if (batchFirst) return [all, last];
  if (batch === 1) return [reshape(all, [steps, count, 1, units]), reshape(last, [count, 1, units])];
  const transpose = (tensor: Tensor, permutation: number[]): Tensor =>
    node.add("transpose", [tensor], { permutation });
  return [transpose(all, [1, 2, 0, 3]), transpose(last, [1, 0, 2])];
}

/** [batch, steps, inputs] of X: nothing moves where one of the two is 1. */
function movedBatch({ node, steps, batch, batchFirst }: Sequence, input: Tensor, inputs: number): Tensor {
  if (batchFirst) return input;
  return batch === 1 || steps === 1
    ? node.add("reshape", [input], { shape: [batch, steps, inputs] })
    : node.add("transpose", [input], { permutation: [1, 0, 2] });
}
