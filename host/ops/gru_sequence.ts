import { elements, ModelError, type Tensor, type TensorData } from "../ir/graph.ts";
import {
  evaluateGru,
  GRU_GATES,
  type GruAttributes,
  gruOperands,
  lowerGru,
  MAX_UNITS,
  STATE_SCALE,
} from "./gru_steps.ts";
import { type Bound, defineOperator } from "./operator.ts";
import {
  checkConstants,
  quantizeGateBias,
  quantizeGateWeights,
  quantizeState,
  realLogistic,
  realSum,
  wrongType,
} from "./recurrent_constants.ts";

type Node = Bound<GruAttributes>;

function evaluateFloat(node: Node, values: readonly (TensorData | undefined)[]): TensorData {
  const data = values as readonly TensorData[];
  const [, steps, units] = node.outputs[0]!.shape as readonly [number, number, number];
  const depth = node.inputs[0]!.shape[2]!;
  const { resetAfter } = node.attributes;
  const result = new Float32Array(steps * units);
  let states = Float64Array.from(values[11] ?? new Float64Array(units));
  for (let step = 0; step < steps; step++) {
    const x = data[0]!.subarray(step * depth, (step + 1) * depth);
    const fromInput = (gate: number, unit: number): number =>
      realSum(data[1 + gate]!, unit, x) + data[7 + gate]![unit]!;
    const before = states;
    const gateOf = (gate: number, unit: number): number =>
      realLogistic(fromInput(gate, unit) + realSum(data[4 + gate]!, unit, before));
    const reset = before.map((_, unit) => gateOf(1, unit));
    const kept = before.map((state, unit) => reset[unit]! * state);
    states = before.map((state, unit) => {
      const bias = data[10]![unit]!;
      const again = resetAfter
        ? reset[unit]! * (realSum(data[6]!, unit, before) + bias)
        : realSum(data[6]!, unit, kept) + bias;
      const update = gateOf(0, unit);
      return update * state + (1 - update) * Math.tanh(fromInput(2, unit) + again);
    });
    result.set(states, step * units);
  }
  return result;
}

function checkTypes(node: Node): string | undefined {
  const { input, weights, recurrent, biases, recurrentBias, initial } = gruOperands(node);
  const output = node.outputs[0]!;
  if (output.dtype === "float32") {
    const other = node.inputs.find((tensor) => tensor && tensor.dtype !== "float32");
    return other && `input ${other.name}: expected float32, found ${other.dtype}`;
  }
  const wrong = wrongType({
    int8: [input, ...weights, ...recurrent, output],
    int32: [...biases, recurrentBias],
    int16: initial ? [initial] : [],
  });
  if (wrong) return wrong;
  const symmetric = [...weights, ...recurrent].every(
    ({ quantization }) => quantization?.zeroPoints.length === 1 && quantization.zeroPoints[0] === 0,
  );
  if (!symmetric || !node.inputs.slice(1).every((tensor) => !tensor || tensor.data))
    return "expected constants but for the input, and zero points of 0 of the weights";
  return undefined;
}

/** Without a reset gate after the product, the candidate's two biases are one. */
function mergedBias({ attributes }: Node, bias: Tensor, recurrentBias: Tensor): [Tensor, Tensor] {
  if (attributes.resetAfter) return [bias, recurrentBias];
  const sum = Float32Array.from(bias.data!, (x, i) => x + recurrentBias.data![i]!);
  return [
    { ...bias, data: sum },
    { ...recurrentBias, data: new Float32Array(sum.length) },
  ];
}

/**
 * A layer of gated recurrent units over the steps of its input. Inputs: [1, steps, inputs]; weights [units, inputs]
 * of the update gate z, the reset gate r and the candidate; recurrent weights [units, units]; biases [units]; the
 * candidate's recurrent bias [units]; the state before the first step [units], zeros where it is left out. Output:
 * [1, steps, units], h = z h + (1 - z) tanh(W x + b + r (R h + c)), or R (r h) + c where the reset is not after
 * the product.
 */
export const gruSequence = defineOperator({
  name: "gru_sequence",
  summary: "gated recurrent units over the steps of a sequence, from a constant state at every inference",
  arity: [2 + 3 * GRU_GATES, 3 + 3 * GRU_GATES],
  attributes: { resetAfter: "boolean" },
  quantization: { output: { kind: "range" } },
  checkTypes,

  infer({ name, inputs }) {
    const { input, weights, recurrent, biases, recurrentBias, initial } = gruOperands({ inputs });
    const units = elements(recurrentBias.shape);
    const [batch, steps, depth] = input.shape;
    const rows = [...biases, recurrentBias, ...(initial ? [initial] : [])];
    const fits =
      input.shape.length === 3 &&
      batch === 1 &&
      units <= MAX_UNITS &&
      weights.every(({ shape }) => shape.join() === [units, depth].join()) &&
      recurrent.every(({ shape }) => shape.join() === [units, units].join()) &&
      rows.every(({ shape }) => shape.join() === `${units}`);
    if (!fits)
      throw new ModelError(
        `node ${name}: expected [1, steps, inputs], at most ${MAX_UNITS} units, weights [units, inputs] and [units, units], and biases [units], found [${input.shape}] with weights [${weights[0]?.shape}] and others`,
      );
    return [[1, steps!, units]];
  },

  evaluate: (node, values) => [
    node.outputs[0]!.dtype === "float32" ? evaluateFloat(node, values) : evaluateGru(node, values),
  ],

  quantizeConstants(node) {
    checkConstants(node.inputs);
    const { input, weights, recurrent, biases, recurrentBias, initial } = gruOperands(node);
    const bytes = [...weights, ...recurrent].map(quantizeGateWeights);
    const [last, again] = mergedBias(node, biases[2]!, recurrentBias);
    const sums = [biases[0]!, biases[1]!, last].map((bias, i) => quantizeGateBias(bias, bytes[i]!, input));
    const all = [...bytes, ...sums, quantizeGateBias(again, bytes[5]!, node.outputs[0]!)];
    if (initial) all.push(quantizeState(initial, STATE_SCALE));
    return new Map(all.map((tensor, i) => [i + 1, tensor]));
  },

  lower: lowerGru,

  macs(node) {
    const { input, weights, recurrent } = gruOperands(node);
    return input.shape[1]! * GRU_GATES * (elements(weights[0]!.shape) + elements(recurrent[0]!.shape));
  },
});
