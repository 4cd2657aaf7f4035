import { clampTo, type Range } from "./activation.ts";
import { type Multiplier, requantize } from "./fixed_point.ts";

/** Constants that a kernel computes output channels from: rows [outputs, terms], folded biases, factors. */
export interface Channels {
  readonly rows: Int8Array;
  readonly bias: Int32Array;
  readonly factors: readonly Multiplier[];
}

/** A sum that is itself after the factor of 1: 2^30 / 2^31 * 2^1. */
const ONE: Multiplier = { multiplier: 2 ** 30, shift: 1 };

/** Least and greatest sum that a channel can have, whatever int8 inputs come. */
function reach(row: Int8Array, bias: number): { low: number; high: number } {
  let [low, high] = [bias, bias];
  for (const weight of row) {
    low += Math.min(-128 * weight, 127 * weight);
    high += Math.max(-128 * weight, 127 * weight);
  }
  return { low, high };
}

/**
 * The output that all sums from `low` to `high` have, if it is one. Rescaling is monotonic, so equal outputs at both
 * ends are equal in between; but not where a sum wraps, by itself or when it is shifted to the left.
 */
export function constantOutput(
  { low, high }: { readonly low: number; readonly high: number },
  factor: Multiplier,
  zeroPoint: number,
  range: Range,
): number | undefined {
  const left = 2 ** Math.max(factor.shift, 0);
  if (low * left < -(2 ** 31) || high * left >= 2 ** 31) return undefined;
  const output = (sum: number): number => clampTo((requantize(sum, factor) + zeroPoint) | 0, range);
  return output(low) === output(high) ? output(low) : undefined;
}

/**
 * Channels that have the same output for every input, written as plainly as possible: no weights, and the output
 * as the bias. Training leaves such dead channels behind, TensorFlow Lite gives them a scale near 0 and a bias near
 * 2^30, and one of them would keep a whole layer from a kernel that has less room in its sums.
 */
export function settleConstantChannels(channels: Channels, zeroPoint: number, range: Range): Channels {
  const rows = channels.rows.slice();
  const bias = channels.bias.slice();
  const terms = rows.length / bias.length;
  const factors = channels.factors.map((factor, i) => {
    const row = rows.subarray(i * terms, (i + 1) * terms);
    const constant = constantOutput(reach(row, bias[i]!), factor, zeroPoint, range);
    if (constant === undefined) return factor;
    row.fill(0);
    bias[i] = constant - zeroPoint;
    return ONE;
  });
  return { rows, bias, factors };
}
