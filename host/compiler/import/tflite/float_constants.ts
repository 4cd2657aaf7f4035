/**
 * Constants that a converter stored narrower than the operators that read them: float16 behind a DEQUANTIZE, or int8
 * weights of float operators ("dynamic range quantisation"). All become float32 here; our own quantiser goes on from there.
 */
import { elements } from "../../../ir/graph.ts";
import { fromHalf } from "../../../ir/half.ts";
import { MAX_ELEMENTS } from "../importer.ts";
import type { TfliteModel, TfliteOperator, TfliteTensor } from "./schema.ts";

const isConstant = (tensor: TfliteTensor | undefined): tensor is TfliteTensor =>
  tensor !== undefined && tensor.data.length > 0;

const floats = (tensor: TfliteTensor, values: Float32Array): TfliteTensor => ({
  ...tensor,
  type: "FLOAT32",
  data: new Uint8Array(values.buffer),
  scales: [],
  zeroPoints: [],
});

function widenHalf(tensor: TfliteTensor): TfliteTensor {
  if (tensor.type !== "FLOAT16" || !isConstant(tensor) || tensor.data.length > 2 * MAX_ELEMENTS)
    return tensor;
  const { buffer, byteOffset, byteLength } = tensor.data;
  const view = new DataView(buffer, byteOffset, byteLength);
  const values = Float32Array.from({ length: byteLength >> 1 }, (_, i) =>
    fromHalf(view.getUint16(2 * i, true)),
  );
  return floats(tensor, values);
}

/** Axes of weights that have a scale for each of their slices, where the kernel does not ask the file for it. */
const CHANNEL_AXES: Readonly<Record<string, number>> = {
  CONV_2D: 0,
  DEPTHWISE_CONV_2D: 3,
  FULLY_CONNECTED: 0,
  TRANSPOSE_CONV: 0,
};

/** The real values of constant int8 weights, or undefined where it is something else. */
function dequantized(tensor: TfliteTensor, axis: number): TfliteTensor | undefined {
  const { type, data, scales, zeroPoints, shape } = tensor;
  if (type !== "INT8" || !isConstant(tensor) || scales.length === 0 || data.length > MAX_ELEMENTS)
    return undefined;
  if (scales.length > 1 && scales.length !== shape[axis]) return undefined;
  const inner = elements(shape.slice(axis + 1));
  const values = Float32Array.from(data, (byte, i) => {
    const slice = scales.length === 1 ? 0 : Math.floor(i / inner) % scales.length;
    return (
      (((byte << 24) >> 24) - (zeroPoints[zeroPoints.length === scales.length ? slice : 0] ?? 0)) *
      scales[slice]!
    );
  });
  return floats(tensor, values);
}

/** The model in which float operators read float constants; files that have no such constants stay as they are. */
export function widenConstants(model: TfliteModel): TfliteModel {
  const tensors = model.tensors.map(widenHalf);
  const widened = new Map<number, number>();
  const toFloat = (index: number, operator: string): number => {
    const known = widened.get(index);
    if (known !== undefined) return known;
    const tensor = tensors[index];
    const float = tensor && dequantized(tensor, CHANNEL_AXES[operator] ?? tensor.quantizedDimension);
    if (float) tensors.push(float);
    widened.set(index, float ? tensors.length - 1 : index);
    return widened.get(index)!;
  };
  const operators = model.operators.flatMap((operator): TfliteOperator[] => {
    const output = operator.outputs[0];
    if (output === undefined || tensors[output]?.type !== "FLOAT32") return [operator];
    const inputs = operator.inputs.map((index) => toFloat(index, operator.type));
    const [input] = inputs;
    const constant = input === undefined ? undefined : tensors[input];
    if (operator.type !== "DEQUANTIZE" || !isConstant(constant) || constant.type !== "FLOAT32")
      return [{ ...operator, inputs }];
    tensors[output] = { ...tensors[output]!, data: constant.data };
    return [];
  });
  return { ...model, tensors, operators };
}
