import { type Quantization, quantized } from "../ir/graph.ts";
import { clamp } from "../ops/fixed_point.ts";

/**
 * Asymmetric int8 quantisation of a range: it always holds zero exactly, as padding and activations
 * need (Jacob et al. 2018, arXiv:1712.05877, section 2.1). Scales are float32, as in TFLite.
 */
export function asymmetric(min: number, max: number): Quantization {
  const low = Math.min(min, 0);
  const high = Math.max(max, 0);
  const scale = Math.fround((high - low) / 255);
  // Also when the range is so narrow that its scale is no normal float32.
  if (!(scale >= 2 ** -126)) return quantized(1, 0);
  // Adding 0 makes 0 of -0, which is another number in CBOR.
  return quantized(scale, clamp(Math.round(-128 - low / scale), -128, 127) + 0);
}

/** Greatest bias in steps that still leaves the accumulator room for the products. */
const MAX_BIAS = 2 ** 30;

/**
 * Symmetric scales for weights, one per channel, values within +-127. A channel whose bias would not
 * fit 31 bits at the product's scale gets a coarser one.
 */
export function symmetricScales(
  channels: readonly (readonly number[])[],
  bias: ArrayLike<number>,
  inputScale: number,
): number[] {
  const own = channels.map((weights, i) => {
    const magnitude = weights.reduce((max, weight) => Math.max(max, Math.abs(weight)), 0);
    return Math.max(magnitude / 127, Math.abs(bias[i] ?? 0) / (inputScale * MAX_BIAS));
  });
  const positive = own.filter((scale) => scale > 0);
  const smallest = positive.length > 0 ? positive.reduce((a, b) => Math.min(a, b)) : 1;
  return own.map((scale) => Math.fround(Math.max(scale > 0 ? scale : smallest, 2 ** -100)));
}
