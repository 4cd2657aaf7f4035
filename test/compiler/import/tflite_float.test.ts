/** Float TFLite files as TensorFlow's converter writes them (test/models/gen/tflite_float.py): float32, float16 and int8 weights. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { Graph } from "../../../host/ir/graph.ts";
import { evaluateGraph } from "../../../host/runtime/engines/reference.ts";
import { buildAndVerify } from "../../support/float_model.ts";
import { modelPath, simplifiedModel } from "../../support/models.ts";

const FOLDER = "tflite_float";
const FILES = readdirSync(modelPath(FOLDER)).filter((file) => file.endsWith(".tflite"));

/** TensorFlow Lite rounds the activations to int8 where the weights are: only there it computes something else. */
const toleranceOf = (file: string): number => (file.includes("dynamic") ? 0.04 : 1e-5);

interface Sample {
  readonly input: readonly number[];
  readonly output: readonly number[];
}

const samplesOf = (file: string): readonly Sample[] =>
  JSON.parse(
    readFileSync(join(modelPath(FOLDER), file.replace(".tflite", ".expected.json")), "utf8"),
  ) as readonly Sample[];

function worstError(graph: Graph, samples: readonly Sample[]): number {
  const errors = samples.flatMap(({ input, output }) => {
    const found = evaluateGraph(graph, [Float32Array.from(input)]).get(graph.outputs[0]!)!;
    assert.equal(found.length, output.length);
    return Array.from(found, (x, i) => Math.abs(x - output[i]!) / Math.max(1, Math.abs(x)));
  });
  return Math.max(...errors);
}

describe("float TFLite files", () => {
  for (const file of FILES) {
    test(file, async () => {
      const samples = samplesOf(file);
      const graph = simplifiedModel(join(FOLDER, file));
      const error = worstError(graph, samples);
      assert.ok(error <= toleranceOf(file), `float: ${error}`);
      const { agreement } = await buildAndVerify(
        graph,
        samples.map(({ input }) => [Float32Array.from(input)]),
      );
      const largest = Math.max(...samples.flatMap(({ output }) => output.map(Math.abs)));
      assert.ok(agreement.maxError < 0.05 * largest, `of ${largest}, int8 differs by ${agreement.maxError}`);
    });
  }

  test("a dilated convolution between SPACE_TO_BATCH_ND and BATCH_TO_SPACE_ND is one operator", () => {
    const { nodes } = simplifiedModel(join(FOLDER, "signal_float32.tflite"));
    const dilations = nodes
      .filter(({ op }) => op === "conv2d")
      .map(({ attributes }) => attributes["dilation"]);
    assert.deepEqual(dilations, [
      [1, 1],
      [1, 2],
    ]);
  });
});
