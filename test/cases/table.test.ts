import assert from "node:assert/strict";
import { test } from "node:test";
import { type CaseVector, difference, everyNth, loadTable } from "./table.ts";

const { cases } = loadTable();

test("names are unique and every case has vectors", () => {
  assert.equal(new Set(cases.map((entry) => entry.name)).size, cases.length);
  for (const { name, vectors } of cases) {
    assert.ok(vectors.length > 0, name);
    for (const { inputs, outputs } of vectors) {
      assert.ok(
        [...inputs, ...outputs].every((bytes) => bytes.length > 0),
        name,
      );
      assert.ok(inputs.length > 0 && outputs.length > 0, name);
    }
  }
});

test("the selection for slow executors touches every file", () => {
  const selected = everyNth(cases, 13);
  assert.deepEqual(
    new Set(selected.map((entry) => entry.source)),
    new Set(cases.map((entry) => entry.source)),
  );
  assert.ok(selected.length >= 50 && selected.length <= 150, `${selected.length} cases`);
  assert.deepEqual(everyNth(cases, 1), [...cases]);
});

test("differences are found and told in one line", () => {
  const vectors: CaseVector[] = [
    { inputs: [Uint8Array.of(0)], outputs: [Uint8Array.of(1, 2)] },
    { inputs: [Uint8Array.of(0)], outputs: [Uint8Array.of(3, 4)] },
  ];
  const first = [Uint8Array.of(1, 2)];
  assert.equal(difference(vectors, [first, [Uint8Array.of(3, 4)]]), undefined);
  assert.equal(difference(vectors, [first]), "expected 2 vectors, found 1");
  assert.equal(difference(vectors, [first, []]), "vector 1: expected 1 outputs, found 0");
  assert.equal(
    difference(vectors, [first, [Uint8Array.of(3)]]),
    "vector 1: output 0: expected 2 bytes, found 1",
  );
  assert.equal(
    difference(vectors, [first, [Uint8Array.of(3, 5)]]),
    "vector 1: output 0: byte 1: expected 4, found 5",
  );
});
