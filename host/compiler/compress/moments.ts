/** Second moments of a layer's inputs: of the network being compressed, and of the one that it is to equal. */
import type { LayerRows } from "../quantize/layer_rows.ts";

/** Moments of pairs of rows at the same positions, around their means; matrices row after row. */
export interface PairMoments {
  /** Numbers of a row of the compressed network, and of the teacher. */
  readonly terms: number;
  readonly teacherTerms: number;
  /** Pairs of rows. */
  readonly count: number;
  /** Mean rows of both. */
  readonly mean: Float64Array;
  readonly teacherMean: Float64Array;
  /** [terms, terms]: of the compressed network's rows. */
  readonly covariance: Float64Array;
  /** [terms, teacherTerms]: of the compressed network's rows and the teacher's. */
  readonly cross: Float64Array;
}

/** The rows of a layer in one network, and the real values of its input for each sample. */
export interface Side {
  readonly rows: LayerRows;
  readonly inputs: readonly Float32Array[];
}

/** Multiplications for one layer's moments: a few seconds. */
const BUDGET = 2 ** 31;

/** `into` [n, m] plus the outer product of two rows. Zeros are left out: after a ReLU most values are. */
function addOuter(into: Float64Array, a: Float64Array, b: Float64Array): void {
  const { length } = b;
  for (let i = 0; i < a.length; i++) {
    const value = a[i]!;
    if (value === 0) continue;
    const at = i * length;
    for (let j = 0; j < length; j++) into[at + j]! += value * b[j]!;
  }
}

function addTo(into: Float64Array, row: Float64Array): void {
  for (let i = 0; i < row.length; i++) into[i]! += row[i]!;
}

/** Sums to moments around the means. */
function centre(sums: Float64Array, a: Float64Array, b: Float64Array, count: number): void {
  const { length } = b;
  for (let i = 0; i < a.length; i++)
    for (let j = 0; j < length; j++) sums[i * length + j] = sums[i * length + j]! / count - a[i]! * b[j]!;
}

/** Copies of a layer's rows for one sample, at every `stride`-th position. */
function rowsAt(rows: LayerRows, x: Float32Array, stride: number): Float64Array[] {
  const found: Float64Array[] = [];
  rows.each(x, stride, (_, row) => {
    found.push(row.slice());
  });
  return found;
}

/** Moments over samples of a layer in the compressed network and the teacher. One group only. */
export function pairMoments(own: Side, teacher: Side): PairMoments {
  const [terms, teacherTerms] = [own.rows.terms, teacher.rows.terms];
  const products = own.inputs.length * own.rows.positions * terms * (terms + teacherTerms);
  const stride = Math.max(1, Math.ceil(products / BUDGET));
  const [mean, teacherMean] = [new Float64Array(terms), new Float64Array(teacherTerms)];
  const [covariance, cross] = [new Float64Array(terms * terms), new Float64Array(terms * teacherTerms)];
  let count = 0;
  own.inputs.forEach((x, sample) => {
    const [found, wanted] = [
      rowsAt(own.rows, x, stride),
      rowsAt(teacher.rows, teacher.inputs[sample]!, stride),
    ];
    found.forEach((row, i) => {
      addTo(mean, row);
      addTo(teacherMean, wanted[i]!);
      addOuter(covariance, row, row);
      addOuter(cross, row, wanted[i]!);
    });
    count += found.length;
  });
  for (const sums of [mean, teacherMean]) for (let i = 0; i < sums.length; i++) sums[i]! /= count;
  centre(covariance, mean, mean, count);
  centre(cross, mean, teacherMean, count);
  return { terms, teacherTerms, count, mean, teacherMean, covariance, cross };
}
