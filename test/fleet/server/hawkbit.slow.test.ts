/** The firmware's own C code, simulated, against a real hawkBit that is driven by our management. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join as pathOf } from "node:path";
import { after, describe, test } from "node:test";
import { buildWasm, wasmAvailability } from "../../../host/firmware/wasm_build.ts";
import { groupPercentages, hawkbitManagement, hawkbitQuery } from "../../../host/fleet/server/hawkbit.ts";
import { ManagementError, type RolloutState } from "../../../host/fleet/server/management.ts";
import type { Answer, Request } from "../../../host/fleet/simulator/ddi.ts";
import { thimble } from "../../support/command.ts";
import { scratchFolder } from "../../support/folders.ts";
import { infer, version } from "../../support/two_versions.ts";
import { type Member, type MemberOptions, member, register, wake, wakeAll } from "./hawkbit/devices.ts";
import { hawkbitAvailability, startHawkbit } from "./hawkbit/real_server.ts";

test("terms become hawkBit's", () => {
  assert.equal(hawkbitQuery(""), "controllerid==*");
  assert.equal(hawkbitQuery("board=esp32, name=a*"), "attribute.board=='esp32';controllerid=='a*'");
  assert.equal(hawkbitQuery("site=O'Hare"), "attribute.site=='O\\'Hare'");
  assert.throws(() => hawkbitQuery("board"), ManagementError);
  assert.throws(() => hawkbitQuery("a;b=c"), ManagementError);
});

test("stages of all devices become groups of those that are left", () => {
  assert.deepEqual(groupPercentages([{ count: 10 }, { percent: 45 }, { rest: true }], 100), [10, 50, 100]);
  assert.deepEqual(groupPercentages([{ count: 5 }, { rest: true }], 3), [100, 100]);
});

const availabilities = [await wasmAvailability(), await hawkbitAvailability()];
const missing = availabilities.find(({ available }) => !available);
const skip = missing && !missing.available ? `${missing.reason}; install: ${missing.install}` : false;

const scratch = scratchFolder();
const FLEET = 200;
const isDownload = ({ url }: Request): boolean => url.includes("/artifacts/");

describe("a real hawkBit", { skip }, async () => {
  if (skip !== false) return;
  const core = new WebAssembly.Module(await buildWasm());
  const hawkbit = await startHawkbit();
  after(hawkbit.stop);
  const management = hawkbitManagement(hawkbit);
  const [first, second, trap] = [version(1), version(2), version(3, { traps: true })];

  const join = async (
    prefix: string,
    count: number,
    attributes?: Record<string, string>,
  ): Promise<Member[]> => {
    const options = Array.from({ length: count }, (_, i): MemberOptions => {
      const name = `${prefix}-${String(i).padStart(3, "0")}`;
      return { name, token: `secret of ${name}`, seed: i + 1, ...(attributes && { attributes }) };
    });
    await register(hawkbit, options);
    return options.map((each) => member(core, hawkbit, first, each));
  };
  const is =
    (id: number, ...states: readonly RolloutState[]) =>
    async (): Promise<boolean> =>
      states.includes((await management.status(id)).state);
  const running = (fleet: readonly Member[]): number[] => fleet.map(({ device }) => infer(device));
  const plan = { stages: [{ rest: true }], success: 90, errors: 10, retries: 0 } as const;

  test("publishes an image once", async () => {
    const published = await management.publish(second);
    assert.deepEqual(
      [published.model, published.version, published.bytes],
      ["adder", "2.0.0", second.length],
    );
    assert.deepEqual(await management.publish(second), published);
    assert.deepEqual(await management.images(), [published]);
    await assert.rejects(management.publish(version(2, { padding: 9001 })), /a version has one image/);
  });

  test("is driven by the commands with the same words", async () => {
    const file = pathOf(scratch, "two.img");
    writeFileSync(file, second);
    const [one] = await join("commanded", 1, { board: "commanded" });
    await wake(one!);
    const env = { THIMBLE_SERVER: `hawkbit+${hawkbit.url}`, THIMBLE_TOKEN: hawkbit.token };
    const published = thimble(["publish", file, "--json"], { env });
    assert.equal(published.status, 0, published.stderr);
    const { id } = JSON.parse(published.stdout.toString()) as { id: number };
    const start = ["rollout", "start", `${id}`, "--query", "board=commanded", "--json"];
    assert.match(thimble(start, { env }).stderr, /expected retries 0, found 1/);
    const started = thimble([...start, "--retries", "0"], { env });
    assert.equal(started.status, 0, started.stderr);
    const rollout = JSON.parse(started.stdout.toString()) as { id: number };
    await wakeAll([one!], is(rollout.id, "finished"));
    assert.equal(infer(one!.device), 2);
  });

  test("refuses what hawkBit has not", async () => {
    await assert.rejects(management.start({ ...plan, image: 1, retries: 1 }), /expected retries 0, found 1/);
    await assert.rejects(management.start({ ...plan, image: 1, minVersion: "1.0.0" }), /no minVersion/);
    await assert.rejects(management.start({ ...plan, image: 1, query: "board=none" }), /expected devices/);
    await assert.rejects(management.status(999), /GET rollouts\/999: expected success, found status 404/);
  });

  test("a device says what it is, goes on where its download broke, and reports", async () => {
    const [one] = await join("ranged", 1, { board: "ranged" });
    await wake(one!);
    assert.deepEqual(one!.transcript, ["GET   200", "PUT configData  200", "GET   200"]);
    const { id } = await management.start({
      ...plan,
      image: (await management.publish(second)).id,
      query: "board=ranged",
    });
    let cuts = 0;
    const cut = (request: Request, answer: Answer): Answer => {
      if (!isDownload(request) || cuts++ > 0) return answer;
      return { ...answer, body: [...answer.body].map((piece) => piece.subarray(0, 5000)), whole: false };
    };
    await wakeAll([one!], is(id, "finished"), cut);
    assert.equal(infer(one!.device), 2);
    const downloads = one!.transcript.filter((line) => line.includes("artifacts"));
    assert.equal(downloads.length, 2);
    assert.match(downloads[1]!, /bytes=5000- 206$/);
    const { stages } = await management.status(id);
    assert.equal(stages[0]!.counts.succeeded, 1);
  });

  test("a device without attributes says its model's version, unasked, and is updated too", async () => {
    const [one] = await join("silent", 1);
    await wake(one!);
    const { id } = await management.start({
      ...plan,
      image: (await management.publish(second)).id,
      query: "name=silent-*",
    });
    await wakeAll([one!], is(id, "finished"));
    assert.equal(infer(one!.device), 2);
    // At its first poll, and with the new version.
    assert.equal(one!.transcript.filter((line) => line === "PUT configData  200").length, 2);
  });

  test("an update that is taken back is not installed", async () => {
    const [one] = await join("cancelled", 1, { board: "cancelled" });
    await wake(one!);
    const { id } = await management.start({
      ...plan,
      image: (await management.publish(second)).id,
      query: "board=cancelled",
    });
    const never = (request: Request, answer: Answer): Answer =>
      isDownload(request) ? { ...answer, status: 503, body: [] } : answer;
    await wakeAll([one!], () => one!.device.services[0]!.record().state === "download", never);
    assert.equal((await management.abort(id)).state, "aborted");
    for (let i = 0; i < 5; i++) await wake(one!);
    assert.equal(infer(one!.device), 1);
    assert.equal(one!.device.services[0]!.record().state, "idle");
    assert.ok(one!.transcript.some((line) => /POST cancelAction\/\d+\/feedback {2}200/.test(line)));
  });

  test(`${FLEET} devices in stages; then a bad version that never leaves the first`, async (t) => {
    const fleet = await join("fleet", FLEET, { board: "fleet" });
    const began = performance.now();
    await wakeAll(fleet, () => fleet.every(({ transcript }) => transcript.length > 0));
    const stages = [{ count: 10 }, { percent: 45 }, { rest: true }] as const;
    const good = await management.start({
      ...plan,
      stages,
      image: (await management.publish(second)).id,
      query: "board=fleet",
    });
    assert.deepEqual(
      good.stages.map(({ devices }) => devices),
      [10, 90, 100],
    );
    await wakeAll(fleet, is(good.id, "finished", "stopped"));
    assert.equal((await management.status(good.id)).state, "finished");
    assert.deepEqual(new Set(running(fleet)), new Set([2]));

    const { id: bad } = await management.publish(trap);
    const { id } = await management.start({ ...plan, stages, image: bad, query: "board=fleet" });
    await wakeAll(fleet, is(id, "finished", "stopped"));
    const status = await management.status(id);
    assert.equal(status.state, "stopped");
    assert.match(status.reason, /^stage 1:/);
    assert.deepEqual(
      status.stages.map(({ started }) => started),
      [true, false, false],
    );
    assert.match(status.refusals[0]!.reason, /trapped/);
    assert.deepEqual(new Set(running(fleet)), new Set([2]));
    const requests = fleet.reduce((sum, { transcript }) => sum + transcript.length, 0);
    t.diagnostic(
      `${FLEET} devices, ${requests} requests, ${((performance.now() - began) / 1000).toFixed(1)} s`,
    );
  });
});
