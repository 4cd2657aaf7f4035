import type { TensorData } from "../../ir/graph.ts";
import type { LayerRows } from "./layer_rows.ts";

/** First and second moments of the rows of one group of a layer. */
export interface Moments {
  readonly mean: Float64Array;
  /** Second moments, row after row: around the mean, unless the mean is to count. */
  readonly covariance: Float64Array;
}

/** Multiplications for the covariances of one layer: about half a second. */
const BUDGET = 2 ** 28;
/** A covariance of more terms takes too much memory, and nobody has the samples for it. */
const MAX_TERMS = 1024;

/** Mean rows alone, for every group. */
export function meanRows(rows: LayerRows, inputs: readonly TensorData[]): Float64Array[] {
  const sums = Array.from({ length: rows.groups }, () => new Float64Array(rows.terms));
  for (const x of inputs) {
    rows.each(x, 1, (group, row) => {
      const sum = sums[group]!;
      for (let i = 0; i < row.length; i++) sum[i]! += row[i]!;
    });
  }
  const count = inputs.length * rows.positions;
  return sums.map((sum) => sum.map((value) => value / count));
}

/** Moments of every group over evenly spread positions; undefined where there are too many terms. */
export function momentsOf(
  rows: LayerRows,
  inputs: readonly TensorData[],
  centred: boolean,
): Moments[] | undefined {
  const { terms, groups, positions } = rows;
  if (terms > MAX_TERMS) return undefined;
  const stride = Math.max(1, Math.ceil((inputs.length * positions * groups * terms ** 2) / BUDGET));
  const sums = Array.from({ length: groups }, () => ({
    mean: new Float64Array(terms),
    covariance: new Float64Array(terms * terms),
  }));
  let visits = 0;
  for (const x of inputs) {
    rows.each(x, stride, (group, row) => {
      visits++;
      addRow(sums[group]!, row);
    });
  }
  for (const sum of sums) finish(sum, visits / groups, centred);
  return sums;
}

function addRow({ mean, covariance }: Moments, row: Float64Array): void {
  const { length } = row;
  for (let i = 0; i < length; i++) {
    const value = row[i]!;
    // After a ReLU most are.
    if (value === 0) continue;
    mean[i]! += value;
    for (let j = 0; j <= i; j++) covariance[i * length + j]! += value * row[j]!;
  }
}

/** Sums of the lower triangle to moments of the whole. */
function finish({ mean, covariance }: Moments, count: number, centred: boolean): void {
  const { length } = mean;
  for (let i = 0; i < length; i++) mean[i]! /= count;
  for (let i = 0; i < length; i++) {
    for (let j = 0; j <= i; j++) {
      const value = covariance[i * length + j]! / count - (centred ? mean[i]! * mean[j]! : 0);
      covariance[i * length + j] = value;
      covariance[j * length + i] = value;
    }
  }
}
