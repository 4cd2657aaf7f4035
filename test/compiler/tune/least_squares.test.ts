import assert from "node:assert/strict";
import { test } from "node:test";
import { fit, type Sample } from "./least_squares.ts";

const samples = (value: (x: number, y: number) => number): Sample[] =>
  [1, 2, 5, 20, 300].flatMap((x) =>
    [1, 7, 40].map((y) => ({ features: { x, y, one: 1 }, value: value(x, y) })),
  );

test("finds the coefficients of what is linear", () => {
  const found = fit(samples((x, y) => 12.5 * x + 3 * y + 700));
  assert.deepEqual(Object.keys(found), ["x", "y", "one"]);
  assert.ok(Math.abs(found["x"]! - 12.5) < 1e-3 && Math.abs(found["y"]! - 3) < 1e-2);
  assert.ok(Math.abs(found["one"]! - 700) < 0.1);
});

test("leaves out what would be negative, and does the best with the rest", () => {
  const found = fit(samples((x, y) => 100 * x + 5000 - y));
  assert.deepEqual(Object.keys(found), ["x", "one"]);
  assert.ok(Object.values(found).every((value) => value > 0));
});

test("features that are multiples of each other share", () => {
  const found = fit([1, 2, 9].map((x) => ({ features: { x, twice: 2 * x }, value: 10 * x })));
  assert.ok(Math.abs((found["x"] ?? 0) + 2 * (found["twice"] ?? 0) - 10) < 1e-3);
});
