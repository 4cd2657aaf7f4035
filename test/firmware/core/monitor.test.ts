/** The device's own monitor against the host's count of the same inferences, through resets and losses of power. */
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { wasmAvailability } from "../../../host/firmware/wasm_build.ts";
import { randomOf } from "../../../host/fleet/simulator/random.ts";
import {
  loadCore,
  type SimulatedDevice,
  simulatedDevice,
} from "../../../host/fleet/simulator/simulated_device.ts";
import { type DeviceReport, decodeReport, LATENCIES } from "../../../host/fleet/telemetry/report.ts";
import { parseImage } from "../../../host/image/mcuboot.ts";
import { EDGES, floatOf } from "../../../host/module/watch.ts";
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

const present = await wasmAvailability();
const skip = present.available ? false : `${present.reason}: ${present.install}`;

describe("a monitor", { skip }, () => {
  let core: WebAssembly.Module;
  let wine: WatchedModel;
  let second: WatchedModel;
  const rows = wineRows();
  /** The devices of every story: what they saw in the interval under way, and in those that are sealed. */
  const story = (geometry = { sectorBytes: 4096, programBytes: 1 }, monitor = {}) => {
    const device = simulatedDevice(core, {
      geometry,
      keys: [key],
      models: [{ image: wine.image }],
      monitor: { interval: 3600, saveEvery: 0, ...monitor },
      confirmAfter: 1,
    });
    return { device, inputs: [] as number[][], outputs: [] as Int8Array[] };
  };
  type Story = ReturnType<typeof story>;
  const monitorOf = (device: SimulatedDevice) => device.core!.monitors[0]!;

  /** Inferences on rows that are shifted by `shift`. */
  function infer(at: Story, from: number, count: number, shift = 0): void {
    for (let i = from; i < from + count; i++) {
      const row = rows[i % rows.length]!.map((value) => Math.fround(value + shift));
      inferOn(at, row);
    }
  }

  function inferOn({ device, inputs, outputs }: Story, row: number[]): void {
    const [values] = device.infer([row]);
    inputs.push(row);
    outputs.push(rawOf(wine.image, values!));
  }

  function report(device: SimulatedDevice): DeviceReport {
    const found = monitorOf(device).report();
    assert.ok(found);
    return decodeReport(found.bytes);
  }

  before(async () => {
    core = await loadCore();
    wine = await watchedWine(key);
    // Another version of one module: its image has another hash.
    second = signed(parseImage(wine.image).body, key, "2.0.0");
  });

  test("counts as the host does what a model sees and says", () => {
    const at = story();
    at.device.boot();
    infer(at, 0, 60);
    infer(at, 60, 40, 1.5);
    infer(at, 0, 20, -50);
    // Values at the edges themselves.
    for (let i = 0; i < EDGES; i++)
      inferOn(
        at,
        wine.watch.channels.slice(0, -1).map(({ edges }) => floatOf(edges[i]!)),
      );
    // A missing value is refused by this model, and counted all the same.
    const row = [...rows[0]!.slice(0, 12), Number.NaN];
    assert.equal(at.device.core!.services[0]!.invokeReal([Float32Array.from(row)]), -1);
    at.inputs.push(row);
    const monitor = monitorOf(at.device);
    monitor.count(2, 7);
    assert.equal(monitor.tick(1234, 5_000_000), 0);
    assert.equal(monitor.report(), undefined, "nothing is sealed yet");
    assert.equal(monitor.tick(3600, 5_003_000), 0);
    const found = report(at.device);
    const expected = countsOf(wine, at.inputs, at.outputs);
    assert.deepEqual(seenIn(found), { ...expected, inferences: 129 });
    assert.ok(found.channels[0]![0]! >= 20, "far below all that calibration had");
    assert.equal(found.channels[12]!.at(-1), 1);
    const { model, interval, time, uptime, seconds, counters, resets, updates, failures, latency } = found;
    assert.deepEqual([model, time, uptime, seconds], [wine.hash, 5_003_000, 3600, 3600]);
    // A device without memory of its numbers begins with one that it has never used.
    assert.equal(interval, 5_003_000);
    assert.deepEqual([counters, resets, updates], [[0, 0, 7, 0], 1, 0]);
    assert.deepEqual(
      [failures, latency],
      [
        [0, 0, 0, 0, 0, 0],
        [129, ...new Array(LATENCIES - 1).fill(0)],
      ],
    );
    monitor.acknowledge(interval);
    assert.equal(monitor.report(), undefined);
    infer(at, 0, 1);
    assert.equal(monitor.seal(), 0);
    assert.equal(report(at.device).interval, interval + 1);
    assert.equal(report(at.device).inferences, 1);
  });

  test("holds at most 512 bytes for 16 features, and 32 bytes of RAM a feature", () => {
    const at = story();
    at.device.boot();
    infer(at, 0, 1);
    assert.equal(monitorOf(at.device).seal(), 0);
    const { bytes } = monitorOf(at.device).report()!;
    assert.equal(bytes.length, 112 + 2 * 3 + 22 * 14);
    assert.ok(112 + 2 * 13 + 22 * 17 <= 512);
  });

  test("seals the counts of a model that another one replaces, and what waits is sent oldest first", () => {
    const at = story();
    at.device.boot();
    infer(at, 0, 5);
    const service = at.device.core!.services[0]!;
    assert.equal(service.begin({ size: second.image.length, action: 1, tag: 1 }), 0);
    assert.equal(service.write(second.image), 0);
    assert.equal(service.finish(), 0);
    assert.equal(service.switch(), 0);
    infer(at, 5, 3);
    assert.equal(monitorOf(at.device).seal(), 0);
    const first = report(at.device);
    assert.deepEqual([first.model, first.inferences, first.updates], [wine.hash, 5, 0]);
    monitorOf(at.device).acknowledge(first.interval);
    const next = report(at.device);
    assert.deepEqual([next.model, next.inferences, next.updates], [second.hash, 3, 1]);
    assert.ok(next.interval > first.interval);
  });

  test("keeps the interval open while as many reports wait as flash holds", () => {
    const at = story();
    at.device.boot();
    for (let hour = 1; hour <= 20; hour++) {
      infer(at, hour, 2);
      assert.equal(monitorOf(at.device).tick(3600 * hour, 0), 0);
    }
    const found: DeviceReport[] = [];
    for (let left = 20; left > 0; left--) {
      const waiting = monitorOf(at.device).report();
      if (!waiting) break;
      found.push(decodeReport(waiting.bytes));
      monitorOf(at.device).acknowledge(waiting.interval);
    }
    assert.equal(monitorOf(at.device).seal(), 0);
    found.push(report(at.device));
    const total = found.reduce((sum, { inferences }) => sum + inferences, 0);
    assert.equal(total, 40, "nothing is lost");
    assert.ok(found.length < 8);
    assert.deepEqual(
      found.map(({ interval }) => interval),
      found.map((_, i) => i + 1),
    );
  });

  const GEOMETRIES = [
    { sectorBytes: 4096, programBytes: 1 },
    { sectorBytes: 8192, programBytes: 32 },
  ];
  for (const geometry of GEOMETRIES) {
    test(`survives a loss of power at any operation on flash: ${geometry.programBytes} bytes a unit`, () => {
      const seeds = 40;
      for (let seed = 1; seed <= seeds; seed++) powerCuts(story(geometry), randomOf(seed));
    });
  }

  /** Interval under way and sealed ones, with power cut here and there; whatever is counted must be what was seen. */
  function powerCuts(at: Story, random: () => number): void {
    const { device } = at;
    const taken = new Map<number, string>();
    /** Where in the list of all inferences the interval under way begins. */
    let begin = 0;
    assert.ok(device.boot());
    for (let step = 0; step < 30; step++) {
      infer(at, random() % 50, 1 + (random() % 5));
      device.cut({ operation: random() % 60, when: (["before", "amid", "after"] as const)[random() % 3]! });
      const seals = random() % 2 === 0;
      let survived = true;
      try {
        assert.equal(seals ? monitorOf(device).seal() : monitorOf(device).save(), 0);
        device.cut(undefined);
      } catch {
        survived = false;
        device.powerOff();
        assert.ok(device.boot());
      }
      for (let waiting = monitorOf(device).report(); waiting; waiting = monitorOf(device).report()) {
        const found = decodeReport(waiting.bytes);
        const text = JSON.stringify(seenIn(found));
        monitorOf(device).acknowledge(waiting.interval);
        // A device that forgot that the server has it says the same again.
        if (taken.has(found.interval)) {
          assert.equal(taken.get(found.interval), text);
          continue;
        }
        taken.set(found.interval, text);
        const end = begin + found.inferences;
        const expected = countsOf(wine, at.inputs.slice(begin, end), at.outputs.slice(begin, end));
        assert.deepEqual(seenIn(found), expected);
        assert.equal(end, at.inputs.length, "all that was seen before it was sealed");
        begin = end;
        monitorOf(device).acknowledge(found.interval);
      }
      if (survived) continue;
      // Counts that had not been saved are gone: the counts go on from what had.
      const kept = countsUnderWay(at);
      at.inputs.length = begin + kept;
      at.outputs.length = begin + kept;
    }
  }

  /** How many inferences the interval under way has, which is not sealed for it. */
  function countsUnderWay({ device }: Story): number {
    const counts = monitorOf(device).counts();
    return new DataView(counts.buffer, counts.byteOffset).getUint16(56, true);
  }
});
