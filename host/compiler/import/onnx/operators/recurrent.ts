/** Parts that LSTM and GRU share: layouts, weights by gate, states, and outputs of all steps and of the last. */
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
}

const W = 1;
const R = 2;
const B = 3;
const LENGTHS = 4;

function checkPlain(node: Context, activations: readonly string[]): void {
  const { attributes } = node;
  const direction = attributes.string("direction", "forward");
  if (direction !== "forward") throw new ModelError(`direction: expected forward, found ${direction}`);
  const found = attributes.strings("activations").map((name) => name.toLowerCase());
  if (found.length > 0 && found.join() !== activations.join())
    throw new ModelError(`activations: expected ${activations}, found ${found}`);
  attributes.ignore("activation_alpha", "activation_beta");
  const clip = attributes.float("clip", 0);
  if (clip !== 0) throw new ModelError(`clip: expected none, found ${clip}`);
}

/** Throws ModelError with what is not supported. */
export function readSequence(node: Context, gates: number, activations: readonly string[]): Sequence {
  checkPlain(node, activations);
  const batchFirst = node.attributes.int("layout", 0) !== 0;
  const { shape } = node.tensor(0);
  if (shape.length !== 3) throw new ModelError(`input X: expected three axes, found [${shape}]`);
  const [first, second, inputs] = shape as [number, number, number];
  const [steps, batch] = batchFirst ? [second, first] : [first, second];
  const recurrent = node.floats(R);
  const units = node.attributes.int("hidden_size", recurrent.shape[2] ?? 0);
  const sequence = { node, steps, batch, inputs, units, batchFirst, gates };
  checkWeights(sequence);
  const lengths = node.has(LENGTHS) ? node.constant(LENGTHS).numbers : [];
  const other = [...lengths].find((length) => length !== steps);
  if (other !== undefined) throw new ModelError(`sequence_lens: expected ${steps} for all, found ${other}`);
  return sequence;
}

function checkWeights({ node, gates, units, inputs }: Sequence): void {
  const expected: readonly (readonly [number, Shape])[] = [
    [W, [1, gates * units, inputs]],
    [R, [1, gates * units, units]],
    [B, [1, 2 * gates * units]],
  ];
  for (const [i, shape] of expected) {
    if (i === B && !node.has(B)) continue;
    const { name, shape: found } = node.floats(i);
    if (!(units > 0) || found.join() !== shape.join())
      throw new ModelError(`input ${name}: expected [${shape}], found [${found}]`);
  }
}

/** Weights and recurrent weights, gates in this order. */
export function weightsOf({ node, units, inputs }: Sequence, order: readonly number[]): Tensor[] {
  return [W, R].flatMap((i) => {
    const { name, numbers } = node.floats(i);
    const depth = i === W ? inputs : units;
    return order.map((gate) => {
      const values = numbers.subarray(gate * units * depth, (gate + 1) * units * depth);
      return node.addConstant(`${name}/${gate}`, [units, depth], values);
    });
  });
}

/** Biases [gate][unit] of the inputs, and of the states; zeros where the node has none. */
export function biasesOf({ node, gates, units }: Sequence): {
  inputs: Float64Array[];
  states: Float64Array[];
} {
  const numbers = node.has(B) ? node.floats(B).numbers : new Float64Array(2 * gates * units);
  const all = Array.from({ length: 2 * gates }, (_, i) =>
    Float64Array.from(numbers.subarray(i * units, (i + 1) * units)),
  );
  return { inputs: all.slice(0, gates), states: all.slice(gates) };
}

/** The states before the first step, for each sample in the order of these inputs; none where all are zeros. */
export function initialStates({ node, units, batch }: Sequence, inputs: readonly number[]): Tensor[][] {
  const all = inputs.map((input) => {
    if (!node.has(input)) return new Float64Array(batch * units);
    const { name, numbers } = node.floats(input);
    if (numbers.length !== batch * units)
      throw new ModelError(`input ${name}: expected ${batch * units} values, found ${numbers.length}`);
    return numbers;
  });
  const areZero = all.every((numbers) => numbers.every((x) => x === 0));
  return Array.from({ length: batch }, (_, sample) =>
    areZero
      ? []
      : all.map((numbers, i) => {
          const name = node.nameOf(`state_${i}_${sample}`);
          return node.addConstant(name, [units], numbers.subarray(sample * units, (sample + 1) * units));
        }),
  );
}

/**
 * Y and Y_h. `run` makes [1, steps, units] of [1, steps, inputs], for one sample of a batch after the other: they
 * have no step in common.
 */
export function overSteps(
  sequence: Sequence,
  run: (input: Tensor, sample: number) => Tensor,
): readonly [Tensor, Tensor] {
  const { node, steps, batch, units, batchFirst } = sequence;
  const rows = movedBatch(sequence, node.tensor(0), sequence.inputs);
  const samples = Array.from({ length: batch }, (_, i) =>
    run(slicedTensor(node, rows, alongAxis(wholeSlice(rows.shape), 0, i, i + 1)), i),
  );
  const all = joined(node, samples, 0);
  const last = slicedTensor(node, all, alongAxis(wholeSlice(all.shape), 1, steps - 1, steps));
  const reshape = (tensor: Tensor, shape: Shape): Tensor => node.add("reshape", [tensor], { shape });
  if (batchFirst) return [reshape(all, [batch, steps, 1, units]), reshape(last, [batch, 1, units])];
  const bySteps = batch === 1 || steps === 1 ? all : node.add("transpose", [all], { permutation: [1, 0, 2] });
  return [reshape(bySteps, [steps, 1, batch, units]), reshape(last, [1, batch, units])];
}

/** [batch, steps, inputs] of X: nothing moves where one of the two is 1. */
function movedBatch({ node, steps, batch, batchFirst }: Sequence, input: Tensor, inputs: number): Tensor {
  if (batchFirst) return input;
  return batch === 1 || steps === 1
    ? node.add("reshape", [input], { shape: [batch, steps, inputs] })
    : node.add("transpose", [input], { permutation: [1, 0, 2] });
}
