/** A good and a bad version on their way to a fleet of which three in ten are flaky. */
import assert from "node:assert/strict";
import { createPublicKey } from "node:crypto";
import { describe, test } from "node:test";
import { buildWasm, wasmAvailability } from "../../../host/firmware/wasm_build.ts";
import { FAULTS } from "../../../host/fleet/simulator/network.ts";
import { type Group, playScenario, type Scenario } from "../../../host/fleet/simulator/scenario.ts";
import { key } from "../../support/signed_images.ts";
import { version } from "../../support/two_versions.ts";

export function fleetScenario(devices: number): Scenario {
  const group: Group = {
    count: Math.round(0.7 * devices),
    image: version(1),
    slotBytes: 16384,
    ramBytes: 16384,
  };
  const stages = [{ percent: 5 }, { percent: 25 }, { rest: true }] as const;
  return {
    keys: [createPublicKey(key)],
    devices: [
      group,
      {
        ...group,
        count: devices - group.count,
        network: { faults: FAULTS, rate: 0.15, latency: [0.05, 3], bytesPerSecond: 20_000 },
        power: { rate: 0.5, operations: 12, offEvery: 600 },
      },
    ],
    rollouts: [
      { image: version(2), stages, retries: 8 },
      { image: version(3, { traps: true }), stages, retries: 0, expect: "stopped" },
    ],
    expect: { "2.0.0": devices },
  };
}

export async function fleetSuite(devices: number): Promise<void> {
  const availability = await wasmAvailability();
  const skip = availability.available ? false : `${availability.reason}: ${availability.install}`;
  const core = availability.available ? new WebAssembly.Module(await buildWasm()) : undefined;

  describe(`a fleet of ${devices} devices`, { skip }, () => {
    test("all take a good version, and a bad one never passes the first stage", async (t) => {
      const since = process.cpuUsage();
      const { failures, rollouts, rollup, faults, seconds } = await playScenario(
        core!,
        fleetScenario(devices),
        1,
      );
      assert.deepEqual(failures, []);
      const [good, bad] = rollouts;
      assert.ok(good!.stages.every(({ counts }) => counts.succeeded > 0));
      assert.deepEqual(
        bad!.stages.map(({ started }) => started),
        [true, false, false],
      );
      assert.ok(Object.keys(faults).length === FAULTS.length, "every fault was met");
      t.diagnostic(
        `${(process.cpuUsage(since).user / 1e6).toFixed(1)} s of the processor for ${(seconds / 3600).toFixed(1)} h; ` +
          `${Math.round(process.memoryUsage().rss / 2 ** 20)} MiB; ${rollup.counts.requests} requests, ` +
          `${rollup.counts.powerLosses} losses of power; ${bad!.reason}`,
      );
    });
  });
}
