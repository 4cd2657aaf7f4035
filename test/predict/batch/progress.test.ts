import assert from "node:assert/strict";
import { test } from "node:test";
import { progressLine } from "../../../host/predict/batch/progress.ts";

test("a line says rows, their rate, the share of bytes and the time left", () => {
  const half = { rows: 1_200_000, bytes: 1000, doneBytes: 500, writtenBytes: 250, seconds: 10 };
  assert.equal(progressLine(half), "1 200 000 rows, 120 000 rows/s, 50 %, 20 s left");
  assert.equal(progressLine({ ...half, seconds: 300 }), "1 200 000 rows, 4 000 rows/s, 50 %, 10 min left");
  assert.equal(
    progressLine({ rows: 0, bytes: 9, doneBytes: 9, writtenBytes: 0, seconds: 1 }),
    "0 rows, 100 %",
  );
});
