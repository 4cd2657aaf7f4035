/** The Python package in real Spark, Dask and scikit-learn: test_engines.py has the tests. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { build } from "../../host/pipeline.ts";
import { root } from "../../host/root.ts";
import { readDataset } from "../../host/runtime/data/index.ts";
import { scratchFolder } from "../support/folders.ts";
import { modelPath } from "../support/models.ts";
import { writeCase } from "./golden.ts";
import { findPython } from "./interpreter.ts";

const python = findPython("pyarrow, pyspark, dask.dataframe, sklearn, wasmtime, cryptography");
const hasJava = spawnSync("java", ["-version"]).status === 0;
const missing =
  "no Python (PYTHON) with Spark, Dask and scikit-learn, or no Java; install: pip install './host/python[pandas,spark,dask,scikit-learn]', apt-get install default-jre-headless";

test("Spark with a killed executor, Dask and scikit-learn give the module's answers", {
  skip: python && hasJava ? false : missing,
}, async () => {
  const folder = scratchFolder();
  const data = modelPath("trees/digits_forest.calibration.csv");
  const { module } = await build({
    model: modelPath("trees/digits_forest.onnx"),
    calibration: data,
    engines: [],
  });
  const found = await writeCase(folder, "forest", module, readDataset(data, 64).rows.slice(0, 200));
  writeFileSync(join(folder, "cases.json"), JSON.stringify(found));
  const { status, stderr } = spawnSync(python!, [join(root, "test", "python", "test_engines.py")], {
    encoding: "utf8",
    cwd: folder,
    env: { ...process.env, CASES: folder, PYTHONPATH: join(root, "host", "python") },
  });
  assert.equal(status, 0, stderr);
  assert.match(stderr, /Ran 5 tests[\s\S]*\nOK\n/);
  process.stdout.write(stderr.match(/\d+ rows: empty.*\n/)?.[0] ?? "");
});
