import { type Quantization, quantized } from "../ir/graph.ts";
import { clamp } from "./fixed_point.ts";

/** Types that activations and weights may have. */
export type Precision = "int8" | "int16";

/** Scales below have no normal float32. */
const LEAST_SCALE = 2 ** -126;

/**
 * Asymmetric int8 quantisation of a range: it always holds zero exactly, as padding and activations
 * need (Jacob et al. 2018, arXiv:1712.05877, section 2.1). Scales are float32, as in TFLite.
 */
export function asymmetric(min: number, max: number): Quantization {
  const low = Math.min(min, 0);
  const high = Math.max(max, 0);
  const scale = Math.fround((high - low) / 255);
  if (!(scale >= LEAST_SCALE)) return quantized(1, 0);
  // Adding 0 makes 0 of -0, which is another number in CBOR.
  return quantized(scale, clamp(Math.round(-128 - low / scale), -128, 127) + 0);
}

/** Symmetric int16 quantisation of a range: TFLite's 16x8 scheme has no zero points. */
export function symmetric(min: number, max: number): Quantization {
  const scale = Math.fround(Math.max(-min, max, 0) / 32767);
  return quantized(scale >= LEAST_SCALE ? scale : 1, 0);
}

/** The scale of activations. */
export const activationScale = (precision: Precision, min: number, max: number): Quantization =>
  precision === "int8" ? asymmetric(min, max) : symmetric(min, max);

/** The scale that TFLite prescribes for int16 values within +-1. */
export const UNIT_INT16 = quantized(2 ** -15, 0);

/** Greatest magnitude of weights: symmetric, so the type's least value is left out. */
export const WEIGHT_LIMITS: Readonly<Record<Precision, number>> = { int8: 127, int16: 32767 };

/** Greatest bias in steps that still leaves the accumulator room for the products. */
const MAX_BIAS = 2 ** 30;

/**
 * Symmetric scales for weights, one per channel, values within +-`limit`. A channel whose bias would not
 * fit 31 bits at the product's scale gets a coarser one.
 */
export function symmetricScales(
  channels: readonly (readonly number[])[],
  bias: ArrayLike<number>,
  inputScale: number,
  limit: number = WEIGHT_LIMITS.int8,
): number[] {
  const own = channels.map((weights, i) => {
    const magnitude = weights.reduce((max, weight) => Math.max(max, Math.abs(weight)), 0);
    return Math.max(magnitude / limit, Math.abs(bias[i] ?? 0) / (inputScale * MAX_BIAS));
  });
  const positive = own.filter((scale) => scale > 0);
  const smallest = positive.length > 0 ? positive.reduce((a, b) => Math.min(a, b)) : 1;
  return own.map((scale) => Math.fround(Math.max(scale > 0 ? scale : smallest, 2 ** -100)));
}
