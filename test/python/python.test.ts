/** The Python package against Node's runtime and V8 on the same files: test_runtime.py has the tests. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { publicPem } from "../../host/image/keys.ts";
import { elements } from "../../host/ir/graph.ts";
import { build } from "../../host/pipeline.ts";
import { root } from "../../host/root.ts";
import { readDataset } from "../../host/runtime/data/index.ts";
import { described, example } from "../firmware/core/values_borders.ts";
import { scratchFolder } from "../support/folders.ts";
import { modelPath } from "../support/models.ts";
import { key, makeImage, otherKey } from "../support/signed_images.ts";
import { type GoldenCase, writeCase } from "./golden.ts";
import { findPython, missingPackages } from "./interpreter.ts";

const SEED = 23;
const MODELS = [
  {
    name: "logistic_regression",
    model: "logistic_regression.onnx",
    calibration: "logistic_regression.calibration.csv",
    data: "logistic_regression.test.csv",
  },
  { name: "digits", model: "digits_int8.tflite", data: "digits.test.csv" },
  {
    name: "forest",
    model: "trees/digits_forest.onnx",
    calibration: "trees/digits_forest.calibration.csv",
    data: "trees/digits_forest.calibration.csv",
  },
] as const;

async function goldenModels(folder: string): Promise<GoldenCase[]> {
  const cases: GoldenCase[] = [];
  for (const { name, model, data, ...rest } of MODELS) {
    const calibration = "calibration" in rest ? { calibration: modelPath(rest.calibration) } : {};
    const { module, graph } = await build({ model: modelPath(model), ...calibration, engines: [] });
    const length = elements(graph.tensors.get(graph.inputs[0]!)!.shape);
    cases.push(
      await writeCase(folder, name, module, readDataset(modelPath(data), length).rows.slice(0, 200)),
    );
    writeFileSync(join(folder, `${name}.img`), makeImage({ body: module }));
  }
  return cases;
}

async function examples(folder: string): Promise<GoldenCase[]> {
  const cases: GoldenCase[] = [];
  for (const [i, { borders, values }] of fc.sample(example, { numRuns: 80, seed: SEED }).entries())
    cases.push(await writeCase(folder, `example_${i}`, described(borders), [values]));
  return cases;
}

const python = findPython();

test("the Python package has the bits of V8 and of Node's runtime", {
  skip: python ? false : missingPackages,
}, async () => {
  const folder = scratchFolder();
  const [models, borders] = [await goldenModels(folder), await examples(folder)];
  assert.ok(borders.some(({ refused }) => refused));
  writeFileSync(join(folder, "cases.json"), JSON.stringify({ models, borders }));
  writeFileSync(join(folder, "key.pem"), publicPem(key));
  writeFileSync(join(folder, "other.pem"), publicPem(otherKey));
  const { status, stderr } = spawnSync(python!, [join(root, "test", "python", "test_runtime.py")], {
    encoding: "utf8",
    env: {
      ...process.env,
      CASES: folder,
      PYTHONPATH: join(root, "host", "python"),
      PYTHONDONTWRITEBYTECODE: "1",
    },
  });
  assert.equal(status, 0, stderr);
  assert.match(stderr, /Ran \d{2} tests[\s\S]*\nOK\n/);
});
