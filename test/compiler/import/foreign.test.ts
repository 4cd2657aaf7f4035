/** Files of other frameworks given as the model are answered with what exports them; none is taken for ONNX. */
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { readSource } from "../../../host/compiler/import/index.ts";
import { ModelError } from "../../../host/ir/graph.ts";
import { scratchFolder } from "../../support/folders.ts";

const scratch = scratchFolder();

const FILES: readonly (readonly [name: string, content: string, message: RegExp])[] = [
  ["forest.joblib", "x", /found a pickled model; export it, in Python: skl2onnx\.to_onnx/],
  ["model.pkl", "x", /found a pickled model/],
  ["net.pt", "x", /found a PyTorch file; export it, in Python: torch\.onnx\.export/],
  ["net.pth", "x", /found a PyTorch file/],
  ["net", "PK\u0003\u0004................net/data.pkl", /found a PyTorch file/],
  ["net.MLMODEL", "x", /found a Core ML model/],
  ["graph.pb", "x", /found a TensorFlow graph; .*TFLiteConverter/],
  ["trees.ubj", "x", /found a model of boosted trees or of TensorFlow.js; .*onnxmltools/],
  ["trees.txt", "tree", /found a LightGBM model/],
  ["model.cbm", "x", /found a CatBoost model; .*format="onnx"/],
  ["noname", "\u0080\u0004\u0095abc", /found a pickle/],
  ["unnamed", "\u0093NUMPY", /found an array/],
  ["built.wasm", "x", /found a module that is built already/],
  ["model.bin", "\0asm", /found a model of another runtime/],
];

for (const [name, content, message] of FILES) {
  test(`${name} is refused in one line`, () => {
    const file = join(scratch, name);
    writeFileSync(file, content, "latin1");
    assert.throws(
      () => readSource(file),
      (error) => error instanceof ModelError && message.test(error.message) && !error.message.includes("\n"),
    );
  });
}

test("a SavedModel's folder is refused with its converter, another as a folder", () => {
  const folder = join(scratch, "saved");
  mkdirSync(folder);
  assert.throws(() => readSource(folder), /expected a model file, found a folder/);
  writeFileSync(join(folder, "saved_model.pb"), "");
  assert.throws(() => readSource(folder), /found a SavedModel folder; .*from_saved_model/);
});

test("files of the three formats are known by name or by content", () => {
  for (const [name, content, format] of [
    ["a.onnx", "x", "onnx"],
    ["a", "0000TFL3", "tflite"],
    ["b.tflite", "x", "tflite"],
    ["a.h5", "x", "keras"],
    ["b", "\u0089HDF", "keras"],
  ] as const) {
    const file = join(scratch, name);
    writeFileSync(file, content, "latin1");
    assert.equal(readSource(file).format, format);
  }
});
