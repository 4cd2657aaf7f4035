/** The tables of operators for the README. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import {
  onnxOperators,
  onnxOperatorTable,
  supportedText,
  tfliteOperators,
} from "../../../host/compiler/import/supported.ts";
import { root } from "../../../host/root.ts";

test("every operator of ONNX with a domain of its own says what of it is supported", () => {
  const silent = onnxOperators().filter(({ name, summary }) => name.includes(".") && !summary);
  assert.deepEqual(silent, []);
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

test("the README has them (if they are right: THIMBLE_UPDATE_README=1)", () => {
  const [start, end] = ["<!-- operators: generated -->\n", "\n<!-- end of operators -->"];
  const path = join(root, "README.md");
  const text = readFileSync(path, "utf8");
  const [before, rest] = text.split(start);
  const [found, after] = (rest ?? "").split(end);
  assert.ok(after !== undefined, "README.md: expected the marks around the operators");
  if (process.env["THIMBLE_UPDATE_README"]) {
    writeFileSync(path, `${before}${start}${supportedText()}${end}${after}`);
    return;
  }
  assert.equal(found, supportedText());
});
