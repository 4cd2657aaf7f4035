/** Codes of few bits against every other choice of codes, and against rounding each weight by itself. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { codeRange, compensate, metricOf } from "../../../host/compiler/compress/compensate.ts";
import { bilinear } from "../../../host/compiler/compress/linear_algebra.ts";
import type { PairMoments } from "../../../host/compiler/compress/moments.ts";
import { randomFloats } from "../../support/graphs.ts";

/** Moments of inputs of which each is the one before and something of its own. */
function moments(terms: number, seed: number): PairMoments {
  const covariance = new Float64Array(terms * terms);
  const count = 400;
  const values = randomFloats(count * terms, seed);
  for (let row = 0; row < count; row++) {
    const x = new Float64Array(terms);
    for (let i = 0; i < terms; i++) x[i] = 0.9 * (x[i - 1] ?? 0) + values[row * terms + i]!;
    for (let i = 0; i < terms; i++)
      for (let j = 0; j < terms; j++) covariance[i * terms + j]! += (x[i]! * x[j]!) / count;
  }
  const mean = new Float64Array(terms);
  return { terms, teacherTerms: terms, count, mean, teacherMean: mean, covariance, cross: covariance };
}

const errorOf = (
  weights: Float64Array,
  codes: ArrayLike<number>,
  scale: number,
  matrix: Float64Array,
): number => {
  const errors = weights.map((weight, i) => codes[i]! * scale - weight);
  return bilinear(matrix, errors, errors);
};

describe("compensation", () => {
  test("codes are in range, and their error is the one that is said", () => {
    for (const bits of [2, 3, 4, 8]) {
      const metric = metricOf(moments(9, bits));
      const weights = Float64Array.from(randomFloats(9, 40 + bits));
      const { codes, scale, error } = compensate(weights, codeRange(bits), metric);
      assert.ok(codes.every((code) => code >= -(2 ** (bits - 1)) && code < 2 ** (bits - 1)));
      assert.ok(Math.abs(error - errorOf(weights, codes, scale, metric.moments)) < 1e-9);
    }
  });

  test("of all codes of three weights at the same scale, few are better and none by half", () => {
    for (let seed = 0; seed < 40; seed++) {
      const metric = metricOf(moments(3, seed));
      const weights = Float64Array.from(randomFloats(3, 100 + seed));
      const { scale, error } = compensate(weights, codeRange(2), metric);
      let best = Number.POSITIVE_INFINITY;
      for (let place = 0; place < 64; place++) {
        const codes = [place & 3, (place >> 2) & 3, place >> 4].map((code) => code - 2);
        best = Math.min(best, errorOf(weights, codes, scale, metric.moments));
      }
      assert.ok(error <= 2 * best + 1e-12, `seed ${seed}: found ${error}, the best is ${best}`);
    }
  });

  test("half the error of weights that are each rounded by themselves, at four bits", () => {
    let [found, plain] = [0, 0];
    for (let seed = 0; seed < 20; seed++) {
      const metric = metricOf(moments(32, seed));
      const weights = Float64Array.from(randomFloats(32, 200 + seed));
      found += compensate(weights, codeRange(4), metric).error;
      const scale = weights.reduce((max, weight) => Math.max(max, Math.abs(weight)), 0) / 7;
      const nearest = weights.map((weight) => Math.round(weight / scale));
      plain += errorOf(weights, nearest, scale, metric.moments);
    }
    assert.ok(found < plain / 2, `found ${found}, rounded ${plain}`);
  });

  test("weights of zero have codes of zero", () => {
    const { codes, error } = compensate(new Float64Array(4), codeRange(4), metricOf(moments(4, 1)));
    assert.deepEqual([...codes, error], [0, 0, 0, 0, 0]);
  });
});
