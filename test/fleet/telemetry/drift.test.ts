/** Tests of drift, against the distributions that their levels promise: by seeded simulation. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { randomOf } from "../../../host/fleet/simulator/random.ts";
import {
  beyondExtremes,
  chiSquaredQuantile,
  kolmogorovSmirnov,
  moreThan,
  normalQuantile,
  pooled,
  populationStability,
} from "../../../host/fleet/telemetry/drift.ts";

const near = (found: number, expected: number, relative: number): void =>
  assert.ok(Math.abs(found / expected - 1) < relative, `expected ${expected}, found ${found}`);

describe("quantiles", () => {
  test("are those of tables: R's qnorm and qchisq with lower.tail=FALSE", () => {
    near(normalQuantile(0.05), 1.6448536269514722, 1e-8);
    near(normalQuantile(1e-6), 4.753424308822899, 1e-8);
    near(normalQuantile(0.9), -1.2815515655446004, 1e-8);
    near(chiSquaredQuantile(7, 0.05), 14.067140449340169, 0.002);
    // Wilson and Hilferty are on the safe side there.
    near(chiSquaredQuantile(7, 1e-6), 40.52182886575117, 0.04);
    near(chiSquaredQuantile(1, 1e-4), 15.13670523, 0.08);
  });
});

describe("a test of two samples", () => {
  const random = randomOf(7);
  const uniform = (): number => (random() + 0.5) / 2 ** 32;
  /** The counts of n values in eight bins of equal chance, moved by `shift` sigma of a normal distribution. */
  const sample = (n: number, shift = 0): number[] => {
    const counts = new Array<number>(8).fill(0);
    const edges = [1, 2, 3, 4, 5, 6, 7].map((i) => normalQuantile(1 - i / 8));
    for (let i = 0; i < n; i++) {
      const value = normalQuantile(1 - uniform()) + shift;
      counts[edges.filter((edge) => value >= edge).length]!++;
    }
    return counts;
  };
  const LEVEL = 0.01;
  let quiet = 0;

  for (const [m, n] of [
    [120, 60],
    [1000, 100],
    [200, 2000],
  ] as const)
    test(`is wrong as seldom as it says, of ${m} and ${n} values`, () => {
      const rounds = 300;
      let [psi, ks] = [0, 0];
      for (let i = 0; i < rounds; i++) {
        const [a, b] = [sample(m), sample(n)];
        psi += Number(populationStability(a, b, LEVEL).found);
        ks += Number(kolmogorovSmirnov(a, b, LEVEL).found);
      }
      // 3 of 300 rounds are expected; 10 would be found once in 1 000 tries.
      assert.ok(psi <= 9 && ks <= 9, `${psi} and ${ks}`);
      quiet += Number(psi === 0);
    });

  test("finds something now and then, at its level", () => assert.ok(quiet < 3));

  test("finds half a sigma in 1 000 values, and a tenth in as many as a fleet has, at a level of one in a million", () => {
    for (let i = 0; i < 5; i++) {
      assert.ok(populationStability(sample(1000), sample(1000, 0.5), 1e-6).found);
      assert.ok(populationStability(sample(20_000), sample(20_000, 0.1), 1e-6).found);
    }
    const { found } = populationStability(sample(1000), sample(1000, 0.02), 1e-6);
    assert.equal(found, false);
  });

  test("pools bins that nobody fills, and says nothing of no values", () => {
    assert.deepEqual(pooled([100, 2, 0, 100], [50, 0, 1, 50]), [
      [100, 50],
      [102, 51],
    ]);
    assert.equal(populationStability([5, 0, 0], [0, 0, 0], 0.01).found, false);
    assert.equal(kolmogorovSmirnov([0, 0], [3, 4], 0.01).found, false);
  });
});

describe("counts of single values", () => {
  test("beyond the greatest of calibration are rare by the ranks of all", () => {
    // One of one above one: a half. Two of two above two: 2/4 * 1/3.
    assert.deepEqual(beyondExtremes(1, 1, 1, 0.51), { statistic: 1, threshold: 1, found: true });
    assert.equal(beyondExtremes(1, 1, 1, 0.49).found, false);
    assert.equal(beyondExtremes(2, 2, 2, 0.17).found, true);
    assert.equal(beyondExtremes(2, 2, 2, 0.16).found, false);
    const { threshold } = beyondExtremes(0, 1000, 100, 1e-6);
    assert.ok(
      threshold > 100 && threshold < 200,
      "with few samples of calibration many lie outside by chance",
    );
  });

  test("of failures are too many where the tail says so", () => {
    assert.equal(moreThan(0, 1000, 0.001, 1e-3).found, false);
    assert.equal(moreThan(5, 1000, 0.001, 1e-6).found, false);
    assert.equal(moreThan(20, 1000, 0.001, 1e-6).found, true);
    assert.equal(moreThan(1000, 1000, 0.001, 1e-6).found, true);
    const { threshold } = moreThan(0, 100_000, 0.001, 1e-6);
    assert.ok(threshold > 140 && threshold < 170);
  });
});
