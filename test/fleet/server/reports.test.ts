/** Reports of simulated devices at the server, through losses of power and of everything that a network can lose. */
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import type { Reply } from "../../../host/fleet/simulator/network.ts";
import { randomOf } from "../../../host/fleet/simulator/random.ts";
import {
  loadCore,
  type SimulatedDevice,
  simulatedDevice,
} from "../../../host/fleet/simulator/simulated_device.ts";
import {
  addCounts,
  type Counts,
  type DeviceReport,
  decodeReport,
  emptyCounts,
} from "../../../host/fleet/telemetry/report.ts";
import { parseImage } from "../../../host/image/mcuboot.ts";
import { encodeReport } from "../../support/reports.ts";
import { key } from "../../support/signed_images.ts";
import {
  countsOf,
  rawOf,
  seenIn,
  signed,
  type WatchedModel,
  watchedWine,
  wineRows,
} from "../../support/watched.ts";
import { type Scene, scene, skipDevices, startRollout } from "./server_and_devices.ts";

interface Model {
  readonly hash: string;
  readonly model: string;
  readonly state: string;
  readonly devices: number;
  readonly unwellDevices: number;
  readonly silentDevices: number;
  readonly rollout: { readonly name: string } | null;
  readonly findings: readonly {
    readonly kind: string;
    readonly subject: string;
    readonly text: string;
    readonly since: string;
  }[];
}
interface Health extends Model {
  readonly inferences: number;
  readonly resets: number;
  readonly classes: readonly { readonly label: string; readonly count: number }[];
  readonly channels: readonly { readonly name: string; readonly counts: readonly number[] }[];
  readonly unwell: readonly { readonly device: string; readonly subject: string }[];
  readonly silent: readonly { readonly device: string }[];
}

const MODEL = "cd".repeat(32);
const report = (interval: number, inferences = 10): DeviceReport => ({
  ...emptyCounts(3, 2),
  model: MODEL,
  interval,
  time: 0,
  uptime: 3600,
  seconds: 3600,
  stopped: false,
  noRoom: false,
  inferences,
});

/** The answer to a report of a device. */
function post(at: Scene, body: Uint8Array, device = "one", token = `GatewayToken ${at.gateway}`): number {
  const url = `/DEFAULT/controller/v1/${device}/reports`;
  return at.ask({ method: "POST", url, headers: { authorization: token }, body }).status;
}

const models = (at: Scene): readonly Model[] => at.operate<{ models: Model[] }>("GET", "/models").models;
const health = (at: Scene, hash: string, query = ""): Health =>
  at.operate("GET", `/models/${hash}?query=${encodeURIComponent(query)}`);

describe("reports at the server", () => {
  test("count once for each device, model and interval, in any order", () => {
    const at = scene();
    const numbers = [3, 1, 2, 3, 1, 3];
    for (const interval of numbers) assert.equal(post(at, encodeReport(report(interval))), 204);
    assert.equal(post(at, encodeReport(report(1)), "two"), 204);
    assert.equal(health(at, MODEL).inferences, 40);
    assert.equal(health(at, MODEL, "name=two").inferences, 10);
    assert.deepEqual(
      models(at).map(({ hash, devices, state }) => [hash, devices, state]),
      [[MODEL, 2, "not watched"]],
    );
  });

  test("are refused without the device's token, damaged, too long, or of another shape", () => {
    const at = scene();
    const bytes = encodeReport(report(1));
    assert.equal(post(at, bytes, "one", "GatewayToken wrong"), 401);
    assert.equal(post(at, bytes.subarray(1)), 400);
    const headers = { authorization: `GatewayToken ${at.gateway}` };
    const admitted = at.server.admit({ method: "POST", url: "/DEFAULT/controller/v1/one/reports", headers });
    assert.ok(typeof admitted === "number" && admitted < 8192, `${admitted}`);
    assert.equal(post(at, bytes), 204);
    assert.equal(post(at, encodeReport({ ...report(2), classes: [1, 2] })), 409);
    assert.equal(health(at, MODEL).inferences, 10, "what was refused has changed nothing");
  });

  test("are bounded in rate and in models, and forgotten after a week without counting again", () => {
    const at = scene();
    const many = Array.from({ length: 130 }, (_, i) => post(at, encodeReport(report(i + 1)), "fast"));
    assert.deepEqual([many.filter((status) => status === 204).length, many.at(-1)], [60, 429]);
    for (let i = 0; i < 66; i++) {
      at.clock.now += 120;
      const hash = i.toString(16).padStart(64, "0");
      assert.equal(post(at, encodeReport({ ...report(1), model: hash }), "odd"), i < 64 ? 204 : 409);
    }
    assert.equal(post(at, encodeReport(report(7))), 204);
    at.clock.now += 8 * 24 * 3600;
    assert.equal(post(at, encodeReport(report(8))), 204);
    assert.equal(post(at, encodeReport(report(7))), 204);
    const total = /thimble_model_inferences_total\{.*cdcdcd.*\} (\d+)/.exec(metrics(at))![1];
    assert.equal(total, String(600 + 20));
  });

  const metrics = (at: Scene): string => {
    const answer = at.ask({ url: "/metrics", headers: { authorization: `Bearer ${at.manage}` } });
    assert.equal(answer.headers["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    return Buffer.from(answer.body).toString("utf8");
  };

  test("of a device that tells nothing any more make it silent, unless it runs another model", () => {
    const at = scene();
    for (const device of ["one", "two", "three"]) post(at, encodeReport(report(1)), device);
    at.clock.now += 4 * 3600;
    post(at, encodeReport(report(2)), "one");
    post(at, encodeReport({ ...report(2), model: "ef".repeat(32) }), "two");
    assert.deepEqual(
      health(at, MODEL).silent.map(({ device }) => device),
      ["three"],
    );
    assert.equal(models(at).find(({ hash }) => hash === MODEL)!.state, "unwell");
    assert.match(metrics(at), /thimble_model_silent_devices\{.*cdcd.*\} 1/);
    assert.equal(at.ask({ url: "/metrics" }).status, 401);
  });
});

describe("a fleet's reports", { skip: skipDevices }, () => {
  let core: WebAssembly.Module;
  let wine: WatchedModel;
  let second: WatchedModel;
  const rows = wineRows();
  /** Rows of the calibration: a device that sees the same few rows over and over sees something else. */
  const familiar = wineRows("wine.calibration.csv");

  before(async () => {
    core = await loadCore();
    wine = await watchedWine(key);
    second = signed(parseImage(wine.image).body, key, "2.0.0");
  });

  /** A device that infers on the rows of wines, moved by `shift` of the last column from the hour `from` on. */
  function deviceOf(at: Scene, id: string, image: Uint8Array, seed: number, trouble: boolean) {
    const device = simulatedDevice(core, {
      id,
      seed,
      clock: at.clock,
      keys: [key],
      models: [{ image }],
      monitor: { interval: 3600, saveEvery: 900 },
      server: {
        url: `https://updates.example/DEFAULT/controller/v1/${id}`,
        authorization: `GatewayToken ${at.gateway}`,
        handler: (request) => at.server.handle(request) as Reply,
      },
      inferEvery: 1e9,
      ...(trouble && {
        power: { rate: 0.3, offEvery: 7200, operations: 60 },
        network: { rate: 0.4, faults: ["500", "lost answer", "lost request", "request twice"] },
      }),
    });
    return device;
  }

  async function hours(
    at: Scene,
    devices: readonly SimulatedDevice[],
    count: number,
    infer: (i: number) => void,
  ) {
    const end = at.clock.now + count * 3600;
    while (at.clock.now < end) {
      for (const [i, device] of devices.entries()) {
        if (device.isOn) infer(i);
        await device.step();
      }
      at.clock.now += 30;
    }
  }

  test("say which feature has moved, since when, on which devices, after which update", async () => {
    const at = scene({ poll: 600 });
    const devices = ["calm-1", "calm-2", "moved-1", "moved-2"].map((id, i) =>
      deviceOf(at, id, wine.image, i + 1, false),
    );
    const random = randomOf(3);
    let shift = 0;
    const infer = (i: number): void => {
      const row = familiar[random() % familiar.length]!;
      devices[i]!.infer([row.map((x, k) => (k === 6 && i > 1 ? Math.fround(x + shift) : x))]);
    };
    await hours(at, devices, 1, infer);
    startRollout(at, at.publish(second.image));
    await hours(at, devices, 6, infer);
    const calm = models(at)[0]!;
    assert.equal(calm.hash, second.hash);
    assert.deepEqual([calm.model, calm.state, calm.devices, calm.unwellDevices], ["wine", "well", 4, 0]);
    shift = 3;
    const movedAt = at.clock.now;
    await hours(at, devices, 5, infer);
    const [unwell] = models(at);
    assert.deepEqual(
      [unwell!.state, unwell!.unwellDevices, unwell!.rollout!.name],
      ["unwell", 2, "wine-2.0.0-1"],
    );
    const found = unwell!.findings;
    assert.deepEqual([...new Set(found.map(({ subject }) => subject))], ["flavanoids"]);
    const since = (Date.parse(found[0]!.since) - Date.UTC(2030, 0, 1)) / 1000;
    assert.ok(since > movedAt && since <= movedAt + 4 * 3600, `${since - movedAt} s later`);
    const all = health(at, second.hash);
    assert.deepEqual([...new Set(all.unwell.map(({ device }) => device))].sort(), ["moved-1", "moved-2"]);
    assert.equal(all.channels[6]!.name, "flavanoids");
  });

  test("add up to what the devices saw, bit for bit, with power cut and requests lost or doubled", async () => {
    const at = scene({ poll: 36_000 });
    at.publish(wine.image);
    const taken = new Map<string, Counts>();
    const devices = Array.from({ length: 4 }, (_, i) => deviceOf(at, `device-${i}`, wine.image, i + 1, true));
    const seen = devices.map(() => ({ inputs: [] as number[][], outputs: [] as Int8Array[] }));
    const inferences = (i: number): void => {
      const row = rows[((at.clock.now / 30 + 3 * i) % rows.length) | 0]!;
      const [values] = devices[i]!.infer([row]);
      seen[i]!.inputs.push(row);
      seen[i]!.outputs.push(rawOf(wine.image, values!));
    };
    const look = (i: number): void => {
      const waiting = devices[i]!.core?.monitors[0]?.report();
      if (!waiting) return;
      const found = decodeReport(waiting.bytes);
      const name = `${i} ${found.interval}`;
      // A sealed interval never changes.
      if (taken.has(name)) assert.deepEqual(taken.get(name), found);
      taken.set(name, found);
    };
    await hours(at, devices, 6, (i) => {
      inferences(i);
      look(i);
    });
    // Whatever still waits comes through.
    await hours(at, devices, 3, look);
    const { channels, classes, inferences: total, resets } = health(at, wine.hash);
    const sum = [...taken.values()].reduce(addCounts);
    assert.ok(resets > 8 && total > 1500, `${resets} and ${total}`);
    assert.deepEqual(
      channels.map(({ counts }) => counts),
      sum.channels,
    );
    assert.deepEqual(
      classes.map(({ count }) => count),
      sum.classes,
    );
    // And of what the devices saw nothing but the unsaved ends before a loss of power is missing.
    const all = seen.map(({ inputs, outputs }) => countsOf(wine, inputs, outputs));
    const most = all.reduce((count, { inferences: n }) => count + n, 0);
    assert.ok(total <= most && total > 0.6 * most, `${total} of ${most}`);
    assert.equal(seenIn(sum).inferences, total);
  });
});
