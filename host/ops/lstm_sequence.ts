import { elements, ModelError, perTensor, quantized, type Tensor, type TensorData } from "../ir/graph.ts";
import { clamp, roundHalfAway } from "./fixed_point.ts";
import {
  callLstm,
  checkLstmTypes,
  evaluateSteps,
  GATES,
  type LstmAttributes,
  lstmMacs,
  operands,
  shapeFault,
} from "./lstm_steps.ts";
import { type Bound, defineOperator } from "./operator.ts";

type Attributes = Readonly<Record<never, never>>;

/** Cells within +-16, which those of a short sequence do not leave: each step adds at most 1. */
const CELL_SCALE = 2 ** -11;

/** The node with states like those of `lstm`: the hidden one is of the output's type. */
function withStates(node: Bound<Attributes>): Bound<LstmAttributes> {
  const output = node.outputs[0]!;
  const shape = [1, output.shape[2]!];
  const hidden: Tensor = {
    name: `${node.name} hidden`,
    dtype: output.dtype,
    shape,
    ...(output.quantization && { quantization: output.quantization }),
  };
  const quantization = quantized(CELL_SCALE, 0);
  const cell: Tensor = { name: `${node.name} cell`, dtype: "int16", shape, quantization };
  return { ...node, attributes: { cellClip: 0 }, inputs: [...node.inputs, hidden, cell] };
}

const logistic = (x: number): number => 1 / (1 + Math.exp(-x));

function evaluateFloat(node: Bound<Attributes>, values: readonly (TensorData | undefined)[]): TensorData {
  const data = values as readonly TensorData[];
  const [, steps, units] = node.outputs[0]!.shape as readonly [number, number, number];
  const inputs = node.inputs[0]!.shape[2]!;
  const result = new Float32Array(steps * units);
  const cells = new Float64Array(units);
  let hidden = new Float64Array(units);
  const gate = (number: number, unit: number, step: number): number => {
    let sum = data[1 + 2 * GATES + number]![unit]!;
    for (let i = 0; i < inputs; i++)
      sum += data[0]![step * inputs + i]! * data[1 + number]![unit * inputs + i]!;
    for (let i = 0; i < units; i++) sum += hidden[i]! * data[1 + GATES + number]![unit * units + i]!;
    return sum;
  };
  for (let step = 0; step < steps; step++) {
    const next = Float64Array.from(hidden, (_, unit) => {
      const [take, forget] = [logistic(gate(0, unit, step)), logistic(gate(1, unit, step))];
      cells[unit] = forget * cells[unit]! + take * Math.tanh(gate(2, unit, step));
      return logistic(gate(3, unit, step)) * Math.tanh(cells[unit]!);
    });
    hidden = next;
    result.set(next, step * units);
  }
  return result;
}

function quantizeWeights(tensor: Tensor): Tensor {
  const greatest = Array.from(tensor.data!, Math.abs).reduce((most, x) => Math.max(most, x), 0);
  const scale = Math.fround(greatest > 0 ? greatest / 127 : 1);
  const data = Int8Array.from(tensor.data!, (x) => clamp(roundHalfAway(x / scale), -127, 127));
  return { ...tensor, dtype: "int8", data, quantization: quantized(scale, 0) };
}

function quantizeBias(bias: Tensor, weights: Tensor, input: Tensor): Tensor {
  const scale = Math.fround(perTensor(input).scale * perTensor(weights).scale);
  const data = Int32Array.from(bias.data!, (x) => clamp(roundHalfAway(x / scale), -(2 ** 30), 2 ** 30));
  return { ...bias, dtype: "int32", data, quantization: quantized(scale, 0) };
}

/**
 * `lstm` whose states are zeros at the start of every inference, as a Keras or ONNX layer has them. Inputs: [1, steps, inputs];
 * weights [units, inputs] of the input, forget, cell and output gates; recurrent weights [units, units]; biases [units].
 */
export const lstmSequence = defineOperator({
  name: "lstm_sequence",
  summary: "long short-term memory over the steps of a sequence, from zeros at every inference",
  arity: [1 + 3 * GATES, 1 + 3 * GATES],
  attributes: {},
  quantization: { output: { kind: "range" } },

  checkTypes(node) {
    const [output, ...tensors] = [node.outputs[0]!, ...(node.inputs as readonly Tensor[])];
    if (output.dtype !== "float32") return checkLstmTypes(withStates(node));
    const other = tensors.find(({ dtype }) => dtype !== "float32");
    return other && `input ${other.name}: expected float32, found ${other.dtype}`;
  },

  infer(node) {
    const units = elements(node.inputs[1 + 2 * GATES]!.shape);
    const fault = shapeFault(node, units);
    if (fault !== undefined) throw new ModelError(`node ${node.name}: ${fault}`);
    return [[1, node.inputs[0]!.shape[1]!, units]];
  },

  evaluate(node, values) {
    if (node.outputs[0]!.dtype === "float32") return [evaluateFloat(node, values)];
    const whole = withStates(node);
    const { hidden, cell } = operands(whole);
    const states = [
      new Int8Array(hidden.shape[1]!).fill(perTensor(hidden).zeroPoint),
      new Int16Array(cell.shape[1]!),
    ];
    return evaluateSteps(whole, [...values, ...states]).slice(0, 1);
  },

  quantizeConstants(node) {
    const tensors = node.inputs as readonly Tensor[];
    const computed = tensors.slice(1).find(({ data }) => !data);
    if (computed)
      throw new ModelError(`input ${computed.name}: expected a constant, found a computed tensor`);
    const weights = tensors.slice(1, 1 + 2 * GATES).map(quantizeWeights);
    const biases = tensors
      .slice(1 + 2 * GATES)
      .map((bias, i) => quantizeBias(bias, weights[i]!, tensors[0]!));
    return new Map([...weights, ...biases].map((tensor, i) => [i + 1, tensor]));
  },

  lower(node, to) {
    const whole = withStates(node);
    const { hidden } = operands(whole);
    const units = hidden.shape[1]!;
    const start = new Int8Array(3 * units).fill(perTensor(hidden).zeroPoint, 2 * units);
    const states = to.scratch(start.length);
    to.call("copy_s8", {
      input: to.constant("start", start),
      output: states,
      rows: 1,
      length: start.length,
      inputStride: 0,
      outputStride: 0,
    });
    if (states.kind !== "tensor") throw new Error("expected scratch memory in the arena");
    callLstm(whole, to, { cell: states, hidden: { ...states, offset: 2 * units } });
  },

  macs: lstmMacs,
});
