/**
 * A layer as two of a lower rank: W ~ B A, so that the expected square of (W - B A) x is least. That is the projection of
 * W x on the eigenvectors of its covariance with the greatest values (an SVD weighted by activations).
 */
import { metricOf } from "./compensate.ts";
import { eigen } from "./linear_algebra.ts";
import type { PairMoments } from "./moments.ts";

export interface Factors {
  /** [rank, terms] */
  readonly first: readonly Float64Array[];
  /** [channels, rank] */
  readonly second: readonly Float64Array[];
}

/** Products of a matrix's rows with each other, [rows, rows]. */
function gram(rows: readonly Float64Array[]): Float64Array {
  const n = rows.length;
  const result = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++) {
      let sum = 0;
      for (let k = 0; k < rows[i]!.length; k++) sum += rows[i]![k]! * rows[j]![k]!;
      result[i * n + j] = sum;
      result[j * n + i] = sum;
    }
  return result;
}

/** transpose(rows) */
const turned = (rows: readonly Float64Array[]): Float64Array[] =>
  Array.from(rows[0]!, (_, j) => Float64Array.from(rows, (row) => row[j]!));

/** W transpose(R), where transpose(R) R is the covariance of x: W x in coordinates of equal variance. */
function weighted(weights: readonly Float64Array[], moments: PairMoments): Float64Array[] {
  const { order, factor, terms } = metricOf(moments);
  return weights.map((row) => {
    const result = new Float64Array(terms);
    for (let i = 0; i < terms; i++) {
      let sum = 0;
      for (let j = i; j < terms; j++) sum += factor[i * terms + j]! * row[order[j]!]!;
      result[i] = sum;
    }
    return result;
  });
}

/** Directions of W x with the greatest variance, each [channels] of length 1, and their deviations. */
function directions(weights: readonly Float64Array[], moments: PairMoments, most: number) {
  const rows = weighted(weights, moments);
  const isWide = rows.length <= moments.terms;
  const { values, vectors } = eigen(gram(isWide ? rows : turned(rows)), Math.min(rows.length, moments.terms));
  const deviations = values.slice(0, most).map((value) => Math.sqrt(Math.max(value, 0)));
  if (isWide) return { deviations, vectors: vectors.slice(0, most) };
  const across = deviations.map((deviation, i) =>
    Float64Array.from(rows, (row) => {
      let sum = 0;
      for (let k = 0; k < row.length; k++) sum += row[k]! * vectors[i]![k]!;
      return sum / Math.max(deviation, 1e-30);
    }),
  );
  return { deviations, vectors: across };
}

/**
 * The part of a component's deviation, as an exponent, that stays in it: its integers have 8 bits for all components
 * together, the weights that read it four.
 */
const SPREAD = 0.5;

/** The weights of two layers of rank `most`, or of the greatest that the layer has. */
export function factorize(weights: readonly Float64Array[], moments: PairMoments, most: number): Factors {
  const { deviations, vectors } = directions(weights, moments, most);
  const greatest = Math.max(deviations[0]!, 1e-30);
  const scales = deviations.map((deviation) => (deviation / greatest + 1e-6) ** (SPREAD - 1));
  const first = scales.map((scale, i) => {
    const row = new Float64Array(moments.terms);
    weights.forEach((channel, c) => {
      const factor = scale * vectors[i]![c]!;
      for (let j = 0; j < row.length; j++) row[j]! += factor * channel[j]!;
    });
    return row;
  });
  const second = weights.map((_, c) => Float64Array.from(scales, (scale, i) => vectors[i]![c]! / scale));
  return { first, second };
}
