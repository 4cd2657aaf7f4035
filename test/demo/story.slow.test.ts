/** The story at the end of `npm start`, with what it leaves behind. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { playStory } from "../../host/demo/story.ts";
import { wasmAvailability } from "../../host/firmware/wasm_build.ts";

const availability = await wasmAvailability();
const skip = availability.available ? false : `${availability.reason}: ${availability.install}`;

test("a drift is noticed, told, learnt from, compared and rolled out, with nobody touching anything", {
  skip,
}, async () => {
  const { accuracy, alerts, samples, rollout, versions, state } = await playStory(() => {});
  assert.ok(
    accuracy.before > 0.95 && accuracy.drifted < 0.75 && accuracy.after > 0.95,
    JSON.stringify(accuracy),
  );
  assert.ok(samples >= 400, `${samples}`);
  const firing = alerts
    .filter((text) => text.startsWith("firing"))
    .map((text) => text.slice("firing".length));
  const resolved = alerts
    .filter((text) => text.startsWith("resolved"))
    .map((text) => text.slice("resolved".length));
  assert.deepEqual([...resolved].sort(), [...firing].sort(), "each alert is resolved, once");
  assert.deepEqual(new Set(versions), new Set(["1.1.0"]));
  assert.equal(state, "well");
  const { shadow, stages, state: end } = rollout!;
  assert.deepEqual([end, stages.map(({ counts }) => counts.succeeded)], ["finished", [3, 4, 3]]);
  assert.ok(shadow!.compared >= 300 && shadow!.agreed < 0.8 * shadow!.compared && shadow!.failed === 0);
});
