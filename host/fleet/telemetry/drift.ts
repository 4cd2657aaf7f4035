/**
 * Tests of whether counts of a device or a fleet come from what calibration counted. All are of two samples: calibration had
 * its own chance, and of few samples more of it. Each gives a bound of the probability that no change would look so,
 * so that one level serves them all, whatever the sizes.
 */

/** A statistic, the value from which it is a finding at the level, and whether it is one. */
export interface Test {
  readonly statistic: number;
  readonly threshold: number;
  readonly found: boolean;
}

const total = (counts: readonly number[]): number => counts.reduce((a, b) => a + b, 0);

/** The size of one sample that says as much as two of sizes n and m. */
const joint = (n: number, m: number): number => (n * m) / (n + m);

/** The upper quantile of the normal distribution (Acklam's approximation, relative error below 1.2e-9). */
export function normalQuantile(level: number): number {
  const a = [
    -39.69683028665376, 220.9460984245205, -275.9285104469687, 138.357751867269, -30.66479806614716,
    2.506628277459239,
  ];
  const b = [
    -54.47609879822406, 161.5858368580409, -155.6989798598866, 66.80131188771972, -13.28068155288572,
  ];
  const c = [
    -0.007784894002430293, -0.3223964580411365, -2.400758277161838, -2.549732539343734, 4.374664141464968,
    2.938163982698783,
  ];
  const d = [0.007784695709041462, 0.3224671290700398, 2.445134137142996, 3.754408661907416];
  const poly = (terms: readonly number[], x: number): number =>
    terms.reduce((sum, term) => sum * x + term, 0);
  if (level > 0.5) return -normalQuantile(1 - level);
  if (level < 0.02425) {
    const q = Math.sqrt(-2 * Math.log(level));
    return -poly(c, q) / poly([...d, 1], q);
  }
  const q = 0.5 - level;
  return (poly(a, q * q) * q) / poly([...b, 1], q * q);
}

/** The upper quantile of chi-squared with `degrees` of freedom (Wilson and Hilferty 1931). */
export function chiSquaredQuantile(degrees: number, level: number): number {
  const spread = 2 / (9 * degrees);
  return degrees * (1 - spread + normalQuantile(level) * Math.sqrt(spread)) ** 3;
}

/**
 * Kolmogorov-Smirnov of two samples in bins: the greatest difference of their shares up to an edge. Bins only make it smaller, so
 * the level of Massart's inequality for two samples holds.
 */
export function kolmogorovSmirnov(
  reference: readonly number[],
  found: readonly number[],
  level: number,
): Test {
  const [m, n] = [total(reference), total(found)];
  if (m === 0 || n === 0) return { statistic: 0, threshold: 1, found: false };
  let [a, b, statistic] = [0, 0, 0];
  reference.forEach((count, i) => {
    a += count / m;
    b += found[i]! / n;
    statistic = Math.max(statistic, Math.abs(a - b));
  });
  const threshold = Math.sqrt(-Math.log(level / 2) / (2 * joint(n, m)));
  return { statistic, threshold, found: statistic > threshold };
}

/** Neighbouring bins together, until each would have at least five values of the smaller sample, without a change. */
export function pooled(reference: readonly number[], found: readonly number[]): [number, number][] {
  const [m, n] = [total(reference), total(found)];
  const least = (5 * (m + n)) / Math.max(Math.min(m, n), 1);
  const bins: [number, number][] = [];
  let [a, b] = [0, 0];
  reference.forEach((count, i) => {
    a += count;
    b += found[i]!;
    if (a + b < least) return;
    bins.push([a, b]);
    [a, b] = [0, 0];
  });
  const last = bins.at(-1);
  if (last) [last[0], last[1]] = [last[0] + a, last[1] + b];
  return bins;
}

/**
 * The population stability index over bins that are large enough. Without a change it times the joint sample size is
 * chi-squared, so a threshold follows from the sizes instead of 0.1 or 0.25 for all.
 */
export function populationStability(
  reference: readonly number[],
  found: readonly number[],
  level: number,
): Test {
  const bins = pooled(reference, found);
  const [m, n] = [total(reference), total(found)];
  if (bins.length < 2) return { statistic: 0, threshold: Number.POSITIVE_INFINITY, found: false };
  const share = (count: number, of: number): number => (count + 0.5) / (of + 0.5 * bins.length);
  const statistic = bins.reduce((sum, [a, b]) => {
    const [p, q] = [share(a, m), share(b, n)];
    return sum + (q - p) * Math.log(q / p);
  }, 0);
  const threshold = chiSquaredQuantile(bins.length - 1, level) / joint(n, m);
  return { statistic, threshold, found: statistic > threshold };
}

/**
 * How many of n values lie above the greatest of m: without a change at least k do with the probability that the k
 * greatest of all are among the n. The statistic is k, the threshold the least k that is rarer than the level.
 */
export function beyondExtremes(k: number, n: number, m: number, level: number): Test {
  let [probability, threshold] = [1, 0];
  while (threshold < n && probability >= level) {
    probability *= (n - threshold) / (n + m - threshold);
    threshold++;
  }
  const isReached = probability < level;
  return { statistic: k, threshold: isReached ? threshold : n + 1, found: isReached && k >= threshold };
}

/** Whether more of n are so than `share` explains: the exact binomial tail, bounded by Chernoff. */
export function moreThan(k: number, n: number, share: number, level: number): Test {
  const exceeds = (count: number): boolean => {
    const rate = count / n;
    if (rate <= share) return false;
    const rest = rate < 1 ? (1 - rate) * Math.log((1 - rate) / (1 - share)) : 0;
    return -n * (rate * Math.log(rate / share) + rest) < Math.log(level);
  };
  let [from, to] = [0, n + 1];
  while (from < to) {
    const middle = Math.floor((from + to) / 2);
    if (exceeds(middle)) to = middle;
    else from = middle + 1;
  }
  return { statistic: k, threshold: from, found: k >= from };
}
