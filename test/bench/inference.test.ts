/** What inferences cost, against test/bench/inference.csv: the small models and keyword spotting. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { layerSubject, measureModule, splitLayers } from "../../host/compiler/tune/measure.ts";
import { seededInputs } from "../../host/compiler/verify/vectors.ts";
import { firmwareAvailability } from "../../host/firmware/qemu_build.ts";
import { runProcess } from "../../host/firmware/toolchain.ts";
import { compileGraph } from "../../host/pipeline.ts";
import { runReference } from "../../host/runtime/engines/reference.ts";
import { simplifiedModel } from "../support/models.ts";
import { reasonToSkip } from "./figures_csv.ts";
import { FILE, inferenceGrowth } from "./inference_figures.ts";
import { benchModels, isHere, whyMissing } from "./inference_models.ts";

const availability = await firmwareAvailability();
const skip = availability.available ? false : `${availability.reason}; install: ${availability.install}`;
const skipFigures = reasonToSkip(FILE, availability);

describe("have not grown by more than 2 % (if it is right: npm run bench -- --update)", {
  skip: skipFigures,
}, () => {
  for (const model of benchModels.filter(({ slow }) => !slow)) {
    test(model.name, { skip: isHere(model) ? false : whyMissing(model) }, async () => {
      const growth = await inferenceGrowth(model);
      assert.equal(growth.length, 0, growth.join("\n"));
    });
  }
});

describe("layers of a graph, each on its own", () => {
  const graph = simplifiedModel("digits_int8.tflite");
  const layers = splitLayers(graph, 3);

  test("pass the values of the whole graph on", () => {
    assert.deepEqual(
      layers.map(({ node }) => node.name),
      graph.nodes.map(({ name }) => name),
    );
    assert.deepEqual(layers[0]!.inputs, seededInputs(graph, 3));
    assert.deepEqual([layers.at(-1)!.outputs], runReference(graph, [seededInputs(graph, 3)]));
    for (const layer of layers) assert.deepEqual(runReference(layer.graph, [layer.inputs]), [layer.outputs]);
  });

  test("are measured only where they compute what the reference does", { skip }, async () => {
    const subject = await layerSubject(layers.at(-1)!, compileGraph);
    const { instructions } = await measureModule(subject, { kernels: "native" });
    assert.ok(instructions.length === 1 && instructions[0]! > 0);
    const wrong = { ...subject, outputs: [subject.outputs[0]!.map((bytes) => bytes.map((byte) => ~byte))] };
    const found = measureModule(wrong, { kernels: "native" });
    await assert.rejects(found, /native kernels: vector 0, output 0, byte 0: expected \d+, found \d+/);
  });
});

describe("the command", () => {
  const command = fileURLToPath(new URL("./inference.js", import.meta.url));
  const bench = (...args: string[]) => runProcess([process.execPath, command, ...args]);

  test("--json prints one array and nothing else", { skip }, async () => {
    const { status, stdout } = await bench("--json", "wine_gemm");
    assert.equal(status, 0);
    const rows = JSON.parse(stdout.toString("utf8")) as Record<string, unknown>[];
    const expected = ["model", "kernels", "instructions", "macs", "module_bytes", "ram_bytes"];
    for (const row of rows) assert.deepEqual(Object.keys(row), expected);
    assert.deepEqual(
      rows.map(({ model, kernels, macs }) => [model, kernels, macs]),
      [
        ["wine_gemm", "native", 256],
        ["wine_gemm", "portable", 256],
      ],
    );
  });

  test("refuses what it does not know in one line", async () => {
    for (const args of [["--jsn"], ["no_such_model"], ["--layers", "--json"]]) {
      const { status, stdout, stderr } = await bench(...args);
      assert.deepEqual([status, stdout.length], [1, 0]);
      assert.match(stderr, /^bench: expected .*, found .*\n$/);
    }
  });
});
