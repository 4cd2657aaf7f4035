/**
 * How often a tensor takes which values, in one pass and bounded memory: the bins' width is a power of two
 * and doubles, neighbours merged, whenever a value lies outside. A bin never straddles zero.
 */

/** Bins on each side of zero; after a doubling at least half of them are in use. */
const SIDE = 2048;

export interface Histogram {
  /** Bin i holds values from (i - SIDE) * width on. */
  width: number;
  readonly counts: Float64Array;
  min: number;
  max: number;
  sum: number;
  squares: number;
  count: number;
}

export const emptyHistogram = (): Histogram => ({
  width: 2 ** -100,
  counts: new Float64Array(2 * SIDE),
  min: Number.POSITIVE_INFINITY,
  max: Number.NEGATIVE_INFINITY,
  sum: 0,
  squares: 0,
  count: 0,
});

/** Makes the bins `factor` times as wide; a power of two. */
function widen(histogram: Histogram, factor: number): void {
  const old = histogram.counts.slice();
  histogram.counts.fill(0);
  old.forEach((count, i) => {
    if (count > 0) histogram.counts[SIDE + Math.floor((i - SIDE) / factor)]! += count;
  });
  histogram.width *= factor;
}

/** Counts finite values; others only show in `min` and `max`. */
export function addToHistogram(histogram: Histogram, data: ArrayLike<number>): void {
  let { min, max } = histogram;
  for (let i = 0; i < data.length; i++) {
    min = Math.min(min, data[i]!);
    max = Math.max(max, data[i]!);
  }
  histogram.min = min;
  histogram.max = max;
  histogram.count += data.length;
  const magnitude = Math.max(-min, max);
  if (!Number.isFinite(magnitude) || Number.isNaN(magnitude)) return;
  const reach = SIDE * histogram.width;
  if (magnitude >= reach) widen(histogram, 2 ** (Math.floor(Math.log2(magnitude / reach)) + 1));
  for (let i = 0; i < data.length; i++) {
    const value = data[i]!;
    histogram.sum += value;
    histogram.squares += value * value;
    // The greatest value may round to the end of the last bin.
    histogram.counts[Math.min(SIDE + Math.floor(value / histogram.width), 2 * SIDE - 1)]! += 1;
  }
}

/** One side of a bin, its width and how many values it holds. */
export interface Bin {
  readonly low: number;
  readonly count: number;
}

/** The bins that are not empty, upwards. */
export function binsOf({ counts, width }: Histogram): Bin[] {
  const bins: Bin[] = [];
  counts.forEach((count, i) => {
    if (count > 0) bins.push({ low: (i - SIDE) * width, count });
  });
  return bins;
}

/** Counts in `size` equal bins from `min` to `max`, for people to look at. */
export function coarseCounts(histogram: Histogram, size: number): number[] {
  const { min, max, width } = histogram;
  const counts = new Array<number>(size).fill(0);
  for (const { low, count } of binsOf(histogram)) {
    const place = max > min ? ((low + width / 2 - min) / (max - min)) * size : 0;
    counts[Math.max(0, Math.min(size - 1, Math.floor(place)))]! += count;
  }
  return counts;
}
