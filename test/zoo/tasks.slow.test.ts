/** Every pipeline and task of the zoo as a module in wasm3. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { measurePipeline, mostLost, pipelines } from "./tasks.ts";

for (const pipeline of pipelines) {
  test(pipeline.name, async () => {
    const { built, loss } = await measurePipeline(pipeline);
    assert.equal(built.metadata.task, pipeline.task);
    assert.ok(loss <= mostLost(pipeline), `${loss} times what may be lost`);
  });
}
