/**
 * Gated recurrent units in integers: int8 in and out, gates and state of int16. No file format prescribes the
 * bits; gates are as those of lstm_steps.ts. The state has 16 bits, since what an update changes may be less than a
 * step of int8.
 */

import { elements, perTensor, quantized, type Tensor, type TensorData } from "../ir/graph.ts";
import { clamp, kernelMultiplier, type Multiplier, requantize } from "./fixed_point.ts";
import type { Lowering } from "./lowering.ts";
import type { Bound } from "./operator.ts";
import { byUnit } from "./recurrent_constants.ts";
import { evaluateSigmoid, inputFactor, SIGMOID_TABLE } from "./sigmoid_s16.ts";

/** In the order of the inputs: update gate, reset gate, candidate. */
export const GRU_GATES = 3;
const CANDIDATE = 2;

/** Scales of a gate's input, of states and its output, and of states that were reset: their sums fit 32 bits. */
const GATE_INPUT_SCALE = 2 ** -12;
export const STATE_SCALE = 2 ** -15;
const RESET_SCALE = 2 ** -13;
/** The most terms of a sum: products of a 14-bit reset state with int8 weights. */
export const MAX_UNITS = 2048;

export type GruAttributes = { readonly resetAfter: boolean };
type Node = Bound<GruAttributes>;

/** Inputs by their roles. */
export function gruOperands({ inputs }: Pick<Node, "inputs">) {
  const gates = (first: number): readonly Tensor[] =>
    inputs.slice(first, first + GRU_GATES) as readonly Tensor[];
  return {
    input: inputs[0]!,
    weights: gates(1),
    recurrent: gates(4),
    biases: gates(7),
    /** The candidate's, which the reset gate scales too. */
    recurrentBias: inputs[10]!,
    initial: inputs[11],
  };
}

const scaleOf = (tensor: Tensor): number => perTensor(tensor).scale;

function factors(node: Node) {
  const { input, weights, recurrent } = gruOperands(node);
  const output = scaleOf(node.outputs[0]!);
  const again = (gate: number): number =>
    gate === CANDIDATE && !node.attributes.resetAfter ? RESET_SCALE : output;
  return {
    weights: weights.map((gate) => kernelMultiplier((scaleOf(input) * scaleOf(gate)) / GATE_INPUT_SCALE)),
    recurrent: recurrent.map((gate, i) => kernelMultiplier((again(i) * scaleOf(gate)) / GATE_INPUT_SCALE)),
    output: kernelMultiplier(STATE_SCALE / output),
  };
}

const narrow = (x: number): number => clamp(x, -32768, 32767);
/** x / 2^bits, halves up. */
const shifted = (x: number, bits: number): number => Math.floor((x + 2 ** (bits - 1)) / 2 ** bits);

/** States as the outputs have them. */
function asOutputs(states: ArrayLike<number>, output: Tensor, factor: Multiplier): Int8Array {
  const { zeroPoint } = perTensor(output);
  return Int8Array.from(states, (x) => clamp(requantize(x, factor) + zeroPoint, -128, 127));
}

const firstStates = (node: Node, units: number): Int16Array =>
  Int16Array.from(gruOperands(node).initial?.data ?? new Int16Array(units));

/** All steps of quantised tensors. */
export function evaluateGru(node: Node, values: readonly (TensorData | undefined)[]): TensorData {
  const { input } = gruOperands(node);
  const output = node.outputs[0]!;
  const [, steps, units] = output.shape as readonly [number, number, number];
  const data = values as readonly TensorData[];
  const factor = factors(node);
  const between: Tensor = {
    name: node.name,
    dtype: "int16",
    shape: [1],
    quantization: quantized(GATE_INPUT_SCALE, 0),
  };
  const [logistic, tanh] = [evaluateSigmoid(between, "logistic"), evaluateSigmoid(between, "tanh")];
  const [zero, outputZero] = [perTensor(input).zeroPoint, perTensor(output).zeroPoint];
  const states = firstStates(node, units);
  const result = new Int8Array(elements(output.shape));
  const depth = input.shape[2]!;

  const sum = (from: number, row: readonly number[], unit: number, bias: number): number =>
    row.reduce((total, x, i) => total + x * data[from]![unit * row.length + i]!, bias);

  let hidden = asOutputs(states, output, factor.output);
  for (let step = 0; step < steps; step++) {
    const x = Array.from(data[0]!.subarray(step * depth, (step + 1) * depth), (value) => value - zero);
    const before = Array.from(hidden, (value) => value - outputZero);
    const fromInput = (gate: number, unit: number): number =>
      narrow(requantize(sum(1 + gate, x, unit, data[7 + gate]![unit]!), factor.weights[gate]!));
    const fromStates = (gate: number, unit: number, row: readonly number[], bias: number): number =>
      narrow(requantize(sum(4 + gate, row, unit, bias), factor.recurrent[gate]!));
    const gateOf = (gate: number, unit: number): number =>
      logistic(narrow(fromInput(gate, unit) + fromStates(gate, unit, before, 0)));
    const reset = Array.from(states, (_, unit) => gateOf(1, unit));
    const kept = reset.map((gate, unit) => shifted(gate * states[unit]!, 17));
    const after = Array.from(states, (state, unit) => {
      const update = gateOf(0, unit);
      const again = node.attributes.resetAfter
        ? shifted(reset[unit]! * fromStates(CANDIDATE, unit, before, data[10]![unit]!), 15)
        : fromStates(CANDIDATE, unit, kept, 0);
      const candidate = tanh(narrow(fromInput(CANDIDATE, unit) + again));
      return shifted(update * state + (32768 - update) * candidate, 15);
    });
    states.set(after);
    hidden = asOutputs(states, output, factor.output);
    result.set(hidden, step * units);
  }
  return result;
}

export function lowerGru(node: Node, to: Lowering): void {
  const { input, weights, recurrent, biases, recurrentBias } = gruOperands(node);
  const output = node.outputs[0]!;
  const [, steps, units] = output.shape as readonly [number, number, number];
  const factor = factors(node);
  const each = factor.weights.flatMap((gate, i) => {
    const again = factor.recurrent[i]!;
    return [gate.multiplier, gate.shift, again.multiplier, again.shift];
  });
  const first = firstStates(node, units);
  const gate: Tensor = { ...input, dtype: "int16", quantization: quantized(GATE_INPUT_SCALE, 0) };
  const { multiplier } = inputFactor(gate, "tanh");
  if (multiplier !== 3) throw new Error(`expected gates in steps of which 3 are one of the table's`);
  to.call("gru_s8", {
    input,
    output,
    weights: to.constant("weights", byUnit(weights, units)),
    recurrent: to.constant("recurrent", byUnit(recurrent, units)),
    bias: to.constant("bias", byUnit(biases, units)),
    recurrentBias,
    factors: to.constant("factors", Int32Array.from(each)),
    start: to.constant("start", first),
    hidden: to.constant("hidden", asOutputs(first, output, factor.output)),
    state: to.scratch(4 * units),
    // The kernel reads the bits as unsigned.
    table: to.constant("table", Int16Array.from(SIGMOID_TABLE)),
    steps,
    inputs: input.shape[2]!,
    units,
    inputZeroPoint: perTensor(input).zeroPoint,
    outputZeroPoint: perTensor(output).zeroPoint,
    outputMultiplier: factor.output.multiplier,
    outputShift: factor.output.shift,
    resetAfter: node.attributes.resetAfter ? 1 : 0,
  });
}
