/** Samples that the device's own core keeps, against what the host would keep of the same inferences. */
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { wasmAvailability } from "../../../host/firmware/wasm_build.ts";
import { randomOf } from "../../../host/fleet/simulator/random.ts";
import type { SamplesOptions } from "../../../host/fleet/simulator/samples.ts";
import {
  loadCore,
  type SimulatedDevice,
  simulatedDevice,
} from "../../../host/fleet/simulator/simulated_device.ts";
import { type DeviceSample, decodeSample } from "../../../host/fleet/telemetry/sample.ts";
import { keyOf } from "../../../host/module/watch.ts";
import { key } from "../../support/signed_images.ts";
import { rawOf, type WatchedModel, watchedWine, wineRows } from "../../support/watched.ts";

const present = await wasmAvailability();
const skip = present.available ? false : `${present.reason}: ${present.install}`;
const FEATURES = 13;
/** Room for so many samples of the wine model, and the one that is under way. */
const roomFor = (samples: number): number => (samples + 1) * (56 + 4 * FEATURES);

describe("samples", { skip }, () => {
  let core: WebAssembly.Module;
  let wine: WatchedModel;
  const familiar = wineRows("wine.calibration.csv");

  before(async () => {
    core = await loadCore();
    wine = await watchedWine(key);
  });

  function deviceOf(samples?: SamplesOptions, seed = 1): SimulatedDevice {
    const device = simulatedDevice(core, {
      seed,
      keys: [key],
      models: [{ image: wine.image }],
      monitor: { epoch: 1000 },
      confirmAfter: 1,
      ...(samples && { samples }),
    });
    assert.ok(device.boot());
    return device;
  }

  /** All that are kept; they are dropped. */
  function taken(device: SimulatedDevice): DeviceSample[] {
    const found: DeviceSample[] = [];
    for (let left = 100; left > 0; left--) {
      const sample = device.core!.samples[0]!.first();
      if (!sample) return found;
      found.push(decodeSample(sample.bytes));
      device.core!.samples[0]!.drop(sample.at);
    }
    throw new Error("expected an end");
  }

  /** Values outside the edges of calibration, and how far the second class is behind. */
  function judge(row: readonly number[], raw: Int8Array): { outside: number; margin: number; best: number } {
    const outside = row.filter((value, i) => {
      const { edges } = wine.watch.channels[i]!;
      return keyOf(value) < edges[0]! || keyOf(value) > edges.at(-1)!;
    }).length;
    const sorted = [...raw].sort((a, b) => b - a);
    return { outside, margin: sorted[0]! - sorted[1]!, best: raw.indexOf(sorted[0]!) };
  }

  test("are the values of inferences bit for bit: the most outlying, the least certain, and some by chance", () => {
    const device = deviceOf({ ramBytes: roomFor(9) });
    const random = randomOf(5);
    const seen = Array.from({ length: 400 }, () => {
      const row = familiar[random() % familiar.length]!.map((value) =>
        random() % 40 === 0 ? Math.fround(value * (random() % 2 === 0 ? 3 : -1)) : value,
      );
      const [values] = device.infer([row]);
      return { row, ...judge(row, rawOf(wine.image, values!)) };
    });
    const found = taken(device);
    assert.equal(found.length, 9);
    const of = (kind: string): DeviceSample[] => found.filter((sample) => sample.kind === kind);
    assert.deepEqual(
      ["outlying", "uncertain", "random"].map((kind) => of(kind).length),
      [3, 3, 3],
    );
    for (const sample of found) {
      const match = seen.find(({ row }) => row.every((value, i) => value === sample.values[i]));
      assert.ok(match, "its values were never seen");
      assert.deepEqual([sample.model, sample.decided], [wine.hash, match.best]);
      if (sample.kind === "outlying") assert.equal(sample.rank, match.outside);
      if (sample.kind === "uncertain") assert.equal(sample.rank, 2 ** 31 - 1 - match.margin);
    }
    // A sample that chance has taken is in no other place, so the greatest may be among those.
    const chosen = found.map(({ values }) => values.join());
    const left = seen.filter(({ row }) => !chosen.includes(row.join()));
    const leastOutside = Math.min(...of("outlying").map(({ rank }) => rank));
    const mostMargin = 2 ** 31 - 1 - Math.min(...of("uncertain").map(({ rank }) => rank));
    const ever = (more: (each: (typeof seen)[number]) => boolean): number => left.filter(more).length;
    // Those that chance had once, and gave up for others, are gone: a few of hundreds.
    assert.ok(ever(({ outside }) => outside > leastOutside) <= 2);
    assert.ok(ever(({ margin, outside }) => outside === 0 && margin < mostMargin) <= 6);
  });

  test("by chance are of all inferences alike", () => {
    const counts = new Array<number>(8).fill(0);
    const device = deviceOf({ ramBytes: roomFor(2) });
    for (let round = 1; round <= 60; round++) {
      // With room for two there are none of the other kinds.
      for (let i = 0; i < 80; i++) device.infer([familiar[0]!.map((value, k) => (k === 0 ? i : value))]);
      for (const { values, kind } of taken(device)) {
        assert.equal(kind, "random");
        counts[Math.floor(values[0]! / 10)]!++;
      }
    }
    assert.equal(
      counts.reduce((a, b) => a + b),
      120,
    );
    // Chi square of 7 degrees is below 24.3 in 999 of 1 000.
    const chi = counts.reduce((sum, count) => sum + (count - 15) ** 2 / 15, 0);
    assert.ok(chi < 24.3, `${counts}: ${chi}`);
  });

  test("hide what is private before anything is kept, and count it as it is", () => {
    const device = deviceOf({ ramBytes: roomFor(3), hidden: [2, 12] });
    for (let i = 0; i < 20; i++) device.infer([familiar[i]!]);
    for (const { kind, values } of taken(device)) {
      assert.notEqual(kind, "outlying", "a hidden value is no outlier");
      assert.deepEqual(
        [...values].flatMap((value, i) => (Number.isNaN(value) ? [i] : [])),
        [2, 12],
      );
    }
    // The monitor is still asked.
    const counts = device.core!.monitors[0]!.counts();
    assert.equal(new DataView(counts.buffer, counts.byteOffset).getUint16(56, true), 20);
  });

  test("are none where none were asked for, there is no room, or not each inference is looked at", () => {
    const without = deviceOf();
    without.infer([familiar[0]!]);
    assert.deepEqual(without.core!.samples, []);
    const tiny = deviceOf({ ramBytes: roomFor(0) });
    tiny.infer([familiar[0]!]);
    assert.deepEqual(taken(tiny), []);
    const seldom = deviceOf({ ramBytes: roomFor(2), every: 10 });
    for (let i = 0; i < 11; i++) seldom.infer([familiar[i]!]);
    assert.deepEqual(
      taken(seldom).map(({ values }) => [...values]),
      [familiar[0]!, familiar[10]!],
    );
    // A value that the model refuses is no inference.
    const row = Float32Array.from([...familiar[0]!.slice(1), Number.NaN]);
    assert.equal(seldom.core!.services[0]!.invokeReal([row]), -1);
    assert.deepEqual(taken(seldom), []);
  });
});
