/** Probabilities of classes from those of all pairs of them, as LIBSVM and ONNX Runtime compute them. */

/** Below, and above what is left to 1, no pair's probability goes. */
const LEAST = 1e-7;
const MOST_STEPS = 100;
const ERROR = 0.005;

/** 1 / (1 + exp(z)): how probable the first class of a pair is (Platt). */
export const pairProbability = (z: number): number =>
  Math.min(Math.max(1 / (1 + Math.exp(z)), LEAST), 1 - LEAST);

const dot = (row: readonly number[], p: readonly number[]): number =>
  row.reduce((sum, x, i) => sum + x * p[i]!, 0);

/** The matrix Q of p'Qp, which the probabilities p make least, of r[i][j], the probability of i against j. */
const matrixOf = (r: readonly (readonly number[])[]): number[][] =>
  r.map((_, i) =>
    r.map((_, j) =>
      i === j ? r.reduce((sum, row, k) => (k === i ? sum : sum + row[i]! ** 2), 0) : -r[j]![i]! * r[i]![j]!,
    ),
  );

/**
 * The second method of Wu, Lin and Weng, "Probability estimates for multi-class classification by pairwise coupling"
 * (2004), algorithm 2: one class after the other is moved to where its row of Qp is p'Qp, and all are divided by their
 * sum. It ends where the rows differ by less than 0.005 / classes, which is not yet the minimum: so do both others.
 */
export function couple(r: readonly (readonly number[])[]): number[] {
  const q = matrixOf(r);
  let p = r.map(() => 1 / r.length);
  for (let step = 0; step < MOST_STEPS; step++) {
    const rows = q.map((row) => dot(row, p));
    const mean = dot(rows, p);
    if (rows.every((x) => Math.abs(x - mean) < ERROR / r.length)) break;
    for (let t = 0; t < p.length; t++) {
      const products = q.map((row) => dot(row, p));
      const by = (dot(products, p) - products[t]!) / q[t]![t]!;
      p = p.map((x, i) => (i === t ? x + by : x) / (1 + by));
    }
  }
  return p;
}

/** The probability of the first of two classes, where its decision is x: `alpha` and `beta` are Platt's scaling of it. */
export function platt(x: number, alpha: number, beta: number): number {
  const first = pairProbability(alpha * x + beta);
  const pairs = [
    [0, first],
    [1 - first, 0],
  ];
  return couple(pairs)[0]!;
}
