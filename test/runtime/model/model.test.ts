/** Trained models answer with the bits of the firmware's C, compiled for this machine; in Node and in what browsers run. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { buildPosix } from "../../../host/firmware/posix_build.ts";
import { findCompiler, findSource } from "../../../host/firmware/wasm3_build.ts";
import { toBytes } from "../../../host/ir/graph.ts";
import { build } from "../../../host/pipeline.ts";
import { root } from "../../../host/root.ts";
import type * as BrowserRuntime from "../../../host/runtime/model/browser.ts";
import type { Model } from "../../../host/runtime/model/model.ts";
import { load } from "../../../host/runtime/model/node.ts";
import { decisionText, hex, imageOf } from "../../firmware/core/values_script.ts";
import { modelPath } from "../../support/models.ts";
import { key, play, publicHex } from "../../support/signed_images.ts";

const missing =
  (await findCompiler()) && findSource() !== undefined ? false : "a C compiler or wasm3's source is missing";
const bundle = join(root, "dist", "host", "runtime", "browser", "browser.js");
const browser: typeof BrowserRuntime = await import(pathToFileURL(bundle).href);

const ROWS = 8;
const MODELS = [
  { file: "logistic_regression.onnx", calibration: "logistic_regression.calibration.csv", span: 6 },
  { file: "trees/random_forest_classifier.onnx", calibration: "trees/values.calibration.csv", span: 40 },
  { file: "digits_int8.tflite", span: 32 },
] as const;

function rowsFor({ inputLength }: Model, span: number): Float32Array[] {
  let state = 7;
  return Array.from({ length: ROWS }, () =>
    new Float32Array(inputLength).map(() => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return (state / 2 ** 32 - 0.5) * span;
    }),
  );
}

/** Answers of `write`, `invoke`, `read` and `decide` as a device would give them. */
function answersOf(model: Model, row: Float32Array): string[] {
  const { outputs, classNumber, score, label } = model.predict(row);
  const decided = classNumber === undefined ? undefined : { classNumber, score: score!, label };
  const [values] = Object.values(outputs);
  return [`0 ${hex(toBytes(values!.slice()))}`, decisionText(decided)];
}

describe("a device's answers", { skip: missing }, () => {
  for (const { file, span, ...more } of MODELS)
    test(`of ${file} are the runtime's, bit by bit`, async () => {
      const calibration = "calibration" in more ? { calibration: modelPath(more.calibration) } : {};
      const { module } = await build({ model: modelPath(file), ...calibration, engines: [] });
      const models = [await load(module), await browser.load(new Uint8Array(module))];
      const rows = rowsFor(models[0]!, span);
      const commands = rows.flatMap((row) => [
        `write 0 0 ${hex(toBytes(row))}`,
        "invoke_written 0",
        "read 0 0",
        "decide 0",
      ]);
      const start = [`keys ${publicHex(key)}`, imageOf(module), "open 0 0"];
      const found = (await play(await buildPosix(), [...start, ...commands])).slice(start.length);
      assert.ok(new Set(found).size > 4, "rows of more than one answer");
      for (const model of models)
        rows.forEach((row, i) => {
          assert.deepEqual(answersOf(model, row), found.slice(4 * i + 2, 4 * i + 4));
        });
    });
});
