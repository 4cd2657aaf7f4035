import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, test } from "node:test";
import fc from "fast-check";
import { FLASH_LAYOUTS } from "../../host/firmware/boards.ts";
import { ImageError } from "../../host/image/error.ts";
import { composeFlash, flashBytesFor, flashPieces, readFlash, slotsOf } from "../../host/image/flash.ts";
import {
  defaultTable,
  journalKey,
  MAX_MODELS,
  SECTOR_BYTES,
  SLOT_BYTES,
  slotKey,
} from "../../host/image/layout.ts";
import { parseSlot } from "../../host/image/mcuboot.ts";
import {
  checkTable,
  decodeTable,
  encodeTable,
  type Partition,
  parseTableCsv,
  readTable,
  tableCsv,
} from "../../host/image/partition_table.ts";
import { generator, mutate } from "../runtime/data/mutate.ts";
import { load } from "./vectors.ts";

const image = load("full.img");
const board = FLASH_LAYOUTS.get("esp32-c3")!;
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const isErased = (bytes: Uint8Array): boolean => bytes.every((byte) => byte === 0xff);

const partition = (changes: Partial<Partition> = {}): Partition => ({
  label: "p",
  type: 0x40,
  subtype: 0,
  offset: 0x10000,
  size: 0x1000,
  flags: 0,
  ...changes,
});

function assertRefused(action: () => unknown, message: string): void {
  assert.throws(action, (error: Error) => {
    assert.ok(error instanceof ImageError, String(error));
    assert.equal(error.message, message);
    return true;
  });
}

describe("the binary partition table", () => {
  test("entries are those of ESP-IDF", () => {
    const table = encodeTable(defaultTable(board, 1));
    assert.equal(hex(table.subarray(0, 32)), `aa50010200900000004000006e7673${"00".repeat(17)}`);
    assert.equal(
      hex(table.subarray(96, 128)),
      `aa5000000000010000001000${hex(Buffer.from("factory"))}${"00".repeat(13)}`,
    );
    const md5 = createHash("md5").update(table.subarray(0, 192)).digest("hex");
    assert.equal(hex(table.subarray(192, 224)), `ebeb${"ff".repeat(14)}${md5}`);
    assert.ok(isErased(table.subarray(224)));
    assert.equal(table.length, 0xc00);
  });

  test("is read back as it was", () => {
    const entry = fc.record({
      type: fc.nat(255),
      subtype: fc.nat(255),
      gap: fc.nat(3),
      sectors: fc.integer({ min: 1, max: 64 }),
      flags: fc.nat(3),
    });
    const property = fc.property(fc.array(entry, { minLength: 1, maxLength: 95 }), (entries) => {
      let end = 0x9000;
      const table = entries.map(({ type, subtype, gap, sectors, flags }, i) => {
        const offset = end + gap * SECTOR_BYTES;
        end = offset + sectors * SECTOR_BYTES;
        return { label: `p${i}`, type, subtype, offset, size: sectors * SECTOR_BYTES, flags };
      });
      assert.deepEqual(decodeTable(encodeTable(table)), table);
      assert.deepEqual(parseTableCsv(tableCsv(table)), table);
    });
    fc.assert(property, { seed: 2, numRuns: 100 });
  });

  test("every bit of the entries counts", () => {
    const table = encodeTable(defaultTable(board, 1));
    for (let bit = 0; bit < 8 * 192; bit++) {
      const damaged = new Uint8Array(table);
      damaged[bit >> 3]! ^= 1 << (bit & 7);
      assert.throws(() => decodeTable(damaged), ImageError);
    }
  });

  test("a table without checksum, one without end", () => {
    const bytes = new Uint8Array(encodeTable([partition()]));
    bytes.fill(0xff, 32, 64);
    assert.deepEqual(decodeTable(bytes), [partition()]);
    assertRefused(
      () => decodeTable(bytes.subarray(0, 32)),
      "partition table: offset 32: expected an erased entry at the end, found none",
    );
    assertRefused(
      () => decodeTable(bytes.subarray(32)),
      "partition table: expected 1 to 95 partitions, found 0",
    );
  });

  test("seeded damage is refused or read, and nothing else happens", () => {
    const below = generator(5);
    const table = encodeTable(defaultTable(board, 2)).subarray(0, 320);
    for (let i = 0; i < 2000; i++) {
      try {
        readTable(mutate(table, below));
      } catch (error) {
        assert.ok(error instanceof ImageError, String(error));
      }
    }
  });

  test("tables that make no sense", () => {
    const refuse = (table: readonly Partition[], message: string): void =>
      assertRefused(() => checkTable(table), `partition table: ${message}`);
    refuse([], "expected 1 to 95 partitions, found 0");
    refuse([partition({ label: "" })], 'label "": expected 1 to 16 bytes, found 0');
    refuse(
      [partition({ label: "seventeen letters" })],
      'label "seventeen letters": expected 1 to 16 bytes, found 17',
    );
    refuse([partition(), partition({ offset: 0x20000 })], 'label "p": expected once, found twice');
    refuse([partition({ offset: 0x10001 })], "p: offset: expected a multiple of 0x1000, found 0x10001");
    refuse([partition({ size: 0x800 })], "p: size: expected a multiple of 0x1000, found 0x800");
    refuse(
      [partition({ offset: 0xfffff000, size: 0x2000 })],
      "p: expected to end within 32-bit addresses, found 0xfffff000 + 0x2000",
    );
    refuse([partition({ size: 0 })], "p: size: expected at least 0x1000, found 0");
    refuse([partition({ offset: 0x8000 })], "p: offset: expected at least 0x9000, found 0x8000");
    refuse(
      [partition({ label: "q", size: 0x2000 }), partition({ offset: 0x11000 })],
      "p: offset: expected at least 0x12000, found 0x11000",
    );
  });
});

describe("partitions.csv", () => {
  test("as ESP-IDF writes it", () => {
    const csv = `# Name,   Type, SubType, Offset,  Size, Flags
nvs,      data, nvs,     ,        24K,
phy_init, data, phy,     0xf000,  0x1000,

factory,  app,  factory, ,        1M, encrypted:readonly
journal,  0x40, 0x10,    ,        8k
`;
    assert.deepEqual(parseTableCsv(csv), [
      { label: "nvs", type: 1, subtype: 2, offset: 0x9000, size: 0x6000, flags: 0 },
      { label: "phy_init", type: 1, subtype: 1, offset: 0xf000, size: 0x1000, flags: 0 },
      { label: "factory", type: 0, subtype: 0, offset: 0x10000, size: 0x100000, flags: 3 },
      { label: "journal", type: 0x40, subtype: 0x10, offset: 0x110000, size: 0x2000, flags: 0 },
    ]);
    assert.deepEqual(readTable(Buffer.from(csv.replaceAll("\n", "\r\n"))), parseTableCsv(csv));
  });

  test("lines that are refused", () => {
    const refuse = (line: string, message: string): void =>
      assertRefused(() => parseTableCsv(`# head\n${line}\n`), `partition table: ${message}`);
    refuse("p, 0x40, 0, 0x10000, big", 'line 2: size: expected a number, found "big"');
    refuse("p, code, 0, 0x10000, 4K", 'line 2: type: expected a number or app, data, found "code"');
    refuse(
      "p, data, nothing, 0x10000, 4K",
      'line 2: subtype: expected a number or ota, phy, nvs, nvs_keys, found "nothing"'.replace(
        "nvs, nvs_keys",
        "nvs, coredump",
      ),
    );
    refuse("p, 0x140, 0, 0x10000, 4K", "line 2: type: expected at most 0xff, found 0x140");
    refuse(
      "p, 0x40, 0, 0x10000, 4K, secret",
      'line 2: flags: expected encrypted or readonly, found "secret"',
    );
    refuse("p", 'line 2: type: expected a number or app, data, found ""');
    refuse("", "expected 1 to 95 partitions, found 0");
  });
});

describe("the layout", () => {
  test("slots have keys of their own", () => {
    const keys = Array.from({ length: MAX_MODELS }, (_, model) => [
      slotKey(model, "a"),
      slotKey(model, "b"),
    ]).flat();
    const all = [...keys, journalKey].map(({ type, subtype }) => `${type}.${subtype}`);
    assert.equal(new Set(all).size, 2 * MAX_MODELS + 1);
    assert.deepEqual(
      [slotKey(0, "b"), slotKey(7, "a"), slotKey(8, "a")],
      [
        { type: 0x40, subtype: 0x01 },
        { type: 0x40, subtype: 0x0e },
        { type: 0x41, subtype: 0x00 },
      ],
    );
    assert.ok(keys.every(({ type }) => type >= 0x40 && type <= 0xfe));
  });

  test("of every board fits and is sound", () => {
    for (const [name, { firmware, flashBytes }] of FLASH_LAYOUTS) {
      const table = defaultTable({ firmware, flashBytes }, 4);
      checkTable(table);
      assert.equal(flashBytesFor(table, flashBytes), flashBytes, name);
      assert.equal(slotsOf(table).length, 8);
    }
    assert.throws(() => defaultTable(board, 0), ImageError);
    assert.throws(() => defaultTable(board, MAX_MODELS + 1), ImageError);
  });

  test("of more models takes more flash", () => {
    assert.equal(flashBytesFor(defaultTable(board, 20), board.flashBytes), 8 * 1024 * 1024);
    const table = [partition({ offset: 32 * 1024 * 1024 })];
    assertRefused(
      () => flashBytesFor(table, 1),
      "partition table: expected to end within 33554432 bytes of flash, found 33558528",
    );
  });
});

describe("a whole flash image", () => {
  const images = [image, load("reordered.img")].map((bytes, i) => ({ file: `${i}.img`, bytes }));
  const table = defaultTable(board, 2);

  test("is read back as a device reads it", () => {
    const flash = composeFlash(flashPieces(table, images), flashBytesFor(table, board.flashBytes));
    assert.equal(flash.length, 4 * 1024 * 1024);
    const found = readFlash(flash);
    assert.deepEqual(found.table, table);
    const names = found.slots.map(({ model, slot }) => `${model}${slot}`);
    assert.deepEqual(names, ["0a", "0b", "1a", "1b"]);
    assert.equal(parseSlot(found.slots[0]!.bytes).id, "plus_one");
    assert.equal(found.slots[0]!.bytes.length, SLOT_BYTES);
    assert.deepEqual(parseSlot(found.slots[2]!.bytes).digest, parseSlot(images[1]!.bytes).digest);
    assert.ok(isErased(found.slots[1]!.bytes) && isErased(found.slots[3]!.bytes));
    const journal = table.find(({ label }) => label === "journal")!;
    assert.ok(isErased(flash.subarray(journal.offset, journal.offset + journal.size)));
  });

  test("pieces are whole sectors and leave the firmware alone", () => {
    const pieces = flashPieces(table, images);
    for (const { offset, bytes } of pieces) {
      assert.equal(offset % SECTOR_BYTES, 0);
      assert.equal(bytes.length % SECTOR_BYTES, 0);
    }
    assert.deepEqual(
      pieces.map(({ label }) => label),
      [...["partition table", "journal", "model_0_a", "model_0_b", "model_1_a", "model_1_b"]],
    );
    assert.ok(pieces.every(({ offset }) => offset >= 0x8000));
  });

  test("is refused where something does not fit", () => {
    const without = (label: string): Partition[] => table.filter((entry) => entry.label !== label);
    assertRefused(
      () => flashPieces(without("journal"), images),
      "partition table: expected a partition for the journal (type 0x40, subtype 0x10), found none",
    );
    assertRefused(
      () => flashPieces(without("model_1_a"), images),
      "partition table: expected a partition for model 1, slot a (type 0x40, subtype 0x2), found none",
    );
    const large = { file: "large.img", bytes: new Uint8Array(SLOT_BYTES + 1) };
    assertRefused(
      () => flashPieces(table, [large]),
      `large.img: expected at most ${SLOT_BYTES} bytes, as partition model_0_a has (--slot-size), found ${SLOT_BYTES + 1}`,
    );
    const flash = composeFlash(flashPieces(table, images), 4 * 1024 * 1024);
    assert.throws(
      () => readFlash(flash.subarray(0, 0x130000)),
      /partition model_0_b: expected to end within/,
    );
  });
});
