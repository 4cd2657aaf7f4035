/** How differences of tensors are summed up, and which of them is the first that counts. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  differenceMeter,
  firstParting,
  markUndone,
  type TensorType,
} from "../../../host/compiler/verify/diff.ts";
import { quantized } from "../../../host/ir/graph.ts";

const type = (name: string, scale: number, zeroPoint = 0): TensorType => ({
  name,
  dtype: "int8",
  shape: [2, 3],
  quantization: quantized(scale, zeroPoint),
});
const real: TensorType = { name: "x", dtype: "float32", shape: [2, 3] };

describe("a tensor on both sides", () => {
  test("of one scale is compared as integers, with the places of the first differences", () => {
    const meter = differenceMeter("layer", type("x", 0.5), type("x", 0.5));
    meter.add(4, Int8Array.of(1, 2, 3, 4, 5, 6), Int8Array.of(1, 2, 3, 4, 9, 6));
    meter.add(9, Int8Array.of(0, 0, 0, 0, 0, 0), Int8Array.of(-1, 0, 0, 0, 0, 0));
    const found = meter.result();
    assert.deepEqual(found.first, [
      { row: 4, position: [1, 1], a: 5, b: 9 },
      { row: 9, position: [0, 0], a: 0, b: -1 },
    ]);
    assert.equal(found.integers, true);
    assert.deepEqual([found.values, found.differing, found.maxDifference], [12, 2, 4]);
    // Signal 91 / 4, noise 17 / 4.
    assert.ok(Math.abs(found.sqnr - 10 * Math.log10(91 / 17)) < 1e-9);
  });

  test("of two scales is compared by what the integers stand for", () => {
    const meter = differenceMeter("layer", type("x", 0.5), type("x", 0.25, 2));
    meter.add(1, Int8Array.of(1, 2, 3, 4, 5, 6), Int8Array.of(4, 6, 8, 10, 12, 15));
    const found = meter.result();
    assert.equal(found.integers, false);
    assert.deepEqual(found.first, [{ row: 1, position: [1, 2], a: 3, b: 3.25 }]);
    assert.equal(found.maxDifference, 0.25);
  });

  test("is equal where both are no number or zero of either sign, and differs where one is no number", () => {
    const meter = differenceMeter("layer", real, real);
    const [nan, inf] = [Number.NaN, Number.POSITIVE_INFINITY];
    meter.add(1, Float32Array.of(nan, 0, inf, 1, 2, 3), Float32Array.of(nan, -0, inf, 1, 2, 3));
    assert.deepEqual([meter.result().differing, meter.result().sqnr], [0, 160]);
    meter.add(2, Float32Array.of(nan, 0, 0, 1, 2, 3), Float32Array.of(1, 0, 0, 1, 2, 3));
    const found = meter.result();
    assert.equal(found.differing, 1);
    assert.equal(firstParting([found], 0), found);
  });

  test("of other shapes is nothing to compare, and parts", () => {
    const meter = differenceMeter("layer", real, { ...real, shape: [3, 2] });
    meter.add(1, new Float32Array(6), new Float32Array(6));
    const found = meter.result();
    assert.deepEqual(found.otherShape, [3, 2]);
    assert.equal(firstParting([found], undefined), found);
    assert.equal(firstParting([found], 0), found);
  });
});

describe("the first that parts", () => {
  const withNoise = (name: string, sqnr: number) => ({
    ...differenceMeter("layer", { ...real, name }, { ...real, name }).result(),
    differing: sqnr < 160 ? 1 : 0,
    sqnr,
  });
  const READERS: Readonly<Record<string, readonly string[]>> = { a: ["b"], b: ["c", "d"], c: ["d"], d: [] };
  const readersOf = (name: string): readonly string[] => READERS[name]!;
  const firstOf = (noise: readonly number[], tolerance: number | undefined): string | undefined => {
    const list = noise.map((sqnr, i) => withNoise("abcd"[i]!, sqnr));
    const marked = tolerance === undefined ? list : markUndone(list, tolerance, readersOf);
    return firstParting(marked, tolerance)?.tensor;
  };

  test("differs at all, where there is no tolerance", () => {
    assert.equal(firstOf([160, 159, 160, 30], undefined), "b");
    assert.equal(firstOf([160, 160, 160, 160], undefined), undefined);
  });

  test("is below the tolerance, and so is something that is computed from it", () => {
    assert.equal(firstOf([40, 10, 40, 10], 20), "b");
    assert.equal(firstOf([10, 40, 10, 10], 20), "c");
    assert.equal(firstOf([10, 40, 40, 40], 20), undefined);
  });

  test("may be an output, which nothing undoes", () => {
    assert.equal(firstOf([40, 40, 40, 10], 20), "d");
  });
});
