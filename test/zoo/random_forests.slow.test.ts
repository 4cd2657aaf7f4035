/** 100 000 rows of random forests: NaN, infinities, ties, equal thresholds, categories, directions of missing values. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { importDifferences, integerDifferences } from "./random_forests_check.ts";

const FORESTS = 2000;
const ROWS = 50;

test(`${FORESTS * ROWS} rows as imported: none differs from ONNX Runtime`, async () => {
  for (let seed = 1; seed <= FORESTS; seed++) assert.deepEqual(await importDifferences(seed, ROWS), []);
});

test(`${FORESTS} forests as integers: no sample differs from ONNX Runtime`, async () => {
  for (let seed = 1; seed <= FORESTS; seed++) assert.deepEqual(await integerDifferences(seed, ROWS), []);
});
