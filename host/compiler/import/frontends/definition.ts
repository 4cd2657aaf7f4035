/** Front-ends in real numbers: what their integers stand for, and how near these come. */
import type { Graph } from "../../../ir/graph.ts";

/** Features of one input's samples, which count as they lie in memory. */
export type Definition = (samples: ArrayLike<number>) => number[];

/** A front-end's graph of integers, and the same in real numbers. */
export interface Frontend {
  readonly graph: Graph;
  readonly definition: Definition;
}

/** The even and odd halves' transforms as one; pairs of a real and an imaginary list. */
function transform(values: readonly number[]): [re: number[], im: number[]] {
  const n = values.length;
  if (n === 1) return [[values[0]!], [0]];
  const [evenRe, evenIm] = transform(values.filter((_, i) => i % 2 === 0));
  const [oddRe, oddIm] = transform(values.filter((_, i) => i % 2 === 1));
  const [re, im] = [new Array<number>(n), new Array<number>(n)];
  for (let k = 0; k < n / 2; k++) {
    const [c, s] = [Math.cos((2 * Math.PI * k) / n), Math.sin((2 * Math.PI * k) / n)];
    const turnedRe = c * oddRe[k]! + s * oddIm[k]!;
    const turnedIm = c * oddIm[k]! - s * oddRe[k]!;
    re[k] = evenRe[k]! + turnedRe;
    im[k] = evenIm[k]! + turnedIm;
    re[k + n / 2] = evenRe[k]! - turnedRe;
    im[k + n / 2] = evenIm[k]! - turnedIm;
  }
  return [re, im];
}

/** Powers of length / 2 + 1 frequencies of at most `length` samples, a power of two. */
export function powersOf(values: readonly number[], length: number): number[] {
  const zeros = new Array<number>(length - values.length).fill(0);
  const [re, im] = transform([...values, ...zeros]);
  return Array.from({ length: length / 2 + 1 }, (_, k) => re[k]! ** 2 + im[k]! ** 2);
}

/** Sums of products of each row and the values. */
export const products = (rows: readonly (readonly number[])[], values: readonly number[]): number[] =>
  rows.map((row) => row.reduce((sum, x, i) => sum + x * values[i]!, 0));

/** Decibels between each feature's values and their errors, over frames [frames][features]; infinite without an error. */
export function featureSnr(
  found: readonly ArrayLike<number>[],
  expected: readonly (readonly number[])[],
): number[] {
  return Array.from({ length: expected[0]?.length ?? 0 }, (_, k) => {
    const signal = expected.reduce((sum, row) => sum + row[k]! ** 2, 0);
    const noise = expected.reduce((sum, row, i) => sum + (row[k]! - found[i]![k]!) ** 2, 0);
    return 10 * Math.log10(signal / noise);
  });
}
