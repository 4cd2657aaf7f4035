/** The journal byte for byte (SPEC.md, section 5): which record counts, whatever else its sectors hold. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { crc32 } from "node:zlib";
import { buildWasm, wasmAvailability } from "../../../host/firmware/wasm_build.ts";
import type { Device, ModelRecord } from "../../../host/fleet/simulator/device.ts";
import { type NorFlash, norFlash } from "../../../host/fleet/simulator/flash.ts";
import { GEOMETRIES, layout, start as startIn, version } from "../../support/two_versions.ts";

const availability = await wasmAvailability();
const skip = availability.available ? false : `${availability.reason}: ${availability.install}`;
const core = availability.available ? new WebAssembly.Module(await buildWasm()) : undefined;
const geometry = GEOMETRIES[0]!;
const RECORD = 64;
const SECTOR = geometry.sectorBytes;
const MAGIC = Buffer.from("thjn");

const sealed = (bytes: Buffer): Buffer => {
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 60)), 60);
  return bytes;
};

function header(generation: number): Buffer {
  const bytes = Buffer.alloc(RECORD);
  MAGIC.copy(bytes);
  bytes.writeUInt32LE(generation, 4);
  return sealed(bytes);
}

/** An idle record; `set` are single bytes, the action is a number to know it by. */
function record(action: number, set: Readonly<Record<number, number>> = {}): Buffer {
  const bytes = Buffer.alloc(RECORD);
  bytes.writeUInt32LE(action, 48);
  for (const [at, value] of Object.entries(set)) bytes[Number(at)] = value;
  return sealed(bytes);
}

/** Flash whose journal has these records in its two sectors. No slot holds an image: there is none to verify. */
function flashOf(...sectors: readonly (readonly Buffer[])[]): NorFlash {
  const flash = norFlash(layout(geometry).flash);
  for (const [sector, records] of sectors.entries())
    for (const [index, bytes] of records.entries()) flash.bytes.set(bytes, sector * SECTOR + index * RECORD);
  return flash;
}

const start = (flash: NorFlash): Device => startIn(core!, geometry, flash);
const recordIn = (flash: NorFlash): ModelRecord => start(flash).services[0]!.record();
const actionIn = (flash: NorFlash): number => recordIn(flash).action;

/** Appends a record: an order that is too large for the slot. */
function append(flash: NorFlash, action: number): void {
  start(flash).services[0]!.begin({ size: 1e6, action, tag: 0 });
}

describe("the journal's records", { skip }, () => {
  test("have the bytes of SPEC.md", () => {
    const flash = flashOf();
    const service = start(flash).services[0]!;
    const hash = Uint8Array.from({ length: 32 }, (_, i) => i + 1);
    assert.equal(service.begin({ size: 0x1234, hash, action: 0x01020304, tag: 0x05060708 }), 0);
    assert.equal(service.hold(true), 0);
    assert.equal(service.cancel(), 0);
    const expected = Buffer.alloc(RECORD);
    expected.set(hash, 12);
    expected.writeUInt32LE(0x01020304, 48);
    expected.writeUInt32LE(0x05060708, 52);
    expected.set([256 - 27, 2, 0, 3], 56);
    assert.deepEqual(Buffer.from(flash.bytes.subarray(3 * RECORD, 4 * RECORD)), sealed(expected));
    assert.deepEqual(Buffer.from(flash.bytes.subarray(0, RECORD)), header(1));
    const { barred, held, outcome, reason } = recordIn(flash);
    assert.deepEqual([barred, held, outcome, reason], [true, true, "refused", -27]);
  });

  test("count only where every bit is right", () => {
    for (let bit = 0; bit < 8 * RECORD; bit++) {
      const last = record(2);
      last[bit >> 3]! ^= 1 << (bit & 7);
      assert.equal(actionIn(flashOf([header(1), record(1), last])), 1, `bit ${bit}`);
    }
  });

  test("are none where any bit of the header is wrong", () => {
    for (let bit = 0; bit < 8 * RECORD; bit++) {
      const first = header(1);
      first[bit >> 3]! ^= 1 << (bit & 7);
      assert.equal(actionIn(flashOf([first, record(1)])), 0, `bit ${bit}`);
    }
  });

  test("are none behind a whole record that is no header", () => {
    const bytes = header(1);
    bytes[0]! ^= 1;
    assert.equal(actionIn(flashOf([sealed(bytes), record(1)])), 0);
  });

  const nonsense: Readonly<Record<string, Readonly<Record<number, number>>>> = {
    "another model": { 0: 1 },
    "a state that there is not": { 1: 4 },
    "a slot that there is not": { 2: 2 },
    "more bytes than the image has": { 4: 2, 8: 1 },
    "an outcome that there is not": { 57: 4 },
    "flags that there are not": { 59: 4 },
  };
  for (const [name, set] of Object.entries(nonsense)) {
    test(`with ${name} are skipped`, () => {
      assert.equal(actionIn(flashOf([header(1), record(1), record(2, set)])), 1);
    });
  }

  test("at the edge of what makes sense are not", () => {
    const sensible = { 2: 1, 3: 255, 4: 1, 8: 1, 57: 3, 59: 3 };
    const flash = flashOf([header(1), record(1), record(2, sensible)]);
    flash.bytes.set(version(1), layout(geometry).options.models[0]!.slots[1]);
    const { action, slot, starts, outcome, held, barred } = recordIn(flash);
    assert.deepEqual([action, slot, starts, outcome, held, barred], [2, 1, 255, "lost", true, true]);
  });

  test("count in the sector of the greater generation", () => {
    assert.equal(actionIn(flashOf([header(1), record(1)], [header(2), record(2)])), 2);
    assert.equal(actionIn(flashOf([header(2), record(1)], [header(1), record(2)])), 1);
    assert.equal(actionIn(flashOf([], [header(1), record(2)])), 2);
  });

  test("are not written before bytes that have aged", () => {
    const aged = Buffer.alloc(RECORD, 0xff);
    aged[40]! ^= 0x10;
    const blank = Buffer.alloc(RECORD, 0xff);
    const flash = flashOf([header(1), record(1), blank, blank, aged]);
    append(flash, 2);
    assert.equal(actionIn(flash), 2);
    assert.ok(flash.bytes.subarray(2 * RECORD, 3 * RECORD).every((byte) => byte === 0xff));
    assert.equal(flash.bytes[5 * RECORD + 48], 2);
  });

  test("fill a sector to its last place, and then begin the other with the next generation", () => {
    const flash = flashOf();
    const places = SECTOR / RECORD;
    for (let action = 1; action < places; action++) append(flash, action);
    assert.deepEqual(Buffer.from(flash.bytes.subarray(0, RECORD)), header(1));
    assert.ok(flash.bytes.subarray(SECTOR, 2 * SECTOR).every((byte) => byte === 0xff));
    append(flash, places);
    assert.deepEqual(Buffer.from(flash.bytes.subarray(SECTOR, SECTOR + RECORD)), header(2));
    assert.equal(actionIn(flash), places);
    for (let action = 1; action < places; action++) append(flash, action);
    assert.deepEqual(Buffer.from(flash.bytes.subarray(0, RECORD)), header(3));
  });

  test("of all models go to the other sector with the one that changes", () => {
    const { flash: place, options } = layout(geometry);
    const [model] = options.models;
    const flash = norFlash({ ...place, bytes: place.bytes + 2 * model!.bytes });
    const second = { ...model!, slots: [place.bytes, place.bytes + model!.bytes] as const };
    const startTwo = (): Device => startIn(core!, geometry, flash, { models: [model!, second] });
    const orders = startTwo().services;
    for (let action = 1; action <= 70; action++)
      orders[action === 1 ? 1 : 0]!.begin({ size: 1e6, action, tag: 0 });
    assert.deepEqual(
      startTwo().services.map((each) => each.record().action),
      [70, 1],
    );
  });

  test("are read back: a cell that does not take its bits costs the sector, not the record", () => {
    const flash = flashOf([header(1), record(1)]);
    const stuck: NorFlash = Object.create(flash, {
      program: {
        value(address: number, data: Uint8Array) {
          const wrong = data.slice();
          if (address < SECTOR) wrong[60]! ^= 1;
          return flash.program(address, wrong);
        },
      },
    });
    append(stuck, 2);
    assert.equal(actionIn(flash), 2);
    assert.deepEqual(Buffer.from(flash.bytes.subarray(SECTOR, SECTOR + RECORD)), header(2));
  });

  test("are written again in the other sector where flash says that it failed, whatever it holds", () => {
    const flash = flashOf([header(1), record(1)]);
    const weak: NorFlash = Object.create(flash, {
      program: {
        value: (address: number, data: Uint8Array) => flash.program(address, data) && address >= SECTOR,
      },
    });
    append(weak, 2);
    assert.deepEqual(Buffer.from(flash.bytes.subarray(SECTOR, SECTOR + RECORD)), header(2));
    assert.equal(actionIn(flash), 2);
  });
});
