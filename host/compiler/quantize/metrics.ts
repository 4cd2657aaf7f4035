/** Figures by which models are judged: of decisions, of values, and of scores that tell the abnormal from the normal. */

/** Figures of one class: its rows against all others. */
export interface ClassMetrics {
  /** Precision: the share of the rows decided for the class that belong to it; 0 where there are none. */
  readonly precision: number;
  /** Recall: the share of the class's rows that were found; 0 where there are none. */
  readonly recall: number;
  /** Their harmonic mean. */
  readonly f1: number;
}

/** The decisions of one model, by expected class: rows are expected classes, columns the decided ones. */
export interface DecisionMetrics {
  readonly accuracy: number;
  readonly confusion: readonly (readonly number[])[];
  readonly byClass: readonly ClassMetrics[];
  /** Area under the ROC curve: of two classes that of the second, of more the mean of each against the others. */
  readonly auc?: number;
}

/** Errors of values. */
export interface ValueMetrics {
  readonly mae: number;
  readonly rmse: number;
  readonly maxError: number;
  /** Least to greatest value that was expected. */
  readonly range: number;
  /** Share of the variance that is explained: 1 - squared error / variance; not where nothing varies. */
  readonly r2?: number;
  /** Peak signal to noise in decibels, the peak being `range`: at most 160. */
  readonly psnr: number;
}

const ratio = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole);
const sumOf = (values: Iterable<number>): number => {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
};

/** Counts by expected and decided class; a decision that is none of the classes only makes its row incomplete. */
export function confusionOf(
  truth: readonly number[],
  decided: readonly number[],
  classes: number,
): number[][] {
  const matrix = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  truth.forEach((row, i) => {
    const cells = matrix[row]!;
    const column = decided[i]!;
    if (cells[column] !== undefined) cells[column]++;
  });
  return matrix;
}

export function decisionMetrics(
  truth: readonly number[],
  decided: readonly number[],
  classes: number,
  auc?: number,
): DecisionMetrics {
  const confusion = confusionOf(truth, decided, classes);
  const byClass = confusion.map((row, i) => {
    const right = row[i]!;
    const precision = ratio(right, sumOf(confusion.map((other) => other[i]!)));
    const recall = ratio(right, truth.filter((each) => each === i).length);
    return { precision, recall, f1: ratio(2 * precision * recall, precision + recall) };
  });
  const accuracy = ratio(sumOf(confusion.map((row, i) => row[i]!)), truth.length);
  return { accuracy, confusion, byClass, ...(auc !== undefined && { auc }) };
}

/**
 * Area under the ROC curve of scores, higher for the positive: the probability that one of them has a higher score than
 * one of the others, equal ones counting half (Mann and Whitney 1947). Undefined where all are of one kind.
 */
export function rocArea(scores: readonly number[], isPositive: readonly boolean[]): number | undefined {
  const order = scores
    .map((score, i) => ({ score, positive: isPositive[i]! }))
    .sort((a, b) => a.score - b.score);
  const positives = order.filter(({ positive }) => positive).length;
  const negatives = order.length - positives;
  if (positives === 0 || negatives === 0) return undefined;
  let ranks = 0;
  for (let start = 0; start < order.length; ) {
    let end = start;
    while (end < order.length && order[end]!.score === order[start]!.score) end++;
    // Ranks from 1; equal scores share their mean.
    const rank = (start + 1 + end) / 2;
    for (let i = start; i < end; i++) if (order[i]!.positive) ranks += rank;
    start = end;
  }
  return (ranks - (positives * (positives + 1)) / 2) / (positives * negatives);
}

const MAX_PSNR = 160;

/** Errors over all values of all rows. */
export function valueMetrics(
  expected: readonly ArrayLike<number>[],
  found: readonly ArrayLike<number>[],
): ValueMetrics {
  let [count, sum, squares, absolute, errors, maxError] = [0, 0, 0, 0, 0, 0];
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  expected.forEach((row, i) => {
    for (let j = 0; j < row.length; j++) {
      const [value, error] = [row[j]!, found[i]![j]! - row[j]!];
      count++;
      sum += value;
      squares += value * value;
      absolute += Math.abs(error);
      errors += error * error;
      maxError = Math.max(maxError, Math.abs(error));
      [low, high] = [Math.min(low, value), Math.max(high, value)];
    }
  });
  const variance = squares - (sum * sum) / count;
  const rmse = Math.sqrt(errors / count);
  const range = high - low;
  return {
    mae: absolute / count,
    rmse,
    maxError,
    range,
    ...(variance > 0 && { r2: 1 - errors / variance }),
    psnr: rmse === 0 ? MAX_PSNR : Math.min(20 * Math.log10((range || 1) / rmse), MAX_PSNR),
  };
}

/** Mean squared error of each row. */
export const rowErrors = (
  expected: readonly ArrayLike<number>[],
  found: readonly ArrayLike<number>[],
): number[] =>
  expected.map((row, i) => {
    let errors = 0;
    for (let j = 0; j < row.length; j++) errors += (found[i]![j]! - row[j]!) ** 2;
    return errors / row.length;
  });

/**
 * Adjusted Rand index of two groupings: 1 where they are the same but for names, 0 where they agree as chance would
 * have it (Hubert and Arabie 1985).
 */
export function adjustedRand(a: readonly (string | number)[], b: readonly (string | number)[]): number {
  const pairs = (n: number): number => (n * (n - 1)) / 2;
  const count = (keys: readonly string[]): number => {
    const counts = new Map<string, number>();
    for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
    return sumOf([...counts.values()].map(pairs));
  };
  const both = count(a.map((value, i) => JSON.stringify([value, b[i]])));
  const [first, second] = [count(a.map(String)), count(b.map(String))];
  const expected = (first * second) / (pairs(a.length) || 1);
  const most = (first + second) / 2;
  return most === expected ? 1 : (both - expected) / (most - expected);
}
