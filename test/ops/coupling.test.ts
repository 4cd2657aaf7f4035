/** Coupling of the probabilities of pairs. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { couple, platt } from "../../host/ops/coupling.ts";

const near = (found: readonly number[], expected: readonly number[], tolerance: number): void =>
  expected.forEach((p, i) => {
    assert.ok(Math.abs(found[i]! - p) < tolerance, `${found}: expected ${expected}`);
  });

/** By numpy, of the linear equations that the minimum fulfils: the steps end before it. */
test("probabilities of three and four classes from those of their pairs", () => {
  const three = [
    [0, 0.9, 0.6],
    [0.1, 0, 0.3],
    [0.4, 0.7, 0],
  ];
  near(couple(three), [0.55618464, 0.09653937, 0.34727598], 0.005);
  const four = [
    [0, 0.99, 0.02, 0.5],
    [0.01, 0, 0.3, 0.4],
    [0.98, 0.7, 0, 0.8],
    [0.5, 0.6, 0.2, 0],
  ];
  near(couple(four), [0.07242733, 0.11364563, 0.64299859, 0.17092844], 0.005);
});

/** `multiclass_probability` of the package onnx (its reference implementation, 1.23), which is right for two classes. */
test("the first of two classes by a decision that is scaled", () => {
  near(
    [1, -3, 8, 0].map((z) => platt(z, 1, 0)),
    [0.26893989, 0.95076197, 3.37718525e-7, 0.5],
    1e-8,
  );
  near([platt(2, -3.5, 10)], [platt(3, 1, 0)], 1e-12);
  assert.ok(platt(1000, 1, 0) > 0 && platt(-1000, 1, 0) < 1);
});
