/** The fleet never goes back unasked: what runs, what is on its way, and what a device says of itself decide. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { version } from "../../support/two_versions.ts";
import { feedbackOf, type RawDevice, rawDevice } from "./raw_device.ts";
import {
  join,
  live,
  rollout,
  running,
  type Scene,
  scene,
  skipDevices,
  startRollout,
} from "./server_and_devices.ts";

interface Member {
  readonly name: string;
  readonly state: string;
  readonly reason: string;
}

const members = (at: Scene, id: number): string[] =>
  at
    .operate<{ devices: Member[] }>("GET", `/rollouts/${id}/devices`)
    .devices.map(({ name, state, reason }) => `${name} ${state} ${reason}`.trim());

const installed = (at: Scene, name: string): string | undefined =>
  at.operate<{ installed: Record<string, string> }>("GET", `/devices/${name}`).installed["adder"];

function devicesAt(at: Scene, ...names: readonly string[]): RawDevice[] {
  const devices = names.map((name) => rawDevice(at, name));
  for (const device of devices) device.configure({ board: "c3" });
  return devices;
}

const offered = (device: RawDevice): string | undefined => device.links()["deploymentBase"]?.href;

describe("an older rollout beside a newer one", () => {
  test("paused before its devices have heard of it, then resumed: nobody goes back", () => {
    const at = scene();
    const [a, b] = devicesAt(at, "a", "b") as [RawDevice, RawDevice];
    const [old, young] = [at.publish(version(2)), at.publish(version(3))];
    startRollout(at, old, { stages: [{ count: 1 }, { rest: true }] });
    at.operate("POST", "/rollouts/1/pause");
    startRollout(at, young);
    for (const device of [a, b]) assert.equal(device.report("success").status, 200);
    at.operate("POST", "/rollouts/1/resume");
    assert.deepEqual([offered(a), offered(b)], [undefined, undefined]);
    assert.equal(rollout(at, 1).state, "finished");
    assert.equal(installed(at, "a"), "3.0.0");
    assert.ok(
      members(at, 1).every((line) => line.includes("skipped")),
      `${members(at, 1)}`,
    );
  });

  test("begun already: the device is asked to give up, then gets the newer one", () => {
    const at = scene();
    const [a] = devicesAt(at, "a") as [RawDevice];
    startRollout(at, at.publish(version(2)));
    const first = a.download();
    startRollout(at, at.publish(version(3)));
    const { cancelAction, deploymentBase } = a.links();
    assert.equal(deploymentBase, undefined);
    a.ask("GET", cancelAction!.href);
    assert.equal(a.ask("POST", `${cancelAction!.href}/feedback`, feedbackOf("success")).status, 200);
    assert.match(members(at, 1)[0]!, /^a cancelled superseded by 3\.0\.0 of adder-3\.0\.0-2$/);
    assert.equal(a.ask("POST", first, feedbackOf("success")).status, 410);
    assert.equal(a.report("success").status, 200);
    assert.equal(installed(at, "a"), "3.0.0");
  });

  test("too late to give up: the older one ends, the newer one follows", () => {
    const at = scene();
    const [a] = devicesAt(at, "a") as [RawDevice];
    startRollout(at, at.publish(version(2)));
    const first = a.download();
    startRollout(at, at.publish(version(3)));
    const { href } = a.links()["cancelAction"]!;
    assert.equal(a.ask("POST", `${href}/feedback`, feedbackOf("none", [], "rejected")).status, 200);
    assert.equal(a.ask("POST", first, feedbackOf("success")).status, 200);
    assert.equal(a.report("success").status, 200);
    assert.equal(installed(at, "a"), "3.0.0");
  });

  test("a newer one on its way holds the older one's next stage; one that waits with its rollout does not", () => {
    const at = scene();
    devicesAt(at, "a");
    const [old, young] = [at.publish(version(2)), at.publish(version(3))];
    startRollout(at, young);
    assert.match(members(at, startRollout(at, old).id)[0]!, /^a skipped 3\.0\.0 is on its way/);
    at.operate("POST", "/rollouts/1/pause");
    assert.match(members(at, startRollout(at, old).id)[0]!, /^a running$/);
  });

  test("a device that says meanwhile that it runs a newer one is not offered the older one", () => {
    const at = scene();
    const [a] = devicesAt(at, "a") as [RawDevice];
    startRollout(at, at.publish(version(2)));
    const action = offered(a)!;
    a.configure({ "version.adder": "2.1" });
    assert.equal(a.ask("GET", action).status, 404);
    assert.equal(offered(a), undefined);
    assert.deepEqual(members(at, 1), ["a skipped runs 2.1, which is newer than 2.0.0"]);
    assert.equal(rollout(at, 1).state, "finished");
  });

  test("a failure is not retried with what is older by now", () => {
    const at = scene();
    const [a] = devicesAt(at, "a") as [RawDevice];
    startRollout(at, at.publish(version(2)), { retries: 3, errors: 100 });
    const first = a.download();
    a.configure({ version: "2.5.0" });
    a.ask("POST", first, feedbackOf("failure", ["trapped"]));
    assert.equal(offered(a), undefined);
    assert.match(members(at, 1)[0]!, /skipped runs 2\.5\.0/);
  });

  test("other models of a device are none of its business", () => {
    const at = scene();
    const [a] = devicesAt(at, "a") as [RawDevice];
    a.configure({ "version.other": "9.0.0" });
    startRollout(at, at.publish(version(2)));
    assert.ok(offered(a));
  });

  test("going back is ordered by name, and the audit says so", () => {
    const at = scene();
    const [a] = devicesAt(at, "a") as [RawDevice];
    const [old, young] = [at.publish(version(2)), at.publish(version(3))];
    startRollout(at, young);
    a.report("success");
    assert.match(
      members(at, startRollout(at, old).id)[0]!,
      /^a skipped runs 3\.0\.0, which is newer than 2\.0\.0$/,
    );
    const back = startRollout(at, old, { allowDowngrade: true });
    assert.equal(back.allowDowngrade, true);
    assert.equal(a.report("success").status, 200);
    assert.equal(installed(at, "a"), "2.0.0");
    const { entries } = at.operate<{ entries: { what: string; detail: string }[] }>("GET", "/audit");
    const said = entries.filter(({ detail }) => /allowDowngrade|going back is allowed/.test(detail));
    assert.deepEqual(
      said.map(({ what }) => what),
      ["create rollout", "start stage"],
    );
    assert.match(
      at.refused("POST", "/rollouts", { image: old, stages: [{ rest: true }], allowDowngrade: 1 })[1],
      /allowDowngrade/,
    );
  });

  test("going back takes back what is newer and on its way", () => {
    const at = scene();
    const [a] = devicesAt(at, "a") as [RawDevice];
    const [old, young] = [at.publish(version(2)), at.publish(version(3))];
    startRollout(at, young);
    startRollout(at, old, { allowDowngrade: true });
    assert.match(members(at, 1)[0]!, /^a skipped superseded by 2\.0\.0/);
    assert.equal(rollout(at, 1).state, "finished");
    a.report("success");
    assert.equal(installed(at, "a"), "2.0.0");
  });
});

describe("what a device says it runs", () => {
  for (const key of ["version", "version.adder"])
    test(`${key}: newer than what it confirmed here, until it confirms again`, () => {
      const at = scene();
      const [a] = devicesAt(at, "a") as [RawDevice];
      a.configure({ [key]: "1.0.0" });
      const image = at.publish(version(2));
      startRollout(at, image);
      a.report("success");
      assert.equal(installed(at, "a"), "2.0.0");
      // A cable: the very same words as before the update.
      a.configure({ [key]: "1.0.0" });
      assert.equal(installed(at, "a"), "1.0.0");
      const again = startRollout(at, image);
      assert.equal(a.report("success").status, 200);
      assert.equal(rollout(at, again.id).stages[0]!.counts.succeeded, 1);
      assert.equal(installed(at, "a"), "2.0.0");
      assert.match(members(at, startRollout(at, image).id)[0]!, /skipped runs 2\.0\.0 already/);
    });

  test("attributes without a version say nothing about it", () => {
    const at = scene();
    const [a] = devicesAt(at, "a") as [RawDevice];
    const image = at.publish(version(2));
    startRollout(at, image);
    a.report("success");
    a.configure({ board: "c6" });
    assert.equal(installed(at, "a"), "2.0.0");
    assert.match(members(at, startRollout(at, image).id)[0]!, /skipped runs 2\.0\.0 already/);
  });

  test("it is asked again: after an update, after a day, and when an operator wants to know", () => {
    const at = scene();
    const [a] = devicesAt(at, "a") as [RawDevice];
    const isAsked = (): boolean => a.links()["configData"] !== undefined;
    assert.equal(isAsked(), false);
    startRollout(at, at.publish(version(2)));
    a.report("success");
    assert.equal(isAsked(), true);
    a.configure({ board: "c3" });
    assert.equal(isAsked(), false);
    at.clock.now += 24 * 3600 - 1;
    assert.equal(isAsked(), false);
    at.clock.now += 1;
    assert.equal(isAsked(), true);
    a.configure({ board: "c3" });
    assert.equal(isAsked(), false);
    at.operate("POST", "/devices/a/attributes");
    assert.equal(isAsked(), true);
  });

  test("versions that are written otherwise count too for the least one", () => {
    const at = scene();
    const said = { a: "1.10.0", b: "1.9", c: "1.9.0-rc1", d: "v1.9.0", e: "1.9.0+1", f: "1.8.99" };
    for (const [name, text] of Object.entries(said)) rawDevice(at, name).configure({ version: text });
    startRollout(at, at.publish(version(2)), { minVersion: "1.9.0" });
    const left = members(at, 1).filter((line) => line.includes("skipped"));
    assert.deepEqual(
      left.map((line) => line[0]),
      ["c", "f"],
    );
  });
});

describe("simulated devices", { skip: skipDevices }, () => {
  test("a paused older rollout that resumes takes nobody back", () => {
    const at = scene();
    const devices = Array.from({ length: 4 }, (_, i) => join(at, `device-${i}`));
    live(at, devices, 70);
    const [old, young] = [at.publish(version(2)), at.publish(version(3))];
    startRollout(at, old, { stages: [{ count: 1 }, { rest: true }] });
    at.operate("POST", "/rollouts/1/pause");
    startRollout(at, young);
    live(at, devices, 200);
    at.operate("POST", "/rollouts/1/resume");
    live(at, devices, 200);
    assert.deepEqual(devices.map(running), [3, 3, 3, 3]);
  });
});
