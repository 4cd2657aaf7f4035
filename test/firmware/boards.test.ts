/** Board profiles: those that are known, and what is wrong with a file, in one line. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import {
  BOARD_NAMES,
  DEFAULT_BOARD,
  FLASH_LAYOUTS,
  findBoard,
  milliseconds,
  parseBoard,
} from "../../host/firmware/boards.ts";
import { scratchFolder } from "../support/folders.ts";

const scratch = scratchFolder();
const custom = { ...DEFAULT_BOARD, name: "mine", ramBytes: 100_000, nativeKernels: false };

test("boards have a clock, room, and a name to find them by", () => {
  assert.deepEqual(BOARD_NAMES, [
    "esp32",
    "esp32-c3",
    "esp32-c6",
    "esp32-h2",
    "esp32-s2",
    "esp32-s3",
    "esp8266",
  ]);
  for (const name of BOARD_NAMES) {
    const board = findBoard(name);
    assert.equal(board.name, name);
    assert.ok(board.clockMHz >= 80 && board.ramBytes >= 16_384 && board.slotBytes >= 65_536);
  }
  assert.equal(DEFAULT_BOARD.ramBytes, 65_536);
});

test("a file is a board of one's own", () => {
  const file = join(scratch, "mine.json");
  writeFileSync(file, JSON.stringify(custom));
  assert.deepEqual(findBoard(file), custom);
});

test("instructions become time", () => {
  const board = { ...custom, clockMHz: 100, cyclesPerInstruction: 1.5 };
  assert.equal(milliseconds(1_000_000, board), 15);
});

describe("refused in one line", () => {
  const refusals: readonly (readonly [string, unknown, string])[] = [
    ["a field that is missing", { ...custom, ramBytes: undefined }, "ramBytes: expected a whole number"],
    ["a field of another type", { ...custom, nativeKernels: "yes" }, "nativeKernels: expected true or false"],
    [
      "half a byte",
      { ...custom, slotBytes: 0.5 },
      "slotBytes: expected a whole number of at least 0, found 0.5",
    ],
    ["no RAM", { ...custom, ramBytes: 0 }, "ramBytes: expected more than 0, found 0"],
    ["a clock that goes back", { ...custom, clockMHz: -1 }, "clockMHz: expected more than 0, found -1"],
    ["a field that nobody knows", { ...custom, ram: 1 }, "unknown field ram"],
    ["a list", [], "expected a map"],
  ];
  for (const [what, value, message] of refusals) {
    test(what, () => {
      assert.throws(
        () => parseBoard(JSON.stringify(value), "b.json"),
        (error: Error) => {
          assert.ok(error.message.startsWith(`b.json: ${message}`), error.message);
          assert.ok(!error.message.includes("\n"));
          return true;
        },
      );
    });
  }

  test("no JSON", () => {
    assert.throws(() => parseBoard("{", "b.json"), /^ModelError: b\.json: expected JSON: [^\n]+$/);
  });

  test("a name that is no board's", () => {
    const message =
      /^ModelError: expected esp32, esp32-c3, esp32-c6, esp32-h2, esp32-s2, esp32-s3, esp8266 or a \.json file, found "esp"$/;
    assert.throws(() => findBoard("esp"), message);
  });
});

test("a board that can be flashed has a layout that esptool knows, and esp8266 has none", () => {
  assert.deepEqual([...FLASH_LAYOUTS.keys()].sort(), [
    "esp32",
    "esp32-c3",
    "esp32-c6",
    "esp32-h2",
    "esp32-s2",
    "esp32-s3",
    "qemu-virt",
  ]);
  for (const [name, { chip }] of FLASH_LAYOUTS)
    assert.equal(chip, name === "qemu-virt" ? undefined : name.replace("-", ""));
});
