/** Which flash and which slots a store takes: what thimble_update.h says, to the edge. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { buildWasm, wasmAvailability } from "../../../host/firmware/wasm_build.ts";
import { boot, type ModelPlace } from "../../../host/fleet/simulator/device.ts";
import { norFlash } from "../../../host/fleet/simulator/flash.ts";

const availability = await wasmAvailability();
const skip = availability.available ? false : `${availability.reason}: ${availability.install}`;
const core = availability.available ? new WebAssembly.Module(await buildWasm()) : undefined;

interface Place {
  readonly sectorBytes?: number;
  readonly programBytes?: number;
  readonly journal?: number;
  readonly models?: readonly Partial<ModelPlace>[];
}

function open({ sectorBytes = 4096, programBytes = 8, journal = 0, models = [{}] }: Place): void {
  const slots = [2 * sectorBytes, 4 * sectorBytes] as const;
  boot({
    core: core!,
    flash: norFlash({ bytes: 8 * sectorBytes, sectorBytes, programBytes }),
    journal,
    models: models.map((model) => ({ slots, bytes: 2 * sectorBytes, ramBytes: 1024, ...model })),
    keys: [],
  });
}

describe("a store", { skip }, () => {
  const allowed: Readonly<Record<string, Place>> = {
    "of the usual kind": {},
    "of sectors of 64 KiB": { sectorBytes: 65536 },
    "programmed by the byte": { programBytes: 1 },
    "programmed by 32 bytes": { programBytes: 32 },
    "whose journal is last": { journal: 6 * 4096 },
    "with 32 models": { models: Array.from({ length: 32 }, () => ({})) },
  };
  for (const [name, place] of Object.entries(allowed)) {
    test(`${name} opens`, () => open(place));
  }

  const refused: Readonly<Record<string, Place>> = {
    "whose sectors hold too few records": { sectorBytes: 2048 },
    "whose sectors are no power of two": { sectorBytes: 6144 },
    "programmed by 64 bytes": { programBytes: 64 },
    "programmed by three bytes": { programBytes: 3 },
    "whose journal begins amid a sector": { journal: 64 },
    "whose slot A begins amid a sector": { models: [{ slots: [2 * 4096 + 8, 4 * 4096] }] },
    "whose slot B begins amid a sector": { models: [{ slots: [2 * 4096, 4 * 4096 + 2048] }] },
    "whose second model's slot ends amid a sector": { models: [{}, { bytes: 4096 + 8 }] },
    "whose slots hold nothing": { models: [{ bytes: 0 }] },
    "without a model": { models: [] },
  };
  for (const [name, place] of Object.entries(refused)) {
    test(`${name} does not`, () => assert.throws(() => open(place), RangeError));
  }
});
