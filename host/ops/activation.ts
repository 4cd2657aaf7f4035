import { type DType, perTensor, type Tensor } from "../ir/graph.ts";
import { clamp, roundHalfAway } from "./fixed_point.ts";

/** Activations that TensorFlow Lite fuses into the operator before them. */
export const ACTIVATIONS = ["none", "relu", "relu6", "relu_n1_to_1"] as const;
export type Activation = (typeof ACTIVATIONS)[number];

export interface Range {
  readonly min: number;
  readonly max: number;
}

const FLOAT_RANGES: Record<Activation, Range> = {
  none: { min: Number.NEGATIVE_INFINITY, max: Number.POSITIVE_INFINITY },
  relu: { min: 0, max: Number.POSITIVE_INFINITY },
  relu6: { min: 0, max: 6 },
  relu_n1_to_1: { min: -1, max: 1 },
};

export const floatRange = (activation: Activation): Range => FLOAT_RANGES[activation];

/** The numbers that each type can hold. */
const TYPE_RANGES: Record<DType, Range> = {
  int8: { min: -128, max: 127 },
  uint8: { min: 0, max: 255 },
  int16: { min: -32768, max: 32767 },
  int32: { min: -2147483648, max: 2147483647 },
  uint32: { min: 0, max: 4294967295 },
  float32: { min: Number.NEGATIVE_INFINITY, max: Number.POSITIVE_INFINITY },
};

export const typeRange = ({ dtype }: Pick<Tensor, "dtype">): Range => TYPE_RANGES[dtype];

/**
 * Clamping bounds of a quantised output (TensorFlow Lite, CalculateActivationRangeQuantized): the
 * quotient is rounded to float32 before it is rounded to an integer.
 */
export function quantizedRange(activation: Activation, output: Tensor): Range {
  const type = typeRange(output);
  const { scale, zeroPoint } = perTensor(output);
  const quantize = (real: number): number => zeroPoint + roundHalfAway(Math.fround(real / scale));
  const { min, max } = FLOAT_RANGES[activation];
  return {
    min: Number.isFinite(min) ? Math.max(type.min, quantize(min)) : type.min,
    max: Number.isFinite(max) ? Math.min(type.max, quantize(max)) : type.max,
  };
}

/** Bounds for the output's own type, float or quantised. */
export const activationRange = (activation: Activation, output: Tensor): Range =>
  output.dtype === "float32" ? floatRange(activation) : quantizedRange(activation, output);

export const clampTo = (x: number, range: Range): number => clamp(x, range.min, range.max);
