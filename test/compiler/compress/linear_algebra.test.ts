/** Decompositions against their definitions. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  bilinear,
  cholesky,
  eigen,
  permuted,
  solve,
} from "../../../host/compiler/compress/linear_algebra.ts";
import { randomFloats } from "../../support/graphs.ts";

const SIZE = 12;

/** A symmetric positive definite matrix [SIZE, SIZE]. */
function definite(seed: number): Float64Array {
  const values = randomFloats(2 * SIZE * SIZE, seed);
  const at = (row: number, column: number): number => values[row * SIZE + column]!;
  return Float64Array.from({ length: SIZE * SIZE }, (_, place) => {
    const [i, j] = [Math.floor(place / SIZE), place % SIZE];
    let sum = i === j ? 0.1 : 0;
    for (let k = 0; k < 2 * SIZE; k++) sum += at(k, i) * at(k, j);
    return sum;
  });
}

const near = (found: number, expected: number, tolerance = 1e-9): void =>
  assert.ok(Math.abs(found - expected) <= tolerance * (1 + Math.abs(expected)), `${found}, ${expected}`);

describe("linear algebra", () => {
  test("the triangular factor's products are the matrix, and solve systems", () => {
    const a = definite(1);
    const r = cholesky(a, SIZE);
    for (let i = 0; i < SIZE; i++)
      for (let j = 0; j < SIZE; j++) {
        let sum = 0;
        for (let k = 0; k < SIZE; k++) sum += r[k * SIZE + i]! * r[k * SIZE + j]!;
        near(sum, a[i * SIZE + j]!);
        if (j < i) assert.equal(r[i * SIZE + j], 0);
      }
    const x = Float64Array.from(randomFloats(SIZE, 2));
    const b = x.map((_, i) => x.reduce((sum, value, j) => sum + a[i * SIZE + j]! * value, 0));
    solve(r, b).forEach((value, i) => {
      near(value, x[i]!, 1e-7);
    });
  });

  test("a matrix that is not positive definite is refused", () => {
    assert.throws(() => cholesky(Float64Array.of(1, 2, 2, 1), 2), /expected a positive pivot 1, found -3/);
  });

  test("eigenvectors are of length 1, at right angles, and only scaled by the matrix", () => {
    const a = definite(3);
    const { values, vectors } = eigen(a, SIZE);
    assert.deepEqual(
      values,
      values.toSorted((p, q) => q - p),
    );
    vectors.forEach((vector, i) => {
      vectors.forEach((other, j) => {
        near(
          vector.reduce((sum, value, k) => sum + value * other[k]!, 0),
          i === j ? 1 : 0,
        );
      });
      near(bilinear(a, vector, vector), values[i]!);
    });
  });

  test("rows and columns change places together", () => {
    assert.deepEqual(permuted(Float64Array.of(1, 2, 3, 4), [1, 0]), Float64Array.of(4, 3, 2, 1));
  });
});
