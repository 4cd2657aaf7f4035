import type { Range } from "./activation.ts";
import type { Channels } from "./constant_channels.ts";

/** As in assembly/kernels/lanes.ts. */
const CHUNK = 32;
const SAFE_TERMS = 64;
const LEAST_SHIFT = -24;
/** A lane holds sums below 2^20 in size, of products with inputs of at most 2^7. */
const LANE_WEIGHTS = 2 ** 13;

const size = (weights: Int8Array): number => weights.reduce((sum, weight) => sum + Math.abs(weight), 0);

/** Whether the sizes of any section's weights are below what a lane holds. */
function fitsLane(row: Int8Array): boolean {
  for (let first = 0; first < row.length; first += SAFE_TERMS) {
    if (size(row.subarray(first, first + SAFE_TERMS)) >= LANE_WEIGHTS) return false;
  }
  return true;
}

/**
 * Whether sums can be rescaled by one shift (storeRescaled in assembly/fixed.ts): no accumulator that wraps at 32
 * bits, before or after its shift to the left, as the reference's would; shifts that leave room in 64 bits for
 * rounding and zero point; and a zero point that is an output.
 */
export function fitsRescale(
  { rows, bias, factors }: Channels,
  zeroPoint: number,
  { min, max }: Range,
): boolean {
  const terms = rows.length / bias.length;
  if (zeroPoint < min || zeroPoint > max) return false;
  return factors.every(({ shift }, i) => {
    const largest = 128 * size(rows.subarray(i * terms, (i + 1) * terms)) + Math.abs(bias[i]!);
    return shift >= LEAST_SHIFT && largest * 2 ** Math.max(shift, 0) < 2 ** 30;
  });
}

/** Whether the kernels with three channels in 64 bits (assembly/kernels/lanes.ts) are exact for these. */
export function fitsLanes(channels: Channels, zeroPoint: number, range: Range): boolean {
  const { rows, bias } = channels;
  const terms = rows.length / bias.length;
  const rowFits = (_: number, i: number): boolean => fitsLane(rows.subarray(i * terms, (i + 1) * terms));
  return fitsRescale(channels, zeroPoint, range) && bias.every(rowFits);
}

/** Whether a lane can't be sure to hold all terms of some channel: their weights are too large, or too many. */
export function isLong({ rows, bias }: Channels): boolean {
  const terms = rows.length / bias.length;
  return bias.some((_, i) => size(rows.subarray(i * terms, (i + 1) * terms)) >= LANE_WEIGHTS);
}

/** Scratch of conv2d_lanes_s8 behind its gathered inputs; 7 bytes for the alignment in between. */
export const lanesBytes = (tile: number, long: boolean): number =>
  7 + 8 * CHUNK + 8 * tile + (long ? 12 * tile : 0);
