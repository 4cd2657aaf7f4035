/**
 * The emitted AssemblyScript and the module's text for two small models, as reviewed files in test/golden.
 * A change of a kernel, of the emitter or of the planner shows there as a diff. To accept one:
 *
 *   THIMBLE_UPDATE_GOLDEN=1 node test/run.mjs test/compiler/emit/assemblyscript_golden
 */
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { disassemble } from "../../../host/compiler/compile/optimize.ts";
import { type BuildOptions, build, compileGraph } from "../../../host/pipeline.ts";
import { root, version } from "../../../host/root.ts";
import { scratchFolder } from "../../support/folders.ts";
import { modelPath, vectorCase } from "../../support/models.ts";

const folder = join(root, "test", "golden");
const update = process.env["THIMBLE_UPDATE_GOLDEN"] === "1";
const scratch = scratchFolder();

/** A quantised network as a user would bring it: a file. */
function writeNetwork(ending: string): string {
  const file = join(scratch, `${ending}.tflite`);
  writeFileSync(file, vectorCase("networks", ending).model);
  return file;
}

function compare(file: string, found: string): void {
  const path = join(folder, file);
  if (update) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(path, found);
  }
  const expected = readFileSync(path, "utf8");
  const line = (text: string, i: number): string => text.split("\n")[i] ?? "(the end)";
  const at = expected.split("\n").findIndex((each, i) => each !== line(found, i));
  assert.ok(
    expected === found,
    `test/golden/${file}:${at + 1}: expected "${line(expected, at)}", found "${line(found, at)}"; if that is meant: THIMBLE_UPDATE_GOLDEN=1`,
  );
}

const models: { readonly name: string; readonly options: BuildOptions }[] = [
  {
    name: "logistic_regression",
    options: {
      model: modelPath("logistic_regression.onnx"),
      calibration: modelPath("logistic_regression.calibration.csv"),
    },
  },
  { name: "padded_network", options: { model: writeNetwork("padded"), name: "padded_network" } },
];

for (const { name, options } of models) {
  describe(name, async () => {
    // The smallest kernels: how the tuner weighs them against the others is not this test's business.
    const { assembly, graph, module, choices } = await build({ ...options, optimize: "size", engines: [] });

    test("its AssemblyScript", () => {
      compare(`${name}.ts`, assembly.replace(`thimble ${version}`, "thimble X.Y.Z"));
    });

    test("its WebAssembly", async () => {
      const plain = await compileGraph(graph, "release", choices);
      assert.deepEqual(module.subarray(0, plain.length), plain, "metadata lies behind the module");
      compare(`${name}.wat`, await disassemble(plain));
    });
  });
}
