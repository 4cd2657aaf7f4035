/** A day of twenty models, one of which is updated every minute; and what that wears. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { loadCore } from "../../../host/fleet/simulator/simulated_device.ts";
import { skipDevices } from "../../fleet/server/server_and_devices.ts";
import { liveFor, MODELS } from "./service_many.ts";

test("1 440 updates of twenty models that share RAM", { skip: skipDevices }, async () => {
  const wear = liveFor(await loadCore(), 1440);
  console.log(JSON.stringify(wear));
  assert.equal(wear.updates, 1440);
  assert.ok(wear.cuts >= 100, `${wear.cuts}`);
  // A slot is erased once in two updates of its model, and by those that power has cut.
  assert.ok(wear.slot <= 1440 / MODELS / 2 + 20, `${wear.slot}`);
});
