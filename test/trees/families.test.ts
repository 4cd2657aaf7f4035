/** Forests of every family against ONNX Runtime: as float graphs, and as modules in wasm3, on rows nobody trained on. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { importModel, readSource } from "../../host/compiler/import/index.ts";
import { simplify } from "../../host/compiler/passes/index.ts";
import { tensorOf } from "../../host/ir/graph.ts";
import { borderOf, dequantizeBytes, toInputBytes } from "../../host/ops/border.ts";
import { argmax } from "../../host/ops/decision.ts";
import { build } from "../../host/pipeline.ts";
import { evaluateGraph } from "../../host/runtime/engines/reference.ts";
import { wasm3 } from "../../host/runtime/engines/wasm3.ts";
import { type ForestCase, forestCases, runtimeScores } from "./forests.ts";

const FLOAT_TOLERANCE = 1e-5;
/** Of the range of a regressor's values. */
const VALUE_TOLERANCE = 1e-3;
const LEAST_EQUAL = 0.999;

/** Whether two predictions are one: the class, an outlier's sign, or each value as nearly as the range asks for. */
function samePrediction(
  { kind }: ForestCase,
  expected: Float32Array,
  found: Float32Array,
  range: number,
): boolean {
  if (kind === "class") return argmax(expected) === argmax(found);
  if (kind === "outlier") return expected[0]! < 0 === found[0]! < 0;
  return expected.every((value, i) => Math.abs(value - found[i]!) <= VALUE_TOLERANCE * range);
}

function rangeOf(values: readonly Float32Array[]): number {
  const all = values.flatMap((row) => [...row]);
  return Math.max(...all) - Math.min(...all);
}

for (const forest of forestCases()) {
  describe(forest.name, async () => {
    const expected = await runtimeScores(forest);

    test("computes what ONNX Runtime does", () => {
      const graph = simplify(importModel(readSource(forest.path), forest.name));
      forest.rows.forEach((row, i) => {
        const found = evaluateGraph(graph, [row]).get(graph.outputs[0]!)!;
        expected[i]!.forEach((value, j) => {
          const error = Math.abs(found[j]! - value) / Math.max(1, Math.abs(value));
          assert.ok(error <= FLOAT_TOLERANCE, `row ${i}: expected ${expected[i]}, found ${found}`);
        });
      });
    });

    test("its module predicts the same in wasm3", async () => {
      const { module, graph } = await build({ model: forest.path, calibration: forest.calibration });
      const outputs = await wasm3.run(
        module,
        forest.rows.map((row) => toInputBytes(graph, [row])),
      );
      const border = borderOf(tensorOf(graph, graph.outputs[0]!));
      const range = rangeOf(expected);
      const same = outputs.filter((output, i) =>
        samePrediction(forest, expected[i]!, dequantizeBytes(output[0]!, border), range),
      );
      assert.ok(same.length >= LEAST_EQUAL * expected.length, `${same.length} of ${expected.length}`);
    });
  });
}
