/** Keras models of test/models/keras against what Keras computed (test/models/gen/keras_models.py), in float and as modules. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { strToU8, unzipSync, zipSync } from "fflate";
import { importModel, openSource } from "../../../host/compiler/import/index.ts";
import { readHdf5 } from "../../../host/compiler/import/keras/hdf5.ts";
import { importKeras, readKeras } from "../../../host/compiler/import/keras/index.ts";
import { simplify } from "../../../host/compiler/passes/index.ts";
import { type Graph, ModelError } from "../../../host/ir/graph.ts";
import { toFloatInputs } from "../../../host/ops/border.ts";
import { checkGraph } from "../../../host/ops/spec.ts";
import { build } from "../../../host/pipeline.ts";
import { evaluateGraph } from "../../../host/runtime/engines/reference.ts";
import { v8 } from "../../../host/runtime/engines/v8.ts";
import { applyEdits, byteEdits } from "../../fuzz/bytes.ts";
import { seeded } from "../../fuzz/random.ts";
import { buildAndVerify } from "../../support/float_model.ts";
import { scratchFolder } from "../../support/folders.ts";
import { modelPath } from "../../support/models.ts";

const TOLERANCE = 1e-5;
const FOLDER = modelPath("keras");
const FILES = readdirSync(FOLDER).filter((file) => /\.(h5|keras)$/.test(file));

interface Sample {
  readonly inputs: readonly (readonly number[])[];
  readonly outputs: readonly (readonly number[])[];
}

const samplesOf = (file: string): readonly Sample[] =>
  JSON.parse(readFileSync(join(FOLDER, `expected.${file}.json`), "utf8")) as readonly Sample[];

async function load(file: string): Promise<Graph> {
  return checkGraph(importModel(await openSource(join(FOLDER, file)), file), "import");
}

/** The greatest difference from what Keras computed. */
function worstError(graph: Graph, samples: readonly Sample[]): number {
  const errors = samples.flatMap(({ inputs, outputs }) => {
    const values = evaluateGraph(
      graph,
      toFloatInputs(
        graph,
        inputs.map((x) => Float32Array.from(x)),
      ),
    );
    return graph.outputs.flatMap((name, i) => {
      const found = values.get(name)!;
      assert.equal(found.length, outputs[i]!.length, name);
      return Array.from(found, (x, k) => Math.abs(x - outputs[i]![k]!) / Math.max(1, Math.abs(x)));
    });
  });
  return Math.max(...errors);
}

describe("Keras models in float", () => {
  for (const file of FILES) {
    test(file, async () => {
      const graph = await load(file);
      const samples = samplesOf(file);
      assert.ok(worstError(graph, samples) <= TOLERANCE, `imported: ${worstError(graph, samples)}`);
      assert.ok(worstError(simplify(graph), samples) <= TOLERANCE, "simplified");
    });
  }
});

const scratch = scratchFolder();

describe("Keras models as modules", () => {
  for (const file of FILES) {
    test(file, async () => {
      const float = simplify(await load(file));
      const samples = samplesOf(file).map(({ inputs }) => inputs.map((x) => Float32Array.from(x)));
      const { agreement } = await buildAndVerify(float, samples);
      const largest = Math.max(...samplesOf(file).flatMap(({ outputs }) => outputs[0]!.map(Math.abs)));
      assert.ok(agreement.maxError < 0.06 * largest, `of ${largest}, int8 differs by ${agreement.maxError}`);
    });
  }

  test("the whole pipeline, from the file on", async () => {
    const file = "normalized_keras3.keras";
    const calibration = join(scratch, "rows.f32");
    const rows = samplesOf(file).flatMap(({ inputs }) => inputs.flat());
    writeFileSync(calibration, new Uint8Array(Float32Array.from(rows).buffer));
    const { metadata, module } = await build({ model: join(FOLDER, file), calibration, engines: [v8] });
    assert.ok(WebAssembly.validate(new Uint8Array(module)));
    assert.equal(metadata.inputs[0]!.scaling?.offsets.length, 3);
  });
});

const bytesOf = (file: string): Uint8Array => new Uint8Array(readFileSync(join(FOLDER, file)));

/** The archive with its configuration edited as text. */
function withConfig(file: string, edit: (config: string) => string): Uint8Array {
  const entries = unzipSync(bytesOf(file));
  const config = edit(new TextDecoder().decode(entries["config.json"]));
  return zipSync({ ...entries, "config.json": strToU8(config) });
}

const importBytes = async (bytes: Uint8Array): Promise<Graph> => importKeras(await readKeras(bytes), "model");

describe("what is refused", () => {
  test("all layers that are not supported, at once and by name", async () => {
    const bytes = withConfig("activations_keras3.keras", (config) =>
      config.replace('"class_name": "ELU"', '"class_name": "Mine"').replace('"softsign"', '"sparsemax"'),
    );
    await assert.rejects(importBytes(bytes), (error: Error) => {
      assert.ok(error instanceof ModelError);
      assert.match(error.message, /^2 of \d+ nodes are not supported: /);
      assert.match(error.message, /activation_7 \(Activation\): activation "sparsemax" is not supported/);
      assert.match(error.message, /elu \(Mine\): layer not supported/);
      return true;
    });
  });

  const edits: readonly (readonly [name: string, edit: (config: string) => string, message: RegExp])[] = [
    ["no JSON", () => "{", /^the model.s configuration: expected JSON/],
    ["deep JSON", () => "[".repeat(1e6), /^the model.s configuration: expected JSON/],
    [
      "a class of its own",
      () => '{"class_name": "Mine", "config": {}}',
      /^expected a Sequential or Functional/,
    ],
    [
      "models in models without end",
      () => `${'{"class_name":"Sequential","name":"a","config":{"layers":['.repeat(40)}${"]}}".repeat(40)}`,
      /^expected models at most 16 deep/,
    ],
    [
      "an open input size",
      (config) => config.replace('"batch_shape": [null, 5]', '"batch_shape": [null, null]'),
      /expected an input of fixed size/,
    ],
    [
      "layers in a circle",
      (config) => config.replaceAll('"keras_history": ["others", 0, 0]', '"keras_history": ["scores", 0, 0]'),
      /^layer rescaling.*expected layers' first outputs that are computed before/,
    ],
    [
      "a prototype as a layer",
      (config) => config.replaceAll('"class_name": "Rescaling"', '"class_name": "__proto__"'),
      /\(__proto__\): layer not supported/,
    ],
    [
      "units that the weights do not have",
      (config) => config.replaceAll('"units": 6', '"units": 7'),
      /kernel: expected shape \[24,7\], found \[24,6\]/,
    ],
  ];
  for (const [name, edit, message] of edits) {
    test(name, async () => {
      const bytes = withConfig("tabular_keras3.keras", edit);
      await assert.rejects(importBytes(bytes), { name: "ModelError", message });
    });
  }

  const sequences: typeof edits = [
    [
      "places that are left out",
      (config) => config.replace('"mask_zero": false', '"mask_zero": true'),
      /mask_zero: expected false/,
    ],
    [
      "a layer for each step that needs more than a step",
      (config) => config.replace('"class_name": "Dense"', '"class_name": "Conv2D"'),
      /layer: expected one of Dense, .*, found Conv2D/,
    ],
    [
      "a vector without copies",
      (config) => config.replace('"n": 5', '"n": 0'),
      /n: expected 1 to 4096, found 0/,
    ],
  ];
  for (const [name, edit, message] of sequences) {
    test(name, async () => {
      const bytes = withConfig("sequences_keras3.keras", edit);
      await assert.rejects(importBytes(bytes), { name: "ModelError", message });
    });
  }

  test("an HDF5 file that is no model, and one that takes too long", async () => {
    const weights = unzipSync(bytesOf("tabular_keras3.keras"))["model.weights.h5"]!;
    await assert.rejects(readKeras(weights), {
      name: "ModelError",
      message: /found weights without its layers; in Python/,
    });
    await assert.rejects(readHdf5(weights, -1), {
      name: "ModelError",
      message: /^expected an HDF5 file that is read within/,
    });
  });

  test("an archive without weights", async () => {
    const entries = unzipSync(bytesOf("tabular_keras3.keras"));
    const bytes = zipSync({ "config.json": entries["config.json"]! });
    await assert.rejects(readKeras(bytes), {
      name: "ModelError",
      message: /^expected config.json and model.weights.h5/,
    });
  });
});

describe("damaged files are imported or refused with one clear line", () => {
  for (const file of ["tabular_keras2.h5", "signal_keras2.keras", "normalized_keras3.keras"]) {
    test(file, async () => {
      const original = bytesOf(file);
      let refused = 0;
      for (let i = 0; i < 12; i++) {
        const bytes = applyEdits(original, byteEdits, seeded(`${file} ${i}`));
        try {
          simplify(checkGraph(await importBytes(bytes), "import"));
        } catch (error) {
          assert.ok(
            error instanceof ModelError,
            `mutant ${i}: ${error instanceof Error ? error.stack : error}`,
          );
          assert.match(error.message, /^[^\n]+$/);
          refused++;
        }
      }
      assert.ok(refused > 0, "expected some mutants to be refused");
    });
  }
});
