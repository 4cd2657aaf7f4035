/**
 * Trained LSTM and GRU layers, as Keras and tf2onnx write them (test/models/gen/recurrent_models.py): in float they
 * are Keras's, and in int8 they decide as well on gestures that calibration has not seen.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { importModel, openSource } from "../../../host/compiler/import/index.ts";
import { simplify } from "../../../host/compiler/passes/index.ts";
import { type Graph, tensorOf } from "../../../host/ir/graph.ts";
import { borderOf, dequantizeBytes, toFloatInputs, toInputBytes } from "../../../host/ops/border.ts";
import { checkGraph } from "../../../host/ops/spec.ts";
import type { Dataset } from "../../../host/runtime/data/dataset.ts";
import { readDataset } from "../../../host/runtime/data/index.ts";
import { evaluateGraph } from "../../../host/runtime/engines/reference.ts";
import { v8 } from "../../../host/runtime/engines/v8.ts";
import { buildAndVerify } from "../../support/float_model.ts";
import { modelPath } from "../../support/models.ts";
import {
  floatTensor,
  generator,
  int,
  node,
  onnx,
  refusal,
  string,
  strings,
  value,
} from "../../support/onnx.ts";

const FOLDER = modelPath("recurrent");
const FILES = ["lstm.keras", "lstm.onnx", "gru.keras", "gru.onnx", "gru_reset_before.keras"];
const TOLERANCE = 1e-5;
/** One in a hundred. */
const MOST_ACCURACY_LOST = 0.01;

const expected = JSON.parse(readFileSync(join(FOLDER, "expected.json"), "utf8")) as Readonly<
  Record<string, readonly (readonly number[])[]>
>;

const STEPS = 24;
const AXES = 3;
const readGestures = (name: string): Dataset =>
  readDataset(join(FOLDER, `gestures.${name}.csv`), STEPS * AXES);

const load = async (file: string): Promise<Graph> =>
  simplify(checkGraph(importModel(await openSource(join(FOLDER, file)), file), "import"));

const outputOf = (graph: Graph, row: Float32Array): ArrayLike<number> =>
  evaluateGraph(graph, toFloatInputs(graph, [row])).get(graph.outputs[0]!)!;

const decide = (scores: ArrayLike<number>): number =>
  Array.from(scores).reduce((best, score, i) => (score > scores[best]! ? i : best), 0);

function accuracy(found: readonly ArrayLike<number>[], labels: Dataset["labels"]): number {
  return found.filter((scores, i) => decide(scores) === Number(labels![i])).length / found.length;
}

const unseen = readGestures("test");

for (const file of FILES) {
  describe(file, async () => {
    const graph = await load(file);

    test("the float graph is Keras's", () => {
      for (const [i, scores] of expected[file.split(".")[0]!]!.entries()) {
        const found = outputOf(graph, unseen.rows[i]!);
        scores.forEach((score, k) => {
          assert.ok(Math.abs(score - found[k]!) <= TOLERANCE, `row ${i}: ${found[k]}, not ${score}`);
        });
      }
    });

    test("the module decides as well", async () => {
      const samples = readGestures("calibration").rows.map((row) => [row]);
      const { graph: quantized, module } = await buildAndVerify(graph, samples);
      const output = borderOf(tensorOf(quantized, quantized.outputs[0]!));
      const vectors = unseen.rows.map((row) => toInputBytes(quantized, [row]));
      const bytes = await v8.run(module, vectors);
      const after = accuracy(
        bytes.map(([scores]) => dequantizeBytes(scores!, output)),
        unseen.labels,
      );
      const before = accuracy(
        unseen.rows.map((row) => outputOf(graph, row)),
        unseen.labels,
      );
      assert.ok(before > 0.95);
      assert.ok(
        after >= before - MOST_ACCURACY_LOST,
        `${after} of gestures are right, with floats ${before}`,
      );
    });
  });
}

describe("ONNX layers that are refused, in one line", () => {
  /** A layer of 2 units over 4 steps of 3 values. */
  function refusalOf(type: "LSTM" | "GRU", attributes: Parameters<typeof node>[3]): string {
    const gates = type === "LSTM" ? 4 : 3;
    const next = generator(3);
    const constant = (name: string, dims: number[]) =>
      floatTensor(name, dims, Array.from({ length: dims.reduce((a, b) => a * b, 1) }, next));
    const bytes = onnx({
      nodes: [node(type, ["x", "w", "r"], ["y"], { hidden_size: int(2), ...attributes })],
      inputs: [value("x", [4, 1, 3])],
      outputs: [value("y", [undefined, undefined, undefined, undefined])],
      constants: [constant("w", [1, gates * 2, 3]), constant("r", [1, gates * 2, 2])],
    });
    return refusal(bytes);
  }

  for (const type of ["LSTM", "GRU"] as const) {
    test(`${type} in no known direction`, () => {
      const found = refusalOf(type, { direction: string("sideways") });
      assert.match(found, /direction: expected forward, reverse, bidirectional, found sideways/);
    });
    test(`${type} with another activation`, () => {
      const others = ["HardSigmoid", "Tanh", "Tanh"].slice(0, type === "LSTM" ? 3 : 2);
      const found = refusalOf(type, { activations: strings(others) });
      assert.match(found, /activations: expected sigmoid,tanh.*, found hardsigmoid,tanh/);
    });
  }

  test("coupled gates", () => {
    assert.match(refusalOf("LSTM", { input_forget: int(1) }), /input_forget: expected 0, found 1/);
  });
});
