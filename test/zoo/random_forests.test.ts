/** A share of what random.slow.test.ts does with 100 000 rows. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { importDifferences, integerDifferences } from "./random_forests_check.ts";

const FORESTS = 60;
const ROWS = 40;

test(`${FORESTS} random forests as imported: no row differs from ONNX Runtime`, async () => {
  for (let seed = 1; seed <= FORESTS; seed++) assert.deepEqual(await importDifferences(seed, ROWS), []);
});

test(`${FORESTS} random forests as integers: no sample differs from ONNX Runtime`, async () => {
  for (let seed = 1; seed <= FORESTS; seed++) assert.deepEqual(await integerDifferences(seed, ROWS), []);
});
