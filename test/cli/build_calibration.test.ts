/** Builds from the samples that people have: pictures in folders by class, archives, or none at all. */
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { PNG } from "pngjs";
import { build } from "../../host/pipeline.ts";
import { readDataset } from "../../host/runtime/data/index.ts";
import { v8 } from "../../host/runtime/engines/v8.ts";
import { thimble } from "../support/command.ts";
import { scratchFolder } from "../support/folders.ts";
import { modelPath } from "../support/models.ts";

const scratch = scratchFolder();

/** Digits as the scanner wrote them: eight pixels of grey a side, in a folder for each digit. */
function writePictures(count: number): string {
  const folder = join(scratch, "digits");
  const { rows, labels } = readDataset(modelPath("digits.test.csv"), 64);
  rows.slice(0, count).forEach((row, i) => {
    const image = new PNG({ width: 8, height: 8 });
    row.forEach((value, pixel) => {
      const grey = Math.round(255 * value);
      image.data.set([grey, grey, grey, 255], 4 * pixel);
    });
    mkdirSync(join(folder, labels![i]!), { recursive: true });
    writeFileSync(join(folder, labels![i]!, `${i}.png`), PNG.sync.write(image));
  });
  return folder;
}

test("a folder of pictures by class calibrates, and says how often the model is right", async () => {
  const found = await build({
    model: modelPath("digits.tflite"),
    calibration: writePictures(60),
    engines: [v8],
  });
  const { classes, quantized, source, samples } = found.evaluation!;
  assert.deepEqual(classes, ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]);
  assert.ok(quantized!.accuracy >= 59 / 60, `${quantized!.accuracy}`);
  assert.deepEqual([source, samples], ["calibration", 60]);
  assert.equal(found.agreement!.samples, 60);
});

test("without samples the build warns in one line, in its report too", () => {
  const folder = join(scratch, "blind");
  const found = thimble(["build", modelPath("logistic_regression.onnx"), "-o", folder]);
  assert.equal(found.status, 0, found.stderr);
  assert.match(found.stdout.toString(), /^ {2}warning no calibration data: .*seeded random inputs.*$/m);
  const report = JSON.parse(readFileSync(join(folder, "report.json"), "utf8"));
  assert.equal(report.quantization.samples, "random inputs");
  assert.equal(report.quantization.warnings.length, 1);
  assert.equal(report.floatAgreement, undefined);
});

test("options of the quantiser reach it", () => {
  const folder = join(scratch, "options");
  const options = ["--calibrate", "entropy", "--precision", "int8", "--rounding", "nearest"];
  const found = thimble([
    "build",
    modelPath("logistic_regression.onnx"),
    "--calibration",
    modelPath("logistic_regression.calibration.csv"),
    ...options,
    "--no-equalize",
    "--no-bias-correction",
    "-o",
    folder,
  ]);
  assert.equal(found.status, 0, found.stderr);
  const report = JSON.parse(readFileSync(join(folder, "report.json"), "utf8"));
  assert.deepEqual(report.quantization.steps, []);
  for (const { method, dtype } of report.quality) assert.deepEqual([method, dtype], ["entropy", "int8"]);
});
