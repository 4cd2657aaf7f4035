/** A device that is put aside while it has nothing to do does exactly what it would have done. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, test } from "node:test";
import { buildWasm, wasmAvailability } from "../../../host/firmware/wasm_build.ts";
import { fleetOf } from "../../../host/fleet/simulator/fleet.ts";
import { FAULTS } from "../../../host/fleet/simulator/network.ts";
import { randomOf } from "../../../host/fleet/simulator/random.ts";
import { BASE, scriptedServer } from "../../support/scripted_server.ts";
import { GEOMETRIES, layout, version } from "../../support/two_versions.ts";

const availability = await wasmAvailability();
const skip = availability.available ? false : `${availability.reason}: ${availability.install}`;
const core = availability.available ? new WebAssembly.Module(await buildWasm()) : undefined;

const images = [version(1), version(2), version(3, { traps: true })];
const DEVICES = 12;

/** All that a fleet has done and is in the end, when so many devices may be awake at a time. */
async function live(seed: number, instances: number) {
  const random = randomOf(seed);
  const lines: string[] = [];
  const fleet = fleetOf(core!, {
    count: DEVICES,
    seed,
    instances,
    device(index) {
      const geometry = GEOMETRIES[random() % GEOMETRIES.length]!;
      const server = scriptedServer();
      server.deployment = { id: 1 + (random() % 9), image: images[random() % images.length]! };
      const place = layout(geometry).options.models[0]!;
      return {
        geometry,
        keys: layout(geometry).options.keys,
        models: [{ image: images[0]!, slotBytes: place.bytes, ramBytes: place.ramBytes }],
        server: {
          url: BASE,
          handler(request) {
            lines.push(`${index} ${fleet.clock.now} ${JSON.stringify(request)}`);
            return server.answer(request);
          },
        },
        network: { faults: FAULTS, rate: (random() % 4) / 10, latency: [0.1, 5] },
        power: { rate: (random() % 5) / 10 },
      };
    },
  });
  await fleet.run(1500);
  return {
    lines,
    rollup: fleet.rollup(),
    flashes: fleet.devices.map(({ flash }) => createHash("sha256").update(flash.bytes).digest("hex")),
    statistics: fleet.devices.map(({ flash }) => flash.statistics()),
    parkings: fleet.parkings(),
  };
}

describe("devices that share instances of the core", { skip }, () => {
  for (const seed of [1, 2, 3, 4]) {
    test(`seed ${seed}: 2 instances for ${DEVICES} devices do what one for each does`, async (t) => {
      const { parkings: none, ...apart } = await live(seed, DEVICES);
      const { parkings, ...shared } = await live(seed, 2);
      assert.equal(none, 0);
      assert.ok(parkings > 100, `expected more than 100, found ${parkings}`);
      assert.deepEqual(shared, apart);
      t.diagnostic(`${apart.lines.length} requests, ${parkings} times put aside`);
    });
  }

  test("a core keeps nothing outside of its memory but the stack pointer", async () => {
    const { default: binaryen } = await import("binaryen");
    const module = binaryen.readBinary(await buildWasm());
    const globals = Array.from({ length: module.getNumGlobals() }, (_, i) =>
      binaryen.getGlobalInfo(module.getGlobalByIndex(i)),
    );
    assert.equal(globals.filter(({ mutable }) => mutable).length, 1);
    const tables = WebAssembly.Module.exports(core!).filter(({ kind }) => kind === "table");
    assert.deepEqual(tables, []);
  });
});
