/** Figures against values worked out by hand, or by scikit-learn 1.9 where a comment names its function. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  adjustedRand,
  decisionMetrics,
  rocArea,
  rowErrors,
  valueMetrics,
} from "../../../host/compiler/quantize/metrics.ts";

const near = (found: number, expected: number): void =>
  assert.ok(Math.abs(found - expected) < 1e-9, `${found}, expected ${expected}`);

test("precision, recall and F1 by class", () => {
  const { accuracy, confusion, byClass } = decisionMetrics([0, 0, 1, 1, 1, 2], [0, 1, 1, 1, 0, 2], 3);
  near(accuracy, 4 / 6);
  assert.deepEqual(confusion, [
    [1, 1, 0],
    [1, 2, 0],
    [0, 0, 1],
  ]);
  assert.deepEqual(byClass[1], { precision: 2 / 3, recall: 2 / 3, f1: 2 / 3 });
  assert.deepEqual(byClass[2], { precision: 1, recall: 1, f1: 1 });
});

test("a class that nothing was decided to be has no precision, and one without rows no recall", () => {
  const { byClass } = decisionMetrics([0, 0], [0, 0], 2);
  assert.deepEqual(byClass[1], { precision: 0, recall: 0, f1: 0 });
});

test("area under the ROC curve, equal scores counting half", () => {
  // roc_auc_score([0, 0, 1, 1], [.1, .4, .35, .8]) is 0.75
  near(rocArea([0.1, 0.4, 0.35, 0.8], [false, false, true, true])!, 0.75);
  near(rocArea([1, 1, 1, 1], [false, false, true, true])!, 0.5);
  near(rocArea([3, 1, 2], [true, false, false])!, 1);
  assert.equal(rocArea([1, 2], [true, true]), undefined);
});

test("errors of values", () => {
  const { mae, rmse, maxError, range, r2, psnr } = valueMetrics(
    [[3], [-0.5], [2], [7]],
    [[2.5], [0], [2], [8]],
  );
  near(mae, 0.5);
  near(rmse, Math.sqrt(0.375));
  near(maxError, 1);
  near(range, 7.5);
  // r2_score([3, -0.5, 2, 7], [2.5, 0, 2, 8])
  near(r2!, 0.9486081370449679);
  near(psnr, 20 * Math.log10(7.5 / Math.sqrt(0.375)));
  assert.equal(valueMetrics([[1], [1]], [[1], [1]]).r2, undefined);
  assert.deepEqual(rowErrors([[1, 3]], [[2, 1]]), [2.5]);
});

test("adjusted Rand index: names of groups do not matter", () => {
  near(adjustedRand([0, 0, 1, 1], [1, 1, 0, 0]), 1);
  // adjusted_rand_score([0, 0, 1, 2], [0, 0, 1, 1])
  near(adjustedRand([0, 0, 1, 2], [0, 0, 1, 1]), 0.5714285714285714);
});
