/** 10 000 predictions of five models in three versions each, computed again. */
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { randomOf } from "../../../host/fleet/simulator/random.ts";
import { writeImage } from "../../../host/image/write_image.ts";
import { build } from "../../../host/pipeline.ts";
import { openArchive } from "../../../host/predict/log/archive.ts";
import { encodeEntry } from "../../../host/predict/log/entry.ts";
import { replay } from "../../../host/predict/log/replay.ts";
import { load } from "../../../host/runtime/model/node.ts";
import { scratchFolder } from "../../support/folders.ts";
import { modelPath } from "../../support/models.ts";
import { key, sha256 } from "../../support/signed_images.ts";

const MODELS = [
  ["logistic_regression.onnx", "logistic_regression.calibration.csv"],
  ["logistic_regression_multinomial.onnx", "logistic_regression_multinomial.calibration.csv"],
  ["wine_dense.onnx", "wine.calibration.csv"],
  ["wine_sigmoid.onnx", "wine.calibration.csv"],
  ["digits.tflite", "digits.calibration.csv"],
] as const;
const CALIBRATIONS = ["minmax", "percentile", "mse"] as const;
const EACH = 667;

test("10 000 predictions of five models and three versions are equal byte for byte", async () => {
  const folder = scratchFolder();
  const archive = join(folder, "images");
  mkdirSync(archive);
  const random = randomOf(5);
  const lines: string[] = [];
  for (const [file, samples] of MODELS)
    for (const [i, calibrate] of CALIBRATIONS.entries()) {
      const { module } = await build({
        model: modelPath(file),
        calibration: modelPath(samples),
        version: `${i + 1}.0.0`,
        quantization: { calibration: calibrate },
        engines: [],
      });
      const image = writeImage({ body: module, key, version: `${i + 1}.0.0`, id: "model" });
      writeFileSync(join(archive, sha256(image).toString("hex")), image);
      const model = await load(module);
      for (let step = 0; step < EACH; step++) {
        const values = Float32Array.from({ length: model.inputLength }, () => (random() / 2 ** 32) * 16 - 4);
        lines.push(
          encodeEntry({
            module: model.hash,
            time: new Date(1.9e12 + 1000 * step).toISOString(),
            session: "server",
            step,
            input: { values },
            output: { values: model.predictBatch(values, 1) },
          }),
        );
      }
    }
  const log = join(folder, "log.jsonl");
  writeFileSync(log, `${lines.join("\n")}\n`);
  const faults: string[] = [];
  const found = await replay({
    log,
    archive: openArchive([archive]),
    onFault: (line, fault) => void faults.push(`${line}: ${fault}`),
  });
  assert.deepEqual([found.predictions, found.equal, faults.slice(0, 3)], [15 * EACH, 15 * EACH, []]);
  assert.equal(found.modules.length, 15);
});
