/** Ways to tell from a histogram which real values an 8-bit tensor should be able to hold. */
import type { Range } from "../../ops/activation.ts";
import { type Bin, binsOf, type Histogram } from "./histogram.ts";

export const RANGE_METHODS = ["minmax", "percentile", "mse", "entropy"] as const;
export type RangeMethod = (typeof RANGE_METHODS)[number];

const LEVELS = 256;
/** Share of values that a percentile range leaves out on each side. */
const TAIL = 1e-4;
/** Ranges that are tried: what was seen, times these. */
const FACTORS: readonly number[] = Array.from({ length: 48 }, (_, i) => 1 - i / 50);

const scaled = ({ min, max }: Range, factor: number): Range => ({ min: min * factor, max: max * factor });

const sumOf = (bins: readonly Bin[]): number => bins.reduce((sum, { count }) => sum + count, 0);

/** The representative of a bin's values: its middle, but 0 where it starts there, which most of them are. */
const middleOf = ({ low }: Bin, width: number): number => (low === 0 ? 0 : low + width / 2);

/** Leaves out the outermost 0.01 % of values on each side. */
function percentileRange(histogram: Histogram): Range {
  const bins = binsOf(histogram);
  const tail = histogram.count * TAIL;
  const edge = (ordered: readonly Bin[]): Bin => {
    let left = tail;
    for (const bin of ordered) {
      left -= bin.count;
      if (left < 0) return bin;
    }
    return ordered[0]!;
  };
  const min = Math.max(histogram.min, edge(bins).low);
  return { min, max: Math.min(histogram.max, edge(bins.toReversed()).low + histogram.width) };
}

/** Mean squared error of rounding to steps over the range, and of cutting what lies outside. */
function squaredError(bins: readonly Bin[], width: number, { min, max }: Range): number {
  const [low, high] = [Math.min(min, 0), Math.max(max, 0)];
  const step = (high - low) / (LEVELS - 1) || 1;
  return bins.reduce((sum, bin) => {
    const value = middleOf(bin, width);
    const held = Math.min(Math.max(value, low), high);
    // A bin within the range holds values at all distances from a step; only the zeros lie on one.
    const error = value === 0 ? 0 : held === value ? step ** 2 / 12 : (value - held) ** 2;
    return sum + bin.count * error;
  }, 0);
}

/**
 * How much is lost when the values within a range are told apart by 256 levels only: the Kullback-Leibler
 * divergence of the quantised distribution, each level's count spread evenly over its bins that are not
 * empty, from the true one with all outliers in its outermost bins. (Migacz 2017, "8-bit inference with
 * TensorRT", here with levels over the whole range rather than over magnitudes.)
 */
function divergence(bins: readonly Bin[], width: number, { min, max }: Range): number {
  const inside = bins.filter(({ low }) => low + width > min && low <= max);
  if (inside.length === 0) return Number.POSITIVE_INFINITY;
  const [total, kept] = [sumOf(bins), sumOf(inside)];
  const first = bins.indexOf(inside[0]!);
  const [below, above] = [sumOf(bins.slice(0, first)), sumOf(bins.slice(first + inside.length))];
  const step = (max - min) / LEVELS || width;
  const levelOf = ({ low }: Bin): number => Math.min(Math.floor((low - min) / step), LEVELS - 1);
  let sum = 0;
  for (let start = 0; start < inside.length; ) {
    const level = levelOf(inside[start]!);
    let end = start;
    while (end < inside.length && levelOf(inside[end]!) === level) end++;
    const q = sumOf(inside.slice(start, end)) / (end - start) / kept;
    for (let i = start; i < end; i++) {
      const outliers = (i === 0 ? below : 0) + (i === inside.length - 1 ? above : 0);
      const p = (inside[i]!.count + outliers) / total;
      sum += p * Math.log(p / q);
    }
    start = end;
  }
  return sum;
}

/** The first of the ranges that costs least. */
function cheapest(
  histogram: Histogram,
  cost: (bins: readonly Bin[], width: number, r: Range) => number,
): Range {
  const bins = binsOf(histogram);
  let best: Range = histogram;
  let least = Number.POSITIVE_INFINITY;
  for (const factor of FACTORS) {
    const range = scaled(histogram, factor);
    const found = cost(bins, histogram.width, range);
    if (found < least) [best, least] = [range, found];
  }
  return { min: best.min, max: best.max };
}

const METHODS: Record<RangeMethod, (histogram: Histogram) => Range> = {
  minmax: ({ min, max }) => ({ min, max }),
  percentile: percentileRange,
  mse: (histogram) => cheapest(histogram, squaredError),
  entropy: (histogram) => cheapest(histogram, divergence),
};

/** The range that a method finds, never beyond what was seen. */
export const rangeBy = (method: RangeMethod, histogram: Histogram): Range => METHODS[method](histogram);
