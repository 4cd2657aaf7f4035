/** The firmware's own update client against the real server: updates, refusals, cancellations, stages. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { version } from "../../support/two_versions.ts";
import { rawDevice } from "./raw_device.ts";
import { join, live, rollout, running, scene, skipDevices, startRollout } from "./server_and_devices.ts";

const LOST = { status: 0, headers: {}, body: [], whole: false };

const fleet = (at: ReturnType<typeof scene>, count: number) =>
  Array.from({ length: count }, (_, i) =>
    join(at, `device-${i}`, { attributes: { board: "c3", lot: `${i % 2}` } }),
  );

describe("devices at the server", { skip: skipDevices }, () => {
  test("a device registers itself, says what it is, and installs what it is offered", () => {
    const at = scene();
    const device = join(at, "device-0");
    live(at, [device], 130);
    const { devices } = at.operate<{ devices: { name: string; attributes: object; seen: string }[] }>(
      "GET",
      "/devices",
    );
    assert.deepEqual(
      devices.map(({ name, attributes }) => [name, attributes]),
      [["device-0", { board: "simulated", "version.adder": "1.0.0" }]],
    );
    const { id } = startRollout(at, at.publish(version(2)));
    live(at, [device], 130);
    assert.equal(running(device), 2);
    const { state, stages } = rollout(at, id);
    assert.equal(state, "finished");
    assert.equal(stages[0]!.counts.succeeded, 1);
    assert.deepEqual(at.operate<{ installed: object }>("GET", "/devices/device-0").installed, {
      adder: "2.0.0",
    });
  });

  test("goes on with a range where the connection broke", () => {
    const at = scene();
    const device = join(at, "device-0");
    live(at, [device], 70);
    startRollout(at, at.publish(version(2)));
    let breaks = 2;
    const statuses: number[] = [];
    live(at, [device], 300, (_, request, ask) => {
      const answer = ask();
      if (!request.url.includes("/artifacts/")) return answer;
      statuses.push(answer.status);
      return breaks-- > 0 ? { ...answer, body: [...answer.body].slice(0, 2), whole: false } : answer;
    });
    assert.deepEqual(statuses, [200, 206, 206]);
    assert.equal(running(device), 2);
  });

  test("a good version passes all stages, one after the other", () => {
    const at = scene();
    const devices = fleet(at, 10);
    live(at, devices, 70);
    const { id } = startRollout(at, at.publish(version(2)), {
      stages: [{ count: 1 }, { percent: 40 }, { rest: true }],
    });
    assert.deepEqual(
      rollout(at, id).stages.map(({ devices: size }) => size),
      [1, 4, 5],
    );
    const seen: string[] = [];
    for (let i = 0; i < 60 && rollout(at, id).state === "running"; i++) {
      live(at, devices, 10);
      const line = rollout(at, id).stages.map(({ started, counts }) => `${started ? counts.succeeded : "-"}`);
      assert.ok(line[1] === "-" || line[0] === "1", `${line}`);
      seen.push(line.join(" "));
    }
    assert.equal(rollout(at, id).state, "finished");
    assert.ok(new Set(seen).size >= 3, seen.join("; "));
    assert.deepEqual(devices.map(running), Array(10).fill(2));
  });

  test("a bad version is rolled back, retried, and never passes the first stage", () => {
    const at = scene();
    const devices = fleet(at, 8);
    live(at, devices, 70);
    const { id } = startRollout(at, at.publish(version(2, { traps: true })), {
      stages: [{ count: 2 }, { rest: true }],
      retries: 1,
    });
    live(at, devices, 600);
    const { state, reason, stages, refusals } = rollout(at, id);
    assert.equal(state, "stopped");
    assert.match(reason, /^stage 1: [12] of 2 devices failed \((50|100) %\), the limit is 10 %$/);
    assert.equal(stages[1]!.counts.cancelled, 6);
    assert.match(refusals[0]!.reason, /trap/);
    assert.deepEqual(devices.map(running), Array(8).fill(1));
    const { devices: failed } = at.operate<{ devices: { attempts: number }[] }>(
      "GET",
      `/rollouts/${id}/devices?state=failed`,
    );
    assert.ok(failed.every(({ attempts }) => attempts === 2));
  });

  test("a device that refuses an image says why: an older security counter", () => {
    const at = scene();
    const device = join(at, "device-0", { first: version(3) });
    live(at, [device], 70);
    const { id } = startRollout(at, at.publish(version(2)), { retries: 0, allowDowngrade: true });
    live(at, [device], 200);
    assert.equal(running(device), 3);
    assert.match(rollout(at, id).refusals[0]!.reason, /security counter/);
  });

  test("paused: what was begun ends, what was not stays; resumed: all of it", () => {
    const at = scene();
    const devices = fleet(at, 4);
    live(at, devices, 70);
    const { id } = startRollout(at, at.publish(version(2)), { stages: [{ count: 1 }, { rest: true }] });
    at.operate("POST", `/rollouts/${id}/pause`);
    live(at, devices, 200);
    assert.deepEqual(devices.map(running), [1, 1, 1, 1]);
    at.operate("POST", `/rollouts/${id}/resume`);
    live(at, devices, 400);
    assert.deepEqual(devices.map(running), [2, 2, 2, 2]);
    assert.equal(rollout(at, id).state, "finished");
  });

  test("aborted amid the download: the device gives up and says so", () => {
    const at = scene();
    const device = join(at, "device-0");
    live(at, [device], 70);
    const { id } = startRollout(at, at.publish(version(2)));
    const broken = new Set<string>();
    live(at, [device], 70, (_, request, ask) => {
      const answer = ask();
      if (!request.url.includes("/artifacts/")) return answer;
      broken.add(request.url);
      return { ...answer, body: [...answer.body].slice(0, 1), whole: false };
    });
    assert.equal(broken.size, 1);
    assert.equal(device.device.services[0]!.record().state, "download");
    at.operate("POST", `/rollouts/${id}/abort`);
    live(at, [device], 200);
    assert.equal(running(device), 1);
    assert.equal(device.device.services[0]!.record().state, "idle");
    const { state, stages } = rollout(at, id);
    assert.deepEqual([state, stages[0]!.counts.cancelled], ["aborted", 1]);
    const { actions } = at.operate<{ actions: { state: string }[] }>("GET", "/devices/device-0/actions");
    assert.deepEqual(
      actions.map((action) => action.state),
      ["closed"],
    );
  });

  test("aborted when it is in service already: the device says so, and the server hears of the success", () => {
    const at = scene();
    const device = join(at, "device-0");
    live(at, [device], 70);
    const { id } = startRollout(at, at.publish(version(2)));
    live(at, [device], 130, (_, request, ask) => (request.body?.includes("success") ? LOST : ask()));
    assert.equal(running(device), 2);
    at.operate("POST", `/rollouts/${id}/abort`);
    live(at, [device], 200);
    const { state, stages } = rollout(at, id);
    assert.deepEqual([state, stages[0]!.counts.succeeded], ["aborted", 1]);
    assert.deepEqual(at.operate<{ installed: object }>("GET", "/devices/device-0").installed, {
      adder: "2.0.0",
    });
  });

  test("a device with a token of its own speaks with no other, and the gateway's is not needed", () => {
    const at = scene();
    const { token } = at.operate<{ token: string }>("POST", "/devices", { name: "own" });
    const device = join(at, "own", { authorization: `TargetToken ${token}` });
    live(at, [device], 70);
    startRollout(at, at.publish(version(2)));
    live(at, [device], 130);
    assert.equal(running(device), 2);
    const renewed = at.operate<{ token: string }>("POST", "/devices/own/token").token;
    assert.notEqual(renewed, token);
    const url = "/DEFAULT/controller/v1/own";
    assert.equal(at.ask({ url, headers: { authorization: `TargetToken ${token}` } }).status, 401);
    assert.equal(at.ask({ url, headers: { authorization: `TargetToken ${renewed}` } }).status, 200);
  });

  test("a minimum version leaves out who is older, or unknown; what a device runs counts", () => {
    const at = scene();
    const known = [1, 2].map((each) => join(at, `device-${each}`, { first: version(each) }));
    live(at, known, 70);
    rawDevice(at, "unknown").configure({ a: "b" });
    const { id } = startRollout(at, at.publish(version(3)), { minVersion: "2.0.0" });
    live(at, known, 200);
    assert.deepEqual(known.map(running), [1, 3]);
    const { state, refusals } = rollout(at, id);
    assert.equal(state, "finished");
    assert.deepEqual(refusals.map(({ reason }) => reason).sort(), [
      "expected at least version 2.0.0, found 1.0.0",
      "expected at least version 2.0.0, found none that is known",
    ]);
    // Two versions on, by what the device has said since.
    const next = startRollout(at, at.publish(version(4)), {
      minVersion: "3.0.0",
      query: "version.adder=3.0.0",
    });
    live(at, known, 200);
    assert.deepEqual([running(known[1]!), rollout(at, next.id).state], [4, "finished"]);
  });

  test("a query picks the group", () => {
    const at = scene();
    const devices = fleet(at, 6);
    live(at, devices, 70);
    startRollout(at, at.publish(version(2)), { query: "board=c*,lot=1" });
    live(at, devices, 200);
    assert.deepEqual(devices.map(running), [1, 2, 1, 2, 1, 2]);
  });
});
