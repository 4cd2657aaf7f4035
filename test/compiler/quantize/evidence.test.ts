/** What counts as better: paired differences beyond one standard error, on samples that were not fitted. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { isLower } from "../../../host/compiler/quantize/evidence.ts";
import { foldsOf } from "../../../host/compiler/quantize/folds.ts";
import { readDataset } from "../../../host/runtime/data/index.ts";
import { modelPath, simplifiedModel } from "../../support/models.ts";

describe("evidence", () => {
  test("a mean difference of more than one standard error, by hand", () => {
    // Differences 1, 3: mean 2, standard error 1. Differences 0, 4: mean 2, standard error 2.
    assert.equal(isLower([1, 1], [2, 4]), true);
    assert.equal(isLower([1, 1], [1, 5]), false);
  });

  test("not where nothing differs, the other way round, or of one sample", () => {
    assert.equal(isLower([1, 2, 3], [1, 2, 3]), false);
    assert.equal(isLower([2, 4], [1, 1]), false);
    assert.equal(isLower([0], [9]), false);
  });

  test("a gain of all counts, be it small; one of a single sample doesn't, be it large", () => {
    const before = [5, 6, 7, 8];
    const gain = (gains: readonly number[]): number[] => before.map((error, i) => error - gains[i]!);
    assert.equal(isLower(gain([1e-6, 1e-6, 1e-6, 1e-6]), before), true);
    assert.equal(isLower(gain([4, 0, 0, 0]), before), false);
  });
});

describe("folds", () => {
  const graph = simplifiedModel("wine_dense.onnx");
  const samples = readDataset(modelPath("wine.calibration.csv"), 13).rows.map((row) => [row]);

  test("every sample is judged once, by what was not made from it", () => {
    const folds = foldsOf(graph, samples);
    assert.equal(folds.length, 4);
    for (const { fitting, judging } of folds) assert.ok(judging.every((sample) => !fitting.includes(sample)));
    assert.deepEqual(new Set(folds.flatMap(({ judging }) => judging)), new Set(samples));
  });

  test("one sample is all there is for both", () => {
    const [only] = samples;
    assert.deepEqual(foldsOf(graph, [only!]), [{ fitting: [only], judging: [only] }]);
  });
});
