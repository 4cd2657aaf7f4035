/** Statistics of motion beside numpy and scipy, and their bytes on the engines. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { bytesEqual, definitionEquals, frontendOf, setsOf, snrReaches, valuesOf } from "./motion.ts";

/** Least SNR of each feature of a set. */
const FIGURES: Readonly<Record<string, readonly number[]>> = {
  statistics: [44.5, 89.5, 89.5, 73, 62, 44.5, 81],
  "statistics without the mean": [32.5, 57, 56, 49.5, 49.5, 40.5, 68, 50],
};

describe("statistics", () => {
  for (const set of setsOf("statistics")) {
    definitionEquals(set);
    snrReaches(set, FIGURES[set.name]!);
  }

  const [plain, centered] = setsOf("statistics");
  bytesEqual({ name: "8 bits", parameters: { ...centered!.parameters, range: 4, out_type: "int8" } });

  test("8 bits are the nearest of 127 steps each way", () => {
    const wide = valuesOf(frontendOf(plain!.parameters));
    const narrow = valuesOf(frontendOf({ ...plain!.parameters, out_type: "int8" }));
    const apart = wide.flatMap((row, i) => row.map((x, k) => Math.abs(x - narrow[i]![k]!) * (127 / 8)));
    assert.ok(Math.max(...apart) <= 0.501, `${Math.max(...apart)} steps`);
  });

  for (const [parameters, message] of [
    [{ features: ["median"] }, /features: expected a list of "mean", .* found \["median"\]/],
    [{ features: ["rms", "rms"] }, /features: expected a list/],
    [{ features: [] }, /features: expected a list/],
    [{ channels: 65 }, /channels: expected a whole number of 1 to 64, found 65/],
    [{ window_size: 90_000 }, /window_size: expected a number of 0.01 to 60000, found 90000/],
    [{ edges: [1, 2] }, /edges: unknown field/],
  ] as const)
    test(`${JSON.stringify(parameters)} is refused by name`, () => {
      assert.throws(() => frontendOf({ type: "statistics", ...parameters }), message);
    });
});
