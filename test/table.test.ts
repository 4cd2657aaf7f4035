import assert from "node:assert/strict";
import { test } from "node:test";
import { bytes, integer, table } from "../host/table.ts";

const lines = (...text: string[]): string => text.join("\n");

test("integers in groups of three", () => {
  const cases = [0, 7, 999, 1000, -100, -1000, 40000, 1234567, -1234567];
  assert.deepEqual(cases.map(integer), [
    ...["0", "7", "999", "1 000", "-100", "-1 000", "40 000", "1 234 567", "-1 234 567"],
  ]);
  assert.deepEqual([1234.5678, -0, 1e21, Number.NaN, -Infinity].map(integer), [
    ...["1 234.5678", "0", "1e+21", "NaN", "-Infinity"],
  ]);
});

test("bytes, exact and rounded", () => {
  assert.deepEqual([0, 1023, 1024, 32256, 65536, 1048576].map(bytes), [
    ...["0 B", "1 023 B", "1 024 B (1.0 KiB)", "32 256 B (31.5 KiB)"],
    ...["65 536 B (64.0 KiB)", "1 048 576 B (1.0 MiB)"],
  ]);
});

test("numbers to the right, text to the left, no blanks at the end of a line", () => {
  const rows = [
    ["conv1", 40000, "int8"],
    ["softmax", 12, ""],
  ];
  assert.equal(
    table(rows, { head: ["node", "bytes", "type"] }),
    lines("node      bytes  type", "conv1    40 000  int8", "softmax      12"),
  );
  assert.equal(table(rows), lines("conv1    40 000  int8", "softmax      12"));
});

test("the alignment that is asked for", () => {
  const rows = [
    ["a", 1],
    ["bcd", 1000],
  ];
  assert.equal(table(rows, { align: ["r", "l"] }), lines("  a  1", "bcd  1 000"));
  assert.equal(table(rows, { align: ["r"] }), lines("  a      1", "bcd  1 000"));
});

test("short rows, a head alone, nothing", () => {
  assert.equal(table([["a", "b", 3], ["c"], []]), lines("a  b  3", "c", ""));
  assert.equal(table([], { head: ["x", "y"] }), "x  y");
  assert.equal(table([]), "");
});

test("wide and combined characters are as wide as they look", () => {
  const names = ["层", "カ", "ｶ", "e\u0301", "é", "👩‍🔬", "⚠️", "한", "Ａ"];
  const texts = table(names.map((name) => [name, "|"])).split("\n");
  const gaps = texts.map((text, i) => text.slice(names[i]!.length).indexOf("|"));
  assert.deepEqual(gaps, [2, 2, 3, 3, 3, 2, 2, 2, 2]);
});

test("control characters in a name do not reach the terminal", () => {
  assert.equal(table([["a\u001b[2J\nb", "c"]]), "a\uFFFD[2J\uFFFDb  c");
});
