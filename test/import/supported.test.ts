/** The tables of operators for the README. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { operators } from "../../host/import/onnx/operators/index.ts";
import { onnxOperators, onnxOperatorTable, tfliteOperators } from "../../host/import/supported.ts";

test("every operator of networks says what of it is supported", () => {
  const silent = [...operators.values()].filter(
    ({ type, summary }) => !type.startsWith("ai.onnx.ml.") && !summary,
  );
  assert.deepEqual(
    silent.map(({ type }) => type),
    [],
  );
});

test("the table has every operator once, in a row of a name and a summary", () => {
  const rows = onnxOperatorTable().split("\n").slice(2);
  const names = rows.flatMap((row) => row.split("|")[1]!.trim().split(", "));
  assert.deepEqual(
    names.toSorted(),
    onnxOperators()
      .map(({ name }) => name)
      .toSorted(),
  );
  assert.equal(new Set(names).size, names.length);
  for (const row of rows) assert.match(row, /^\| [^|]+ \| [^|]+ \|$/);
});

test("TFLite's operators are those of its schema", () => {
  assert.ok(tfliteOperators().includes("CONV_2D"));
  assert.deepEqual(tfliteOperators(), [...new Set(tfliteOperators())].sort());
});
