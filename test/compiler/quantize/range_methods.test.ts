/** Histograms and the ranges that four methods find in them, with answers that can be worked out. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { observe } from "../../../host/compiler/quantize/calibrate.ts";
import { chooseRanges } from "../../../host/compiler/quantize/choose_ranges.ts";
import {
  addToHistogram,
  binsOf,
  coarseCounts,
  emptyHistogram,
} from "../../../host/compiler/quantize/histogram.ts";
import { RANGE_METHODS, rangeBy } from "../../../host/compiler/quantize/range_methods.ts";
import { DENSE, float, floatConstant, graphOf, node, randomFloats } from "../../support/graphs.ts";

function histogramOf(...parts: ArrayLike<number>[]) {
  const histogram = emptyHistogram();
  for (const part of parts) addToHistogram(histogram, part);
  return histogram;
}

describe("histograms", () => {
  test("hold every value, in bins around it that are fine enough", () => {
    const values = fc.array(fc.float({ min: -(2 ** 20), max: 2 ** 20, noNaN: true }), { minLength: 1 });
    fc.assert(
      fc.property(fc.array(values, { minLength: 1, maxLength: 4 }), (parts) => {
        const all = parts.flat();
        const histogram = histogramOf(...parts);
        const bins = binsOf(histogram);
        const magnitude = Math.max(...all.map(Math.abs));
        assert.equal(
          bins.reduce((sum, { count }) => sum + count, 0),
          all.length,
        );
        assert.ok(
          histogram.width <= Math.max(magnitude / 1000, 2 ** -99),
          `${histogram.width} for ${magnitude}`,
        );
        for (const value of all)
          assert.ok(
            bins.some(({ low }) => low <= value && value <= low + histogram.width),
            `${value}`,
          );
      }),
    );
  });

  test("in one go or in parts, in any order", () => {
    const values = randomFloats(200, 3);
    const whole = histogramOf(values);
    const parts = histogramOf(values.slice(120), values.slice(0, 120));
    assert.deepEqual(binsOf(parts), binsOf(whole));
    assert.equal(parts.width, whole.width);
  });

  test("coarse ones keep the count", () => {
    const counts = coarseCounts(histogramOf([0, 1, 1, 2, 4]), 4);
    assert.deepEqual(counts, [1, 2, 1, 1]);
    assert.deepEqual(coarseCounts(histogramOf([3, 3]), 4), [2, 0, 0, 0]);
  });
});

describe("methods", () => {
  const even = Float32Array.from({ length: 20_000 }, (_, i) => i / 20_000);
  const bell = Float32Array.from(
    { length: 20_000 },
    (_, i) => randomFloats(12, i).reduce((a, b) => a + b, 0) / 2,
  );

  test("minmax is what was seen", () => {
    assert.deepEqual(rangeBy("minmax", histogramOf([-1, 0.5], [3])), { min: -1, max: 3 });
  });

  test("a percentile leaves out one value in ten thousand", () => {
    const { min, max } = rangeBy("percentile", histogramOf(even, [1000]));
    assert.ok(min >= 0 && max >= 1 && max < 2, `${min}..${max}`);
    const few = rangeBy("percentile", histogramOf([-4, 1, 2, 7]));
    assert.deepEqual(few, { min: -4, max: 7 });
  });

  test("squared error cuts an outlier only where that costs less than coarse steps for all", () => {
    const lone = rangeBy("mse", histogramOf(...Array.from({ length: 50 }, () => even), [16]));
    assert.ok(lone.max < 16 && lone.max >= 1, `${lone.max}`);
    assert.equal(rangeBy("mse", histogramOf(even)).max, even.at(-1));
  });

  test("entropy cuts the tails of a bell", () => {
    const { min, max } = rangeBy("entropy", histogramOf(bell, [20, -20]));
    assert.ok(max < 15 && max > 1 && min > -15 && min < -1, `${min}..${max}`);
  });

  test("none goes beyond what was seen, nor loses its sign", () => {
    const numbers = fc.array(fc.float({ min: -100, max: 100, noNaN: true }), {
      minLength: 1,
      maxLength: 50,
    });
    fc.assert(
      fc.property(numbers, fc.constantFrom(...RANGE_METHODS), (values, method) => {
        const seen = histogramOf(values);
        const { min, max } = rangeBy(method, seen);
        assert.ok(Number.isFinite(min) && Number.isFinite(max));
        assert.ok(Math.min(min, 0) >= Math.min(seen.min, 0) && Math.max(max, 0) <= Math.max(seen.max, 0));
      }),
    );
  });
});

test("the layer that reads a tensor decides: values that it ignores may be cut", () => {
  // The second value, with its outliers, has next to no weight.
  const graph = graphOf({
    tensors: [float("x", [1, 2]), floatConstant("w", [1, 2], [1, 0]), float("y", [1, 1])],
    nodes: [node("fully_connected", ["x", "w"], "y", DENSE)],
    inputs: ["x"],
    outputs: ["y"],
  });
  const samples = Array.from({ length: 40 }, (_, i) => [
    Float32Array.of(randomFloats(1, i)[0]!, i === 7 ? 50 : randomFloats(1, 99 + i)[0]!),
  ]);
  const histograms = observe(graph, samples);
  const ignored = chooseRanges(graph, histograms, samples).get("x")!;
  assert.notEqual(ignored.method, "minmax");
  assert.ok(ignored.max < 45, `${ignored.max}`);
  const heeded = graphOf({
    ...graph,
    tensors: [float("x", [1, 2]), floatConstant("w", [1, 2], [0, 1]), float("y", [1, 1])],
  });
  assert.equal(chooseRanges(heeded, observe(heeded, samples), samples).get("x")!.method, "minmax");
  assert.equal(chooseRanges(heeded, histograms, samples, "entropy").get("y")!.method, "entropy");
});
