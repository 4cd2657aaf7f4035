/** The Python package against Node's runtime and V8 on the same files: test_runtime.py has the tests. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { publicPem } from "../../host/image/keys.ts";
import { elements } from "../../host/ir/graph.ts";
import { encodeDescriptor } from "../../host/module/descriptor.ts";
import { DESCRIPTOR_SECTION } from "../../host/module/descriptor_table.ts";
import { addCustomSection } from "../../host/module/sections.ts";
import type { Borders, BorderTensor } from "../../host/ops/border.ts";
import { build } from "../../host/pipeline.ts";
import { root } from "../../host/root.ts";
import { readDataset } from "../../host/runtime/data/index.ts";
import { described, example } from "../firmware/core/values_borders.ts";
import { scratchFolder } from "../support/folders.ts";
import { modelPath } from "../support/models.ts";
import { key, makeImage, makeModule, otherKey } from "../support/signed_images.ts";
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

const tensor = (more: Partial<BorderTensor>): BorderTensor => ({
  name: "x",
  dtype: "int8",
  source: "float32",
  shape: [2],
  scale: 0.5,
  zeroPoint: 5,
  ...more,
});

/** Rows whose values are not numbers on their way: infinity times zero, and what is missing from an autoencoder's row. */
async function numberless(folder: string): Promise<GoldenCase[]> {
  const zero: Borders = {
    inputs: [tensor({ scaling: { offsets: [0, 0], factors: [0, 1] } })],
    outputs: [tensor({ decision: "greatest", labels: ["young", "heavy"] })],
  };
  const missing: Borders = {
    inputs: [tensor({ scaling: { offsets: [0, 0], factors: [1, 1], missing: [null, 3] } })],
    outputs: [tensor({ decision: "error", threshold: 0.1, labels: ["usual", "strange"] })],
  };
  return [
    await writeCase(folder, "zero", described(zero), [Float32Array.of(Infinity, -3), Float32Array.of(1, 9)]),
    await writeCase(folder, "missing", described(missing), [Float32Array.of(NaN, 1)]),
  ];
}

/** Modules that remember, fail, and ask for something of their host. */
function writeOddModules(folder: string): void {
  const borders: Borders = {
    inputs: [tensor({ dtype: "int32", shape: [1], scale: 1, zeroPoint: 0 })],
    outputs: [tensor({ dtype: "int32", shape: [1], scale: 1, zeroPoint: 0 })],
  };
  const odd = {
    counting: makeModule({ invoke: COUNT }),
    failing: makeModule({
      invoke: "(i32.mul (i32.const 7) (i32.eq (i32.load (i32.const 0)) (i32.const 3)))",
    }),
    trapping: makeModule({ invoke: "(unreachable)" }),
    starting: makeModule({ more: "(func $begin (unreachable)) (start $begin)" }),
    newer: makeModule({ globals: { abi: "3" } }),
  };
  for (const [name, module] of Object.entries(odd))
    writeFileSync(
      join(folder, `${name}.wasm`),
      addCustomSection(module, DESCRIPTOR_SECTION, encodeDescriptor(borders)),
    );
}

const COUNT = `(i32.store (i32.const 16) (i32.add (i32.load (i32.const 16)) (i32.const 1)))
  (i32.store (i32.const 8) (i32.load (i32.const 16))) (i32.const 0)`;

const python = findPython();

test("the Python package has the bits of V8 and of Node's runtime", {
  skip: python ? false : missingPackages,
}, async () => {
  const folder = scratchFolder();
  const [models, borders] = [
    await goldenModels(folder),
    [...(await examples(folder)), ...(await numberless(folder))],
  ];
  writeOddModules(folder);
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
