/** Text of other people's files, made fit to be shown. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { plain, plainJson, plainLines } from "../host/plain.ts";

/** One of each kind: C0, DEL, C1, marks of direction, invisible ones, breaks of lines, half a pair. */
const UNSAFE = [
  ..."\u0000\u0007\b\t\r\u001b\u007f\u0080\u009b\u00ad\u061c\u200b\u200e\u200f\u202a\u202e\u2028\u2029",
  ..."\u2060\u2066\u2069\ufeff\ufff9\u{e0001}\u{e0041}",
  "\ud800",
];
const name = (character: string): string => `U+${character.codePointAt(0)!.toString(16)}`;

test("what steers a terminal, forges a line or is not seen is replaced", () => {
  for (const character of [...UNSAFE, "\n"])
    assert.equal(plain(`a${character}b`), "a\uFFFDb", name(character));
  for (const character of UNSAFE)
    assert.equal(plainLines(`a${character}b\nc`), "a\uFFFDb\nc", name(character));
  assert.equal(plain("a\u001bb", "?"), "a?b");
});

test("text of any script stays what it is", () => {
  const texts = ["dense/weights:0", "名前", "👩‍🔬", "نام‌ها", "ключ", "é e\u0301", "½ \u00a0"];
  for (const text of texts) assert.equal(plain(text), text);
});

test("JSON means the same, and shows none of them", () => {
  const value = { [`k${UNSAFE.join("")}`]: [`${UNSAFE.join("")}\n"`, 1, null, { nested: "\u202e" }] };
  for (const indent of [0, 2]) {
    const text = plainJson(value, indent);
    assert.deepEqual(JSON.parse(text), value);
    assert.equal(plainLines(text), text);
  }
});
