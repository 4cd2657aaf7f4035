/** Long short-term memory in integers: int8 in and out, int16 inside (TensorFlow Lite Micro, lstm_internal::LstmStep). */

import { elements, perTensor, quantized, type Tensor, type TensorData } from "../ir/graph.ts";
import { clamp, kernelMultiplier, type Multiplier, requantize } from "./fixed_point.ts";
import type { Argument, Lowering } from "./lowering.ts";
import type { Bound } from "./operator.ts";
import { byUnit, wrongType } from "./recurrent_constants.ts";
import { evaluateSigmoid, inputFactor, SIGMOID_TABLE } from "./sigmoid_s16.ts";

/** In the order of the inputs: input gate, forget gate, cell gate, output gate. */
export const GATES = 4;
/** The scales of a gate's function: its input has the first, its output the second. */
const GATE_INPUT_SCALE = 2 ** -12;
const GATE_OUTPUT_SCALE = 2 ** -15;

export type LstmAttributes = { readonly cellClip: number };
type Node = Pick<Bound<LstmAttributes>, "inputs">;

const gates = (node: Node, first: number): readonly Tensor[] =>
  node.inputs.slice(first, first + GATES) as readonly Tensor[];

/** Inputs by their roles. */
export const operands = (node: Node) => ({
  input: node.inputs[0]!,
  weights: gates(node, 1),
  recurrent: gates(node, 5),
  biases: gates(node, 9),
  hidden: node.inputs[13]!,
  cell: node.inputs[14]!,
});

const scaleOf = (tensor: Tensor): number => perTensor(tensor).scale;

function factors(node: Node) {
  const { input, weights, recurrent, hidden, cell } = operands(node);
  const perGate = (source: Tensor, list: readonly Tensor[]): Multiplier[] =>
    list.map((tensor) => kernelMultiplier((scaleOf(source) * scaleOf(tensor)) / GATE_INPUT_SCALE));
  return {
    weights: perGate(input, weights),
    recurrent: perGate(hidden, recurrent),
    forget: kernelMultiplier((GATE_OUTPUT_SCALE * scaleOf(cell)) / scaleOf(cell)),
    input: kernelMultiplier((GATE_OUTPUT_SCALE * GATE_OUTPUT_SCALE) / scaleOf(cell)),
    output: kernelMultiplier((GATE_OUTPUT_SCALE * GATE_OUTPUT_SCALE) / scaleOf(hidden)),
  };
}

/** The greatest magnitude of a cell; 32768 where there is no limit. */
function cellLimit({ cellClip }: LstmAttributes, cell: Tensor): number {
  return cellClip > 0 ? Math.trunc(Math.min(cellClip / scaleOf(cell), 32767)) : 32768;
}

const narrow = (x: number): number => clamp(x, -32768, 32767);

export function checkLstmTypes(node: Bound<LstmAttributes>): string | undefined {
  const { input, weights, recurrent, biases, hidden, cell } = operands(node);
  const output = node.outputs[0]!;
  const wrong = wrongType({
    int8: [input, ...weights, ...recurrent, hidden, output],
    int32: biases,
    int16: [cell],
  });
  if (wrong) return wrong;
  const constants = [...weights, ...recurrent, ...biases];
  const symmetric = [...weights, ...recurrent, cell];
  if (!constants.every(({ data }) => data) || !symmetric.every((tensor) => perTensor(tensor).zeroPoint === 0))
    return "expected constant weights and biases, and zero points of 0 of the weights and the cell state";
  const power = Math.log2(scaleOf(cell));
  if (Math.abs(power - Math.round(power)) > 1e-3 || power > -9 || power < -20)
    return `expected a cell state whose scale is a power of two from 2^-20 to 2^-9, found ${scaleOf(cell)}`;
  const [of, as] = [perTensor(output), perTensor(hidden)];
  if (of.scale !== as.scale || of.zeroPoint !== as.zeroPoint)
    return "expected an output of the scale and zero point of the hidden state";
  return undefined;
}

/** All steps of quantised tensors: the outputs, and both states after the last. */
export function evaluateSteps(
  node: Bound<LstmAttributes>,
  values: readonly (TensorData | undefined)[],
): TensorData[] {
  const { input, hidden, cell } = operands(node);
  const data = values as readonly TensorData[];
  const [x, state, cells] = [data[0]!, data[13]!.slice(), data[14]!.slice()];
  const [, steps, inputs] = input.shape as readonly [number, number, number];
  const units = cells.length;
  const factor = factors(node);
  const between: Tensor = {
    name: node.name,
    dtype: "int16",
    shape: [1],
    quantization: quantized(GATE_INPUT_SCALE, 0),
  };
  const [logistic, tanh] = [evaluateSigmoid(between, "logistic"), evaluateSigmoid(between, "tanh")];
  const cellTanh = evaluateSigmoid(cell, "tanh");
  const [zero, hiddenZero] = [perTensor(input).zeroPoint, perTensor(hidden).zeroPoint];
  const limit = cellLimit(node.attributes, cell);
  const result = new Int8Array(elements(node.outputs[0]!.shape));

  const gateInput = (gate: number, unit: number, step: number): number => {
    let sum = data[9 + gate]![unit]!;
    for (let i = 0; i < inputs; i++)
      sum += (x[step * inputs + i]! - zero) * data[1 + gate]![unit * inputs + i]!;
    let again = 0;
    for (let i = 0; i < units; i++) again += (state[i]! - hiddenZero) * data[5 + gate]![unit * units + i]!;
    return narrow(
      narrow(requantize(sum, factor.weights[gate]!)) + narrow(requantize(again, factor.recurrent[gate]!)),
    );
  };

  for (let step = 0; step < steps; step++) {
    for (let unit = 0; unit < units; unit++) {
      const [take, forget] = [logistic(gateInput(0, unit, step)), logistic(gateInput(1, unit, step))];
      const [fresh, give] = [tanh(gateInput(2, unit, step)), logistic(gateInput(3, unit, step))];
      const kept = narrow(requantize(forget * cells[unit]!, factor.forget));
      const added = narrow(requantize(take * fresh, factor.input));
      cells[unit] = clamp(narrow(kept + added), -limit, limit);
      const scaled = requantize(cellTanh(cells[unit]!) * give, factor.output);
      result[step * units + unit] = clamp(scaled + hiddenZero, -128, 127);
    }
    state.set(result.subarray(step * units, (step + 1) * units));
  }
  return [result, state, cells];
}

/** The kernel's call: `hidden` and `cell` are where the states lie. */
export function callLstm(
  node: Bound<LstmAttributes>,
  to: Lowering,
  states: { readonly hidden: Tensor | Argument; readonly cell: Tensor | Argument },
): void {
  const { input, weights, recurrent, biases, hidden, cell } = operands(node);
  const [, steps, inputs] = input.shape as readonly [number, number, number];
  const units = elements(cell.shape);
  const factor = factors(node);
  const each = factor.weights.flatMap((gate, i) => {
    const again = factor.recurrent[i]!;
    return [gate.multiplier, gate.shift, again.multiplier, again.shift];
  });
  const tanh = inputFactor(cell, "tanh");
  to.call("lstm_s8", {
    input,
    output: node.outputs[0]!,
    weights: to.constant("weights", byUnit(weights, units)),
    recurrent: to.constant("recurrent", byUnit(recurrent, units)),
    bias: to.constant("bias", byUnit(biases, units)),
    factors: to.constant("factors", Int32Array.from(each)),
    ...states,
    // The kernel reads the bits as unsigned.
    table: to.constant("table", Int16Array.from(SIGMOID_TABLE)),
    steps,
    inputs,
    units,
    inputZeroPoint: perTensor(input).zeroPoint,
    hiddenZeroPoint: perTensor(hidden).zeroPoint,
    forgetMultiplier: factor.forget.multiplier,
    forgetShift: factor.forget.shift,
    inputMultiplier: factor.input.multiplier,
    inputShift: factor.input.shift,
    outputMultiplier: factor.output.multiplier,
    outputShift: factor.output.shift,
    tanhMultiplier: tanh.multiplier,
    tanhShift: tanh.shift,
    cellClip: cellLimit(node.attributes, cell),
  });
}

export function lstmMacs(node: Node): number {
  const { input, weights, recurrent } = operands(node);
  return input.shape[1]! * GATES * (elements(weights[0]!.shape) + elements(recurrent[0]!.shape));
}

/** The fault in the shapes of the input, the weights, and the biases. */
export function shapeFault(node: Node, units: number): string | undefined {
  const { input, weights, recurrent, biases } = operands(node);
  const [batch, , inputs] = input.shape;
  const fits =
    input.shape.length === 3 &&
    batch === 1 &&
    weights.every(({ shape }) => shape.join() === [units, inputs].join()) &&
    recurrent.every(({ shape }) => shape.join() === [units, units].join()) &&
    biases.every(({ shape }) => shape.join() === `${units}`);
  if (fits) return undefined;
  return `expected [1, steps, inputs], weights [${units}, inputs] and [${units}, ${units}], and biases [${units}], found [${input.shape}] with weights [${weights[0]?.shape}] and others`;
}
