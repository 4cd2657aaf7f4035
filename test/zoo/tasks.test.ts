/** Pipelines and tasks of the zoo: ONNX Runtime says what the import says, and the module in wasm3 loses no more than it may. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { checkPipeline, measurePipeline, pipelines } from "./tasks.ts";

/** A forest beside a linear model on one input, and some of each task: `npm run zoo` and the slow tests build them all. */
const BUILT = [
  "vote_linear_tree",
  "selected_forest",
  "calibrated_forest",
  "sgd_binary",
  "huber",
  "isolation_forest",
  "reconstruction",
  "adaboost_classes",
  "isotonic_forest",
  "polynomial_pairs",
  "quadratic_discriminant_scaled",
  "labels_forest",
  "nearest_raw",
  "labels_nearest",
  // Trees side by side, each of a scale of its own, and beside other values.
  "bagged_trees",
  "stack_passthrough",
];

describe("ONNX Runtime says the same", () => {
  for (const pipeline of pipelines)
    test(pipeline.name, async () => {
      const { rows, edges } = await checkPipeline(pipeline);
      assert.equal(rows, edges + 20);
    });
});

describe("the module in wasm3 loses no more than it may, on rows that nothing has seen", () => {
  for (const pipeline of pipelines.filter(({ name }) => BUILT.includes(name)))
    test(pipeline.name, async () => {
      const { built, loss } = await measurePipeline(pipeline);
      assert.equal(built.metadata.task, pipeline.task);
      assert.ok(loss <= 1, `${loss} times what may be lost`);
    });
});

test("the zoo has what it should: every task", () => {
  assert.equal(pipelines.length, 81);
  assert.deepEqual([...new Set(pipelines.map(({ task }) => task))].sort(), [
    "anomaly",
    "autoencoder",
    "classification",
    "clustering",
    "regression",
  ]);
});
