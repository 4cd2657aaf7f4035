/** What firmware/SPEC.md says in numbers is what the code does. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { FLASH_LAYOUTS } from "../../host/firmware/boards.ts";
import { ORDER_8_Y, rawPublicKey } from "../../host/image/keys.ts";
import { defaultTable, journalKey, MAX_MODELS } from "../../host/image/layout.ts";
import { tableCsv } from "../../host/image/partition_table.ts";
import { root } from "../../host/root.ts";
import { key, load, vectors } from "../image/vectors.ts";

const read = (...path: string[]): string => readFileSync(join(root, ...path), "utf8");
const spec = read("firmware", "SPEC.md");
/** Indented blocks are code. */
const block = (text: string): string =>
  text
    .trimEnd()
    .split("\n")
    .map((line) => `    ${line}`)
    .join("\n");

test("the example is the vector, byte for byte, and its offsets are right", () => {
  const rows = [...spec.matchAll(/^ {4}([0-9a-f]{3}) {2}((?:[0-9a-f]{2} ?)+)(?: .*)?$/gm)];
  let at = 0;
  for (const [, offset, bytes] of rows) {
    assert.equal(Number.parseInt(offset!, 16), at);
    at += bytes!.trim().split(" ").length;
  }
  const text = rows.map(([, , bytes]) => bytes!.replaceAll(" ", "")).join("");
  assert.equal(text, Buffer.from(load("full.img")).toString("hex"));
  assert.ok(spec.includes(Buffer.from(rawPublicKey(key)).toString("hex")));
});

test("the imgtool command is that of the vector", () => {
  const command = /imgtool sign ([\s\S]*?) model\.wasm/.exec(spec)![1]!.replaceAll("\\\n", "");
  const words = command.split(/\s+/).filter((word) => word !== "");
  const given = vectors[0]!.arguments.slice(1, -1);
  const sorted = (list: readonly string[]): string[] => [...list].sort();
  const known = given.map((word) => word.replace("{key}", "KEY.pem").replace(/^65536$/, "131072"));
  assert.deepEqual(sorted(words), sorted(known));
});

test("every status has its place", () => {
  const header = read("firmware", "include", "thimble.h");
  const names = [...header.matchAll(/THIMBLE_(ERR_[A-Z_]+) +=/g)].map(([, name]) => name!);
  assert.ok(names.length > 10);
  const missing = names.filter((name) => !new RegExp(`\\b${name}\\b`).test(spec));
  assert.deepEqual(missing, []);
  const unknown = [...spec.matchAll(/\bERR_[A-Z_]+/g)]
    .map(([name]) => name)
    .filter((name) => !names.includes(name));
  assert.deepEqual(unknown, []);
});

test("the layout is that of the code", () => {
  assert.ok(spec.includes(block(tableCsv(defaultTable(FLASH_LAYOUTS.get("esp32-c3")!, 1)))));
  assert.deepEqual(journalKey, { type: 0x40, subtype: 0x10 });
  assert.ok(spec.includes(`${MAX_MODELS} at most`));
  assert.ok(spec.includes(`0x${ORDER_8_Y.toString(16)}`));
});
