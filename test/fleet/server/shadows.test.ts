/** Versions beside the one in service, on simulated devices with the real core: compared there, and the rollout follows. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import type { RolloutStatus } from "../../../host/fleet/server/management.ts";
import { judgeShadow } from "../../../host/fleet/server/shadows.ts";
import type { Reply } from "../../../host/fleet/simulator/network.ts";
import { randomOf } from "../../../host/fleet/simulator/random.ts";
import {
  loadCore,
  type SimulatedDevice,
  simulatedDevice,
} from "../../../host/fleet/simulator/simulated_device.ts";
import { parseImage } from "../../../host/image/mcuboot.ts";
import { build } from "../../../host/pipeline.ts";
import { scratchFolder } from "../../support/folders.ts";
import { modelPath } from "../../support/models.ts";
import { key } from "../../support/signed_images.ts";
import { signed, type WatchedModel, watchedWine, wineRows } from "../../support/watched.ts";
import { type Scene, scene, skipDevices } from "./server_and_devices.ts";

const HOUR = 3600;
const folder = scratchFolder();

describe("the verdict on a shadow", () => {
  const plan = { agreement: 90, least: 100 };
  const limits = { errors: 10, findings: [] };
  const judged = (compared: number, agreed: number, failed: number): string => {
    const verdict = judgeShadow({ compared, agreed, failed }, plan, limits);
    return verdict.kind === "stop" ? verdict.reason : verdict.kind;
  };

  test("waits, passes, or says why not", () => {
    assert.equal(judged(99, 0, 0), "wait");
    assert.equal(judged(100, 90, 0), "pass");
    assert.equal(judged(100, 89, 0), "shadow: 89 of 100 decisions agree (89 %), expected 90 %");
    assert.equal(judged(91, 91, 9), "pass");
    assert.match(judged(90, 90, 10), /^shadow: 10 of 100 inferences failed \(10 %\), the limit is 10 %$/);
    assert.match(judged(0, 0, 100), /100 of 100 inferences failed/);
    const finding = {
      kind: "shift",
      subject: "ash",
      text: "moved",
      test: "psi",
      statistic: 1,
      threshold: 0,
    } as const;
    const verdict = judgeShadow({ compared: 100, agreed: 100, failed: 0 }, plan, {
      errors: 10,
      findings: [finding],
    });
    assert.deepEqual(verdict, { kind: "stop", reason: "shadow: shift of ash: moved" });
  });
});

describe("a shadow on devices", { skip: skipDevices }, () => {
  let core: WebAssembly.Module;
  let wine: WatchedModel;
  let same: WatchedModel;
  let worse: WatchedModel;
  const familiar = wineRows("wine.calibration.csv");

  before(async () => {
    core = await loadCore();
    wine = await watchedWine(key);
    same = signed(parseImage(wine.image).body, key, "2.0.0");
    // Calibrated on a few rows of one class: its integers do not reach the others.
    const few = join(folder, "few.csv");
    writeFileSync(
      few,
      familiar
        .slice(0, 3)
        .map((row) => `${row.map((x) => x / 4).join(",")}\n`)
        .join(""),
    );
    const { module } = await build({
      model: modelPath("wine_dense.onnx"),
      calibration: few,
      name: "wine",
      version: "2.0.0",
      quantization: { precision: "int8" },
      monitor: { every: 1 },
      engines: [],
    });
    worse = signed(module, key, "2.0.0");
  });

  function fleet(at: Scene, count: number): SimulatedDevice[] {
    return Array.from({ length: count }, (_, i) =>
      simulatedDevice(core, {
        id: `device-${i}`,
        seed: i + 1,
        clock: at.clock,
        keys: [key],
        models: [{ image: wine.image, ramBytes: 24_576 }],
        monitor: { interval: HOUR, saveEvery: 0 },
        shadow: true,
        confirmAfter: 1,
        server: {
          url: `https://updates.example/DEFAULT/controller/v1/device-${i}`,
          authorization: `GatewayToken ${at.gateway}`,
          handler: (request) => at.server.handle(request) as Reply,
        },
        inferEvery: 1e9,
      }),
    );
  }

  async function hours(at: Scene, devices: readonly SimulatedDevice[], count: number): Promise<void> {
    const random = randomOf(at.clock.now + 1);
    for (const end = at.clock.now + count * HOUR; at.clock.now < end; at.clock.now += 60) {
      for (const device of devices) {
        if (device.isOn) device.infer([familiar[random() % familiar.length]!]);
        await device.step();
      }
    }
  }
  const versions = (devices: readonly SimulatedDevice[]): (string | undefined)[] =>
    devices.map((device) => device.version());
  const start = (at: Scene, image: Uint8Array, shadow: object): (() => RolloutStatus) => {
    const plan = { image: at.publish(image), stages: [{ count: 2 }, { rest: true }], shadow };
    const { id } = at.operate<RolloutStatus>("POST", "/rollouts?start=true", plan);
    return () => at.operate("GET", `/rollouts/${id}`);
  };

  test("compares a version without any device installing it; then the rollout goes on by stages", async () => {
    const at = scene({ poll: 600 });
    const devices = fleet(at, 4);
    at.publish(wine.image);
    await hours(at, devices, 1);
    const status = start(at, same.image, { agreement: 99, least: 150 });
    await hours(at, devices, 1);
    assert.deepEqual(versions(devices), ["1.0.0", "1.0.0", "1.0.0", "1.0.0"]);
    const held = devices.filter((device) => device.record().held);
    assert.equal(held.length, 2, "two have it, and wait");
    assert.deepEqual(status().shadow, {
      agreement: 99,
      least: 150,
      running: true,
      compared: 0,
      agreed: 0,
      failed: 0,
    });
    await hours(at, devices, 2);
    const { shadow } = status();
    assert.ok(shadow!.compared >= 150 && shadow!.agreed === shadow!.compared && shadow!.failed === 0);
    assert.equal(shadow!.running, false);
    await hours(at, devices, 4);
    assert.deepEqual(versions(devices), ["2.0.0", "2.0.0", "2.0.0", "2.0.0"]);
    assert.equal(status().state, "finished");
    const audit = JSON.stringify(at.operate("GET", "/audit"));
    assert.match(audit, /end shadow.*decisions agree \(100 %\)/);
  });

  test("that decides otherwise stops the rollout, by as many as the devices have seen; no device has run it", async () => {
    const at = scene({ poll: 600 });
    const devices = fleet(at, 3);
    at.publish(wine.image);
    await hours(at, devices, 1);
    const status = start(at, worse.image, { agreement: 95, least: 100 });
    await hours(at, devices, 4);
    const { state, reason, shadow } = status();
    assert.equal(state, "stopped", JSON.stringify(status()));
    assert.match(reason, /^shadow: \d+ of \d+ decisions agree \([\d.]+ %\), expected 95 %$/);
    assert.ok(shadow!.compared >= 100 && shadow!.agreed < 0.95 * shadow!.compared);
    await hours(at, devices, 1);
    assert.deepEqual(versions(devices), ["1.0.0", "1.0.0", "1.0.0"]);
    assert.ok(
      devices.every((device) => device.record().state === "idle"),
      "called back",
    );
  });

  test("counts as the host does where two versions part, and changes no answer of the one in service", async () => {
    const device = simulatedDevice(core, {
      keys: [key],
      models: [{ image: wine.image, ramBytes: 24_576 }],
      monitor: {},
      shadow: true,
    });
    const other = simulatedDevice(core, { keys: [key], models: [{ image: worse.image, ramBytes: 24_576 }] });
    assert.ok(device.boot() && other.boot());
    const before = familiar.map((row) => device.infer([row]));
    const [service, shadow] = [device.core!.services[0]!, device.core!.monitors[1]!];
    assert.equal(shadow.tick(60, 0), -1, "nothing waits");
    assert.equal(service.begin({ size: worse.image.length, action: 1, tag: 1 }), 0);
    assert.equal(service.write(worse.image), 0);
    assert.equal(service.hold(true), 0);
    assert.equal(service.finish(), 0);
    assert.equal(shadow.tick(120, 0), 0);
    assert.deepEqual(
      familiar.map((row) => device.infer([row])),
      before,
    );
    const decided = (each: SimulatedDevice): number[] =>
      familiar.map((row) => each.decide([row]).classNumber);
    const theirs = decided(other);
    const agreed = decided(device).filter((classNumber, i) => classNumber === theirs[i]).length;
    const counts = new DataView(shadow.counts().buffer);
    // Twice: infer, and decide.
    assert.deepEqual(
      [64, 66, 68].map((at) => counts.getUint16(at, true)),
      [2 * familiar.length, 2 * agreed, 0],
    );
    assert.equal(counts.getUint8(1), 4, "a report that says that it is of a shadow");
    assert.ok(agreed < 0.9 * familiar.length);
    // Allowed to be installed, it is a shadow no more.
    assert.equal(service.hold(false), 0);
    assert.equal(shadow.tick(180, 0), 0);
    device.infer([familiar[0]!]);
    assert.equal(device.version(), "2.0.0");
  });
});
