/** From model files to verified modules: stages, sizes, metadata, and what is refused. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { partTotals, sizeParts } from "../host/compiler/compile/parts.ts";
import { compareWithFloat } from "../host/compiler/quantize/compare.ts";
import { randomSamples } from "../host/compiler/quantize/data_free.ts";
import { ModelError, toBytes } from "../host/ir/graph.ts";
import { graphToJson } from "../host/ir/serialize.ts";
import { type Engine, EngineError } from "../host/module/engine.ts";
import { type BuildOptions, build, compileGraph } from "../host/pipeline.ts";
import { reportOf } from "../host/report/json.ts";
import { root, version } from "../host/root.ts";
import { v8 } from "../host/runtime/engines/v8.ts";
import { wasm3 } from "../host/runtime/engines/wasm3.ts";
import { scratchFolder } from "./support/folders.ts";
import { modelPath, vectorCase } from "./support/models.ts";
import { replaceOperators, retype } from "./support/tflite.ts";

const scratch = scratchFolder();
const logistic: BuildOptions = {
  model: modelPath("logistic_regression.onnx"),
  calibration: modelPath("logistic_regression.calibration.csv"),
};

function write(name: string, contents: string | Uint8Array): string {
  const file = join(scratch, name);
  writeFileSync(file, contents);
  return file;
}

describe("logistic regression", async () => {
  const stages: string[] = [];
  const dumps = new Map<string, string>();
  const found = await build({
    ...logistic,
    onStage: (stage) => stages.push(stage),
    onDump: (file, text) => dumps.set(file, text),
  });

  test("stages run in order, each told and timed", () => {
    const expected =
      "import, simplify, samples, scale, calibrate, quantize, tune, lower, self-test vectors, plan, emit, compile, verify, measure, evaluate";
    assert.equal(stages.join(", "), expected);
    assert.equal(found.stages.map(({ stage }) => stage).join(", "), expected);
  });

  test("stages that make text dump it, numbered in order", () => {
    assert.deepEqual(
      [...dumps.keys()],
      [
        "01-import.txt",
        "02-simplify.txt",
        "04-scale.txt",
        "06-quantize.txt",
        "07-tune.txt",
        "08-lower.txt",
        "10-plan.txt",
        "11-emit.txt",
      ],
    );
    assert.equal(dumps.get("11-emit.txt"), found.assembly);
    assert.match(dumps.get("06-quantize.txt")!, /^graph logistic_regression\ninput X: int16\[1x2\]/);
  });

  test("is proven on calibration rows, edges and random vectors", () => {
    const { vectors, engines } = found.verification;
    assert.equal(vectors, 16 + 5 + 8);
    assert.deepEqual(
      engines.map(({ engine }) => engine),
      ["v8", "wasm3"],
    );
  });

  test("takes at most 1072 bytes without metadata and self-test", async () => {
    const bare = await compileGraph(found.graph, "release", found.choices);
    assert.ok(bare.length <= 1072, `${bare.length} bytes`);
    assert.deepEqual(found.module.subarray(0, bare.length), bare);
  });

  test("metadata says where the model came from and what its tensors mean", () => {
    const { metadata } = found;
    const sha256 = (data: string | Uint8Array): string => createHash("sha256").update(data).digest("hex");
    assert.deepEqual(metadata.model, { name: "logistic_regression", version: "1.0.0" });
    assert.equal(metadata.source.file, "logistic_regression.onnx");
    assert.equal(Buffer.from(metadata.source.sha256).toString("hex"), sha256(readFileSync(logistic.model)));
    assert.equal(Buffer.from(metadata.graph).toString("hex"), sha256(graphToJson(found.graph)));
    assert.equal(metadata.compiler, `thimble ${version}`);
    const [input, output] = [metadata.inputs[0]!, metadata.outputs[0]!];
    assert.deepEqual(
      [input.name, input.shape, output.name, output.labels],
      ["X", [1, 2], "probabilities", ["0", "1"]],
    );
    assert.deepEqual([output.scale, output.zeroPoint], [2 ** -15, 0]);
    const { min, max, deviation } = input.statistics!;
    assert.ok(min < -1 && max > 1 && deviation > 0.25, `${min} ${max} ${deviation}`);
    assert.equal(metadata.selfTest.length, 2);
    assert.equal(metadata.memory.total, found.plan.memoryBytes);
  });

  test("stays close to the float model", () => {
    assert.equal(found.agreement!.samples, 200);
    assert.ok(found.agreement!.sameArgmax >= 0.99, `${found.agreement!.sameArgmax}`);
    assert.ok(found.floatGraph);
  });

  test("the report says all of it, as JSON", () => {
    const report = reportOf(found);
    assert.deepEqual(JSON.parse(JSON.stringify(report)), report);
    assert.equal(report.moduleBytes, found.module.length);
    assert.equal(
      report.parts.reduce((sum, { bytes }) => sum + bytes, 0),
      found.module.length,
    );
    assert.equal(report.macs, 4);
    assert.match(report.source.sha256, /^[0-9a-f]{64}$/);
    const { totalBytes, constantBytes, arenaBytes, arenaLowerBound } = report.memory;
    assert.ok(totalBytes >= constantBytes + arenaBytes && arenaBytes >= arenaLowerBound);
  });

  test("the same file gives the same bytes again", async () => {
    const again = await build({ ...logistic, engines: [] });
    assert.deepEqual(again.module, found.module);
    assert.equal(again.assembly, found.assembly);
    assert.equal(graphToJson(again.graph), graphToJson(found.graph));
  });
});

describe("digits, quantised by TensorFlow", async () => {
  const found = await build({ model: modelPath("digits_int8.tflite"), name: "digits", version: "2.0.1" });

  test("has nothing to be calibrated or compared", () => {
    assert.equal(found.floatGraph, undefined);
    assert.equal(found.agreement, undefined);
    assert.equal(found.metadata.inputs[0]!.statistics, undefined);
    assert.equal(found.stages.at(-1)!.stage, "evaluate");
    assert.deepEqual(found.metadata.model, { name: "digits", version: "2.0.1" });
  });

  test("gives TensorFlow's own bytes on every engine", async () => {
    const expected = JSON.parse(readFileSync(modelPath("digits_int8.expected.json"), "utf8")) as {
      readonly inputs: readonly (readonly number[])[];
      readonly outputs: { readonly probabilities: readonly (readonly number[])[] };
    };
    const bytes = (values: readonly number[]) => toBytes(Int8Array.from(values));
    const vectors = expected.inputs.map((values) => [bytes(values)]);
    const outputs = expected.outputs.probabilities.map((values) => [bytes(values)]);
    assert.deepEqual(await v8.run(found.module, vectors), outputs);
    if ((await wasm3.availability()).available)
      assert.deepEqual(await wasm3.run(found.module, vectors), outputs);
  });
});

describe("the keyword spotter", async () => {
  const model = join(root, "..", "shared", "models", "mlperf-tiny", "kws_ref_model.tflite");
  const skip = existsSync(model)
    ? false
    : "no kws_ref_model.tflite in shared/models/mlperf-tiny beside the checkout";

  test("takes at most 40 000 bytes, and RAM for its weights and 25 kB", { skip }, async () => {
    const { module, metadata, plan } = await build({ model, engines: [v8] });
    assert.ok(module.length <= 40_000, `${module.length} bytes`);
    const weights = metadata.layers.reduce((sum, layer) => sum + layer.weights, 0);
    assert.ok(
      plan.memoryBytes <= weights + 25_000,
      `${plan.memoryBytes} bytes of RAM, ${weights} of weights`,
    );
    const code = partTotals(sizeParts(module, metadata)).find(({ part }) => part === "code")!;
    assert.ok(code.bytes < 6000, `${code.bytes} bytes of code`);
  });
});

describe("engines", () => {
  const missing: Engine = {
    ...v8,
    name: "wasm3",
    availability: async () => ({ available: false, reason: "not here", install: "make" }),
  };

  test("a missing one is in the report as missing", async () => {
    const { verification } = await build({ ...logistic, engines: [v8, missing] });
    assert.deepEqual(
      verification.engines.map(({ engine, availability }) => [engine, availability.available]),
      [
        ["v8", true],
        ["wasm3", false],
      ],
    );
  });

  test("one that computes something else stops the build", async () => {
    const wrong: Engine = {
      ...v8,
      run: async (module, vectors) =>
        (await v8.run(module, vectors)).map((outputs) =>
          outputs.map((bytes) => bytes.map((byte) => byte ^ 1)),
        ),
    };
    await assert.rejects(
      build({ ...logistic, engines: [wrong] }),
      /^ModelError: v8 differs from the reference on vector "calibration row 1"/,
    );
  });

  test("one that fails stops the build", async () => {
    const failing: Engine = { ...v8, run: () => Promise.reject(new EngineError("v8", "broken")) };
    await assert.rejects(build({ ...logistic, engines: [failing] }), /^EngineError: v8: broken$/);
  });
});

describe("a float model without samples", async () => {
  const found = await build({ model: logistic.model, engines: [v8] });

  test("is quantised by random inputs, and says so", () => {
    assert.equal(found.quantization!.samples, "random inputs");
    assert.match(found.quantization!.warnings.join(), /^no calibration data: .*seeded random inputs/);
    assert.deepEqual(
      new Set(found.quality!.map(({ method }) => method)),
      new Set(["random inputs", "weights"]),
    );
  });

  test("does not claim to decide as the float model does", () => {
    assert.equal(found.agreement, undefined);
    assert.equal(found.metadata.inputs[0]!.statistics, undefined);
  });

  test("is not far from the one with samples", () => {
    const [range] = found.quality!.map((layer) => layer.range);
    assert.ok(range![0] < -2.9 && range![1] > 2.9, `${range}`);
    const { sameArgmax } = compareWithFloat(found.floatGraph!, found.graph, randomSamples(found.graph));
    assert.ok(sameArgmax > 0.95);
  });
});

describe("refused", () => {
  const rejects = (options: BuildOptions, message: RegExp): Promise<void> =>
    assert.rejects(build({ engines: [], ...options }), (error: Error) => {
      assert.ok(error instanceof ModelError, error.stack);
      assert.match(error.message, message);
      assert.doesNotMatch(error.message, /\n/);
      return true;
    });

  test("a module that is too large, with a table of what takes the room", async () => {
    await assert.rejects(build({ ...logistic, engines: [], maxSize: 1000 }), (error: Error) => {
      assert.ok(error instanceof ModelError);
      assert.match(error.message, /^module size: expected at most 1000 bytes \(--max-size\), found \d+$/);
      for (const part of ["code", "weights", "tables", "metadata", "format", "LinearClassifier"])
        assert.match(error.details ?? "", new RegExp(`^${part}\\b`, "m"));
      return true;
    });
  });

  test("weights alone that are too large, before anything is compiled", async () => {
    const stages: string[] = [];
    await rejects(
      { ...logistic, maxSize: 100, onStage: (stage) => stages.push(stage) },
      /^module size: expected at most 100 bytes \(--max-size\), found at least \d+$/,
    );
    assert.equal(stages.at(-1), "plan");
  });

  test("a model that is float in one part and int8 in another", async () => {
    // input -> QUANTIZE -> DEQUANTIZE -> HARD_SWISH in float, of which nothing says the range
    const [dequantize, logisticCode, hardSwish, float32] = [6, 14, 117, 0];
    const swapped = replaceOperators(
      vectorCase("borders", "logistic_zerom124").model,
      new Map([
        [dequantize, hardSwish],
        [logisticCode, dequantize],
      ]),
    );
    const model = write("mixed.tflite", retype(swapped, 2, float32));
    const row = Array(24).fill("0.5").join(",");
    const calibration = write("mixed.csv", `${row.replaceAll("0.5", "c")}\n${row}\n`);
    await rejects(
      { model, calibration },
      /^tensor t1: expected a model of float32 or one of int8 throughout, found int8 beside float32$/,
    );
  });
});
