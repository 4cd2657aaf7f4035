import { elements, ModelError, perTensor, quantized, type Tensor, type TensorData } from "../ir/graph.ts";
import { clamp, roundHalfAway } from "./fixed_point.ts";
import {
  callLstm,
  checkLstmTypes,
  evaluateSteps,
  GATES,
  type LstmAttributes,
  lstmMacs,
  shapeFault,
} from "./lstm_steps.ts";
import { type Bound, defineOperator } from "./operator.ts";
import {
  checkConstants,
  quantizeGateBias,
  quantizeGateWeights,
  quantizeState,
  realLogistic,
  realSum,
} from "./recurrent_constants.ts";

type Attributes = Readonly<Record<never, never>>;

/** Input numbers of the states before the first step. */
const [HIDDEN, CELL] = [1 + 3 * GATES, 2 + 3 * GATES];

/** Cells are within +-16: those of most sequences are, and beyond their tangents differ by less than 2^-40. */
const CELL_SCALE = 2 ** -11;

/** Both states before the first step. */
function startOf({ inputs, outputs }: Bound<Attributes>): { hidden: Int8Array; cell: Int16Array } {
  const units = outputs[0]!.shape[2]!;
  return {
    hidden: Int8Array.from(inputs[HIDDEN]?.data ?? zeros(units, perTensor(outputs[0]!).zeroPoint)),
    cell: Int16Array.from(inputs[CELL]?.data ?? zeros(units, 0)),
  };
}

const zeros = (units: number, zeroPoint: number): number[] => new Array<number>(units).fill(zeroPoint);

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
  return { ...node, attributes: { cellClip: 0 }, inputs: [...node.inputs.slice(0, HIDDEN), hidden, cell] };
}

function evaluateFloat(node: Bound<Attributes>, values: readonly (TensorData | undefined)[]): TensorData {
  const data = values as readonly TensorData[];
  const [, steps, units] = node.outputs[0]!.shape as readonly [number, number, number];
  const inputs = node.inputs[0]!.shape[2]!;
  const result = new Float32Array(steps * units);
  const cells = Float64Array.from(values[CELL] ?? new Float64Array(units));
  let hidden = Float64Array.from(values[HIDDEN] ?? new Float64Array(units));
  for (let step = 0; step < steps; step++) {
    const x = data[0]!.subarray(step * inputs, (step + 1) * inputs);
    const before = hidden;
    const gate = (number: number, unit: number): number =>
      data[1 + 2 * GATES + number]![unit]! +
      realSum(data[1 + number]!, unit, x) +
      realSum(data[1 + GATES + number]!, unit, before);
    hidden = before.map((_, unit) => {
      const [take, forget] = [realLogistic(gate(0, unit)), realLogistic(gate(1, unit))];
      cells[unit] = forget * cells[unit]! + take * Math.tanh(gate(2, unit));
      return realLogistic(gate(3, unit)) * Math.tanh(cells[unit]!);
    });
    result.set(hidden, step * units);
  }
  return result;
}

/** An initial hidden state as the outputs are. */
function quantizeHidden(hidden: Tensor, output: Tensor): Tensor {
  const { scale, zeroPoint } = perTensor(output);
  const data = Int8Array.from(hidden.data!, (x) => clamp(roundHalfAway(x / scale) + zeroPoint, -128, 127));
  return { ...hidden, dtype: "int8", data, quantization: quantized(scale, zeroPoint) };
}

/**
 * `lstm` whose states are the same at the start of every inference, as a Keras or ONNX layer has them. Inputs:
 * [1, steps, inputs]; weights [units, inputs] of the input, forget, cell and output gates; recurrent weights
 * [units, units]; biases [units]; hidden and cell states before the first step [units], zeros where left out.
 */
export const lstmSequence = defineOperator({
  name: "lstm_sequence",
  summary: "long short-term memory over the steps of a sequence, from constant states at every inference",
  arity: [1 + 3 * GATES, 3 + 3 * GATES],
  attributes: {},
  quantization: { output: { kind: "range" } },

  checkTypes(node) {
    if (node.outputs[0]!.dtype === "float32") {
      const other = node.inputs.find((tensor) => tensor && tensor.dtype !== "float32");
      return other && `input ${other.name}: expected float32, found ${other.dtype}`;
    }
    const [hidden, cell] = [node.inputs[HIDDEN], node.inputs[CELL]];
    const isSound =
      (!hidden || (hidden.data && hidden.dtype === "int8")) &&
      (!cell || (cell.data && cell.dtype === "int16"));
    return isSound ? checkLstmTypes(withStates(node)) : "expected constant states of int8 and int16";
  },

  infer(node) {
    const units = elements(node.inputs[1 + 2 * GATES]!.shape);
    const states = [node.inputs[HIDDEN], node.inputs[CELL]];
    const fits = states.every((state) => !state || state.shape.join() === `${units}`);
    const fault = fits ? shapeFault(node, units) : `expected states [${units}]`;
    if (fault !== undefined) throw new ModelError(`node ${node.name}: ${fault}`);
    return [[1, node.inputs[0]!.shape[1]!, units]];
  },

  evaluate(node, values) {
    if (node.outputs[0]!.dtype === "float32") return [evaluateFloat(node, values)];
    const { hidden, cell } = startOf(node);
    const start = [...values.slice(0, HIDDEN), hidden, cell];
    return evaluateSteps(withStates(node), start).slice(0, 1);
  },

  quantizeConstants(node) {
    checkConstants(node.inputs);
    const tensors = node.inputs as readonly Tensor[];
    const weights = tensors.slice(1, 1 + 2 * GATES).map(quantizeGateWeights);
    const biases = tensors
      .slice(1 + 2 * GATES, HIDDEN)
      .map((bias, i) => quantizeGateBias(bias, weights[i]!, tensors[0]!));
    const constants = new Map([...weights, ...biases].map((tensor, i) => [i + 1, tensor]));
    const [hidden, cell] = [node.inputs[HIDDEN], node.inputs[CELL]];
    if (hidden) constants.set(HIDDEN, quantizeHidden(hidden, node.outputs[0]!));
    if (cell) constants.set(CELL, quantizeState(cell, CELL_SCALE));
    return constants;
  },

  lower(node, to) {
    const { hidden, cell } = startOf(node);
    const units = cell.length;
    const start = new Int8Array([...new Int8Array(cell.buffer), ...hidden]);
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
    callLstm(withStates(node), to, { cell: states, hidden: { ...states, offset: 2 * units } });
  },

  macs: lstmMacs,
});
