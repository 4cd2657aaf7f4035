/** Orders that nobody answers: taken back, or closed without their devices' word. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { version } from "../../support/two_versions.ts";
import { feedbackOf, type RawDevice, rawDevice } from "./raw_device.ts";
import { rollout, type Scene, scene, startRollout } from "./server_and_devices.ts";

function stage(
  count: number,
  plan: Readonly<Record<string, unknown>> = {},
): { at: Scene; devices: RawDevice[] } {
  const at = scene();
  const devices = Array.from({ length: count }, (_, i) => rawDevice(at, `d${i}`));
  for (const device of devices) device.links();
  startRollout(at, at.publish(version(2)), plan);
  return { at, devices };
}

const actionOf = (device: RawDevice): number => {
  const { deploymentBase, cancelAction } = device.links();
  return Number((deploymentBase ?? cancelAction)!.href.split("/").pop());
};

describe("an order that its device does not answer", () => {
  test("aborted by force: closed at once, and the device is free for the next one", () => {
    const { at, devices } = stage(2);
    const [dead] = devices as [RawDevice];
    const path = dead.download();
    at.operate("POST", "/rollouts/1/abort");
    at.clock.now += 30 * 86400;
    assert.equal(rollout(at, 1).stages[0]!.counts.running, 1);
    const { state, stages, refusals } = at.operate<ReturnType<typeof rollout>>(
      "POST",
      "/rollouts/1/abort?force=true",
    );
    assert.deepEqual([state, stages[0]!.counts.cancelled], ["aborted", 2]);
    assert.match(refusals[0]!.reason, /quit by admin without the device's word/);
    assert.equal(dead.ask("POST", path, feedbackOf("success")).status, 410);
    startRollout(at, at.publish(version(3)));
    assert.ok(dead.links()["deploymentBase"]);
    assert.equal(dead.links()["cancelAction"], undefined);
  });

  test("a running rollout, by force: one step", () => {
    const { at, devices } = stage(1);
    devices[0]!.download();
    at.operate("POST", "/rollouts/1/abort?force=true");
    assert.deepEqual(Object.keys(devices[0]!.links()), ["configData"]);
    const { entries } = at.operate<{ entries: { what: string; detail: string }[] }>("GET", "/audit");
    assert.equal(entries.at(-1)!.what, "quit rollout");
    assert.match(entries.at(-1)!.detail, /^1 orders/);
  });

  test("one device's order: asked to give up, then quit; the rollout goes on without it", () => {
    const { at, devices } = stage(2, { errors: 100 });
    const [dead, alive] = devices as [RawDevice, RawDevice];
    dead.download();
    const path = `/devices/d0/actions/${actionOf(dead)}`;
    at.operate("DELETE", path);
    assert.ok(dead.links()["cancelAction"]);
    assert.match(at.refused("DELETE", path)[1], /being taken back/);
    at.operate("DELETE", `${path}?force=true`);
    assert.match(at.refused("DELETE", `${path}?force=true`)[1], /found it closed/);
    assert.equal(at.refused("DELETE", "/devices/d1/actions/1")[0] >= 404, true);
    assert.equal(rollout(at, 1).stages[0]!.counts.cancelled, 1);
    alive.report("success");
    assert.equal(rollout(at, 1).state, "finished");
  });

  test("one that has not read its order is not asked", () => {
    const { at, devices } = stage(1);
    at.operate("DELETE", `/devices/d0/actions/${actionOf(devices[0]!)}`);
    assert.equal(devices[0]!.links()["cancelAction"], undefined);
    assert.equal(rollout(at, 1).state, "finished");
  });

  test("a rollout that is over stays over", () => {
    const { at } = stage(1);
    at.operate("POST", "/rollouts/1/abort");
    for (const command of ["start", "pause", "resume", "abort"])
      assert.match(
        at.refused("POST", `/rollouts/1/${command}`)[1],
        /expected a rollout that is .*, found aborted/,
      );
  });

  test("yes or no is said in words", () => {
    const { at } = stage(1);
    assert.match(
      at.refused("POST", "/rollouts/1/abort?force=1")[1],
      /force: expected true or false, found "1"/,
    );
  });
});
