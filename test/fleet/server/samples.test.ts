/** Samples of simulated devices at the server: only when asked for, no more than asked for, and each once. */
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import type { StoredSample } from "../../../host/fleet/server/samples.ts";
import type { Reply } from "../../../host/fleet/simulator/network.ts";
import {
  loadCore,
  type SimulatedDevice,
  simulatedDevice,
} from "../../../host/fleet/simulator/simulated_device.ts";
import { key } from "../../support/signed_images.ts";
import { type WatchedModel, watchedWine, wineRows } from "../../support/watched.ts";
import { type Scene, scene, skipDevices } from "./server_and_devices.ts";

const HOUR = 3600;

describe("samples at the server", { skip: skipDevices }, () => {
  let core: WebAssembly.Module;
  let wine: WatchedModel;
  const rows = wineRows();

  before(async () => {
    core = await loadCore();
    wine = await watchedWine(key);
  });

  function deviceOf(at: Scene, id: string, keeps: boolean, rate = 0): SimulatedDevice {
    return simulatedDevice(core, {
      id,
      seed: id.length,
      clock: at.clock,
      keys: [key],
      models: [{ image: wine.image }],
      monitor: { interval: HOUR, saveEvery: 0 },
      ...(keeps && { samples: { ramBytes: 12_000, hidden: [3] } }),
      server: {
        url: `https://updates.example/DEFAULT/controller/v1/${id}`,
        authorization: `GatewayToken ${at.gateway}`,
        handler: (request) => at.server.handle(request) as Reply,
      },
      network: { rate, faults: ["500", "lost answer", "lost request", "request twice"] },
      inferEvery: 1e9,
    });
  }

  async function hours(at: Scene, devices: readonly SimulatedDevice[], count: number): Promise<void> {
    for (const end = at.clock.now + count * HOUR; at.clock.now < end; at.clock.now += 30) {
      for (const [i, device] of devices.entries()) {
        if (device.isOn) device.infer([rows[((at.clock.now / 30 + 7 * i) % rows.length) | 0]!]);
        await device.step();
      }
    }
  }
  const samplesIn = (at: Scene, query = ""): readonly StoredSample[] =>
    at.operate<{ samples: readonly StoredSample[] }>("GET", `/models/${wine.hash}/samples${query}`).samples;
  const wish = (at: Scene, perDevice: number, more = {}): { until: string } =>
    at.operate("POST", `/models/${wine.hash}/samples`, { perDevice, ...more });

  test("come when an operator asks, as many of each device as asked for, of those that keep any", async () => {
    const at = scene({ poll: 36_000 });
    at.publish(wine.image);
    const devices = [
      deviceOf(at, "keeps", true),
      deviceOf(at, "bad-network", true, 0.4),
      deviceOf(at, "no", false),
    ];
    await hours(at, devices, 3);
    assert.deepEqual(samplesIn(at), [], "nobody has asked");
    assert.equal(wish(at, 7, { hours: 12 }).until, "2030-01-01T15:00:00.000Z");
    await hours(at, devices, 9);
    const found = samplesIn(at);
    const of = (name: string): StoredSample[] => found.filter(({ device }) => device === name);
    assert.deepEqual(
      ["keeps", "bad-network", "no"].map((name) => of(name).length),
      [7, 7, 0],
    );
    const keys = new Set(
      found.map(({ device, values, time, kind }) => JSON.stringify([device, values, time, kind])),
    );
    assert.equal(keys.size, 14, "each came once");
    for (const { values, time } of found) {
      assert.equal(values[3], null, "a hidden value has not left the device");
      assert.ok(rows.some((row) => row.every((value, i) => i === 3 || value === values[i])));
      assert.ok(time >= Date.UTC(2030, 0, 1) / 1000);
    }
    assert.deepEqual(
      samplesIn(at, `?after=${found[4]!.id}&limit=2`).map(({ id }) => id),
      [found[5]!.id, found[6]!.id],
    );
    // Asked again: as many more.
    wish(at, 2);
    await hours(at, devices, 4);
    assert.equal(samplesIn(at).length, 18);
    at.operate("DELETE", `/models/${wine.hash}/samples`);
    await hours(at, devices, 3);
    assert.deepEqual(samplesIn(at), []);
  });

  test("that nobody asked for are refused, as are damaged ones, and those of a model that is not known", async () => {
    const at = scene({ poll: 36_000 });
    at.publish(wine.image);
    const device = deviceOf(at, "keeps", true);
    await hours(at, [device], 2);
    const { bytes } = device.core!.samples[0]!.first()!;
    const post = (body: Uint8Array, token = `GatewayToken ${at.gateway}`): number =>
      at.ask({
        method: "POST",
        url: "/DEFAULT/controller/v1/keeps/samples",
        headers: { authorization: token },
        body,
      }).status;
    assert.equal(post(bytes), 403);
    assert.equal(post(bytes, "GatewayToken wrong"), 401);
    wish(at, 1);
    const damaged = Uint8Array.from(bytes);
    damaged[60]! ^= 1;
    assert.equal(post(damaged), 400);
    assert.equal(post(bytes.subarray(4)), 400);
    assert.equal(post(bytes), 204);
    assert.equal(post(bytes), 204, "it is known");
    assert.equal(samplesIn(at).length, 1);
    assert.equal(at.refused("POST", `/models/${"00".repeat(32)}/samples`, { perDevice: 1 })[0], 404);
    assert.match(
      at.refused("POST", `/models/${wine.hash}/samples`, { perDevice: 1.5 })[1],
      /perDevice: expected/,
    );
    at.clock.now += 25 * HOUR;
    const other = device.core!.samples[0]!;
    other.drop(other.first()!.at);
    assert.equal(post(other.first()!.bytes), 403, "the wish has ended");
  });
});
