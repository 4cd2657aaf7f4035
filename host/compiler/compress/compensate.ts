/**
 * Weights of few bits whose errors make up for each other: of W the wanted weights and Q the coded ones, the expected
 * square of (Q - W) x is made small. One weight after another is rounded, and its error is taken over by those still to
 * come, as in OBQ and GPTQ (Frantar et al., arXiv:2208.11580 and arXiv:2210.17323), here by back-substitution in the
 * triangular factor of the inputs' second moments, which needs no inverse; then single steps that lower the
 * error are made until there is none.
 */
import { clamp } from "../../ops/fixed_point.ts";
import { bilinear, cholesky, permuted } from "./linear_algebra.ts";
import type { PairMoments } from "./moments.ts";

/** Least and greatest code. */
export interface CodeRange {
  readonly min: number;
  readonly max: number;
}

/** Two's complement of so many bits. */
export const codeRange = (bits: number): CodeRange => ({ min: -(2 ** (bits - 1)), max: 2 ** (bits - 1) - 1 });

/** The cost of errors in a layer's weights. */
export interface Metric {
  readonly terms: number;
  /** Second moments of the inputs, [terms, terms], with a diagonal that makes them positive definite. */
  readonly moments: Float64Array;
  /** Terms in the order of rounding, the last first, and the triangular factor of the moments in that order. */
  readonly order: readonly number[];
  readonly factor: Float64Array;
}

/** Share of the mean variance that is added to each input's, that none is without. */
const DAMPING = 0.01;

/**
 * Moments as far as samples can tell: fewer rows than terms say little of how inputs vary together, so that what they
 * say counts less (shrinkage towards the diagonal, as Ledoit and Wolf, 2004, by a simpler rule).
 */
export function shrunk(covariance: Float64Array, terms: number, count: number): Float64Array {
  const shrinkage = terms / (terms + count);
  let trace = 0;
  for (let i = 0; i < terms; i++) trace += covariance[i * terms + i]!;
  const damping = (DAMPING * trace) / terms || 1;
  const result = covariance.map((value) => (1 - shrinkage) * value);
  for (let i = 0; i < terms; i++) result[i * terms + i] = covariance[i * terms + i]! + damping;
  return result;
}

/** The metric of moments around the mean. Inputs that vary most are rounded first, while others can still make up for them. */
export function metricOf({ covariance, terms, count }: PairMoments): Metric {
  const moments = shrunk(covariance, terms, count);
  const variance = (i: number): number => moments[i * terms + i]!;
  const order = Array.from({ length: terms }, (_, i) => i).sort((a, b) => variance(a) - variance(b) || a - b);
  return { terms, moments, order, factor: cholesky(permuted(moments, order), terms) };
}

/** Codes of one channel, which stand for `scale` times themselves. */
export interface Coded {
  readonly codes: Int8Array;
  readonly scale: number;
  /** Expected square of the error of the channel's sum. */
  readonly error: number;
}

/** Codes for one scale: the last term in order first, each with the errors of those before it taken over. */
function roundInOrder(weights: Float64Array, scale: number, range: CodeRange, metric: Metric): Int8Array {
  const { terms, order, factor } = metric;
  const codes = new Int8Array(terms);
  const errors = new Float64Array(terms);
  for (let i = terms - 1; i >= 0; i--) {
    const at = i * terms;
    let taken = 0;
    for (let j = i + 1; j < terms; j++) taken += factor[at + j]! * errors[j]!;
    const weight = weights[order[i]!]!;
    const code = clamp(Math.round((weight + taken / factor[at + i]!) / scale), range.min, range.max);
    codes[order[i]!] = code;
    errors[i] = weight - code * scale;
  }
  return codes;
}

const errorsOf = (weights: Float64Array, codes: Int8Array, scale: number): Float64Array =>
  weights.map((weight, i) => codes[i]! * scale - weight);

const MOST_SWEEPS = 8;

/** Steps of single codes up or down, as long as they lower the error. */
function descend(
  weights: Float64Array,
  codes: Int8Array,
  scale: number,
  range: CodeRange,
  metric: Metric,
): void {
  const { terms, moments } = metric;
  const gradient = new Float64Array(terms);
  errorsOf(weights, codes, scale).forEach((error, i) => {
    if (error !== 0) for (let j = 0; j < terms; j++) gradient[j]! += error * moments[i * terms + j]!;
  });
  for (let sweep = 0, changed = true; changed && sweep < MOST_SWEEPS; sweep++) {
    changed = false;
    for (let i = 0; i < terms; i++) {
      const by = gradient[i]! > 0 ? -1 : 1;
      const code = codes[i]! + by;
      // A step d adds 2 d g + d^2 m, where g is the gradient and m the input's own moment.
      const gain = 2 * by * scale * gradient[i]! + scale * scale * moments[i * terms + i]!;
      if (code < range.min || code > range.max || gain >= -1e-18) continue;
      codes[i] = code;
      changed = true;
      for (let j = 0; j < terms; j++) gradient[j]! += by * scale * moments[i * terms + j]!;
    }
  }
}

/** Shares of the scale at which the greatest weight still has a code: narrower ones cut it off and are finer for the rest. */
const SHARES = [1, 0.9, 0.8, 0.7, 0.6, 0.5] as const;
const LEAST_SCALE = 2 ** -100;

/** The scale by which the codes come nearest to the weights (least squares), unless that is no scale. */
function refitScale(weights: Float64Array, codes: Int8Array, scale: number, { moments }: Metric): number {
  const square = bilinear(moments, codes, codes);
  const best = square > 0 ? bilinear(moments, codes, weights) / square : 0;
  return best > scale / 2 && best < 2 * scale ? best : scale;
}

/** The codes and the scale of one channel that lose least. */
export function compensate(weights: Float64Array, range: CodeRange, metric: Metric): Coded {
  let [least, greatest] = [0, 0];
  for (const weight of weights) {
    least = Math.min(least, weight);
    greatest = Math.max(greatest, weight);
  }
  const whole = Math.max(greatest / range.max, least / range.min, LEAST_SCALE);
  const errorOf = (codes: Int8Array, scale: number): number => {
    const errors = errorsOf(weights, codes, scale);
    return bilinear(metric.moments, errors, errors);
  };
  let best: Coded | undefined;
  for (const share of SHARES) {
    const codes = roundInOrder(weights, share * whole, range, metric);
    const error = errorOf(codes, share * whole);
    if (!best || error < best.error) best = { codes, scale: share * whole, error };
  }
  const { codes, scale } = best!;
  descend(weights, codes, scale, range, metric);
  const refit = refitScale(weights, codes, scale, metric);
  descend(weights, codes, refit, range, metric);
  const last = Math.fround(refitScale(weights, codes, refit, metric));
  return { codes, scale: last, error: errorOf(codes, last) };
}
