/** Forests against ONNX Runtime: as float graphs, and as modules in wasm3, on rows nobody trained on and on thresholds. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { importModel, readSource } from "../../host/compiler/import/index.ts";
import { simplify } from "../../host/compiler/passes/index.ts";
import { floatAfter } from "../../host/ir/float_order.ts";
import { type Graph, tensorOf } from "../../host/ir/graph.ts";
import { readMetadata } from "../../host/module/metadata.ts";
import { borderOf, dequantizeBytes, quantizeToBytes } from "../../host/ops/border.ts";
import { argmax } from "../../host/ops/decision.ts";
import { IS_SET, IS_STRICT, LEAF, NODE_COLUMNS } from "../../host/ops/tree_nodes.ts";
import { build } from "../../host/pipeline.ts";
import { evaluateGraph } from "../../host/runtime/engines/reference.ts";
import { wasm3 } from "../../host/runtime/engines/wasm3.ts";
import { type ForestCase, runtimeScores } from "./forests.ts";

const FLOAT_TOLERANCE = 1e-5;
/** Of the range of a regressor's values: leaves and sums have 16 bits. */
const VALUE_TOLERANCE = 1e-3;
/**
 * A value that no sample has may be decided otherwise where it lies so near to a threshold, as a share of the range of the
 * feature's thresholds, without being equal to it: a step of 16 bits, of which the compiler takes at least 15 bits' worth.
 */
const NEAR = 2 ** -15;
/** Share of rows that may have such a value in one of their features. */
const MOST_NEAR = 0.05;

/** What is asked of each feature by all forests that read the input. */
function thresholdsOf(graph: Graph, features: number): number[][] {
  const all = Array.from({ length: features }, () => new Set<number>());
  for (const { op, inputs } of graph.nodes) {
    if (op !== "tree_ensemble" || inputs[0] !== graph.inputs[0]) continue;
    const { data } = tensorOf(graph, inputs[1]!);
    for (let i = 0; i < data!.length; i += NODE_COLUMNS) {
      const [feature, value, , flags] = data!.subarray(i, i + NODE_COLUMNS) as Float32Array;
      if (feature === LEAF || (flags! & IS_SET) !== 0 || !Number.isFinite(value)) continue;
      all[feature!]!.add((flags! & IS_STRICT) !== 0 ? floatAfter(value!) : value!);
    }
  }
  return all.map((values) => [...values].sort((a, b) => a - b));
}

/** Rows a third of whose values are thresholds of their feature, one after the other. */
function onThresholds(graph: Graph, rows: readonly Float32Array[]): Float32Array[] {
  const thresholds = thresholdsOf(graph, rows[0]!.length);
  return rows.map((row, i) =>
    row.map((x, j) => {
      const of = thresholds[j]!;
      return (i + j) % 3 === 0 && of.length > 0 ? of[(i * 7 + j) % of.length]! : x;
    }),
  );
}

/** Rows that have a value near to a threshold: see NEAR. Bins are right for all values. */
function nearThresholds(graph: Graph, built: Graph, rows: readonly Float32Array[]): readonly boolean[] {
  const thresholds = thresholdsOf(graph, rows[0]!.length);
  const edges = tensorOf(built, built.inputs[0]!).scaling?.edges;
  return rows.map((row) =>
    row.some((x, j) => {
      if (edges?.[j]) return false;
      const of = thresholds[j]!;
      const most = NEAR * ((of.at(-1) ?? 0) - (of[0] ?? 0));
      return of.some((t) => x !== t && Math.abs(x - t) <= most);
    }),
  );
}

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

/** The tests of one model. */
export function checkForest(forest: ForestCase): void {
  describe(forest.name, async () => {
    const graph = simplify(importModel(readSource(forest.path), forest.name));
    const rows = [...forest.rows, ...onThresholds(graph, forest.rows)];
    const expected = await runtimeScores({ ...forest, rows });

    test("computes what ONNX Runtime does", () => {
      rows.forEach((row, i) => {
        const found = evaluateGraph(graph, [row]).get(graph.outputs[0]!)!;
        expected[i]!.forEach((value, j) => {
          const error = Math.abs(found[j]! - value) / Math.max(1, Math.abs(value));
          assert.ok(error <= FLOAT_TOLERANCE, `row ${i}: expected ${expected[i]}, found ${found}`);
        });
      });
    });

    test("its module predicts the same in wasm3", async () => {
      const built = await build({ model: forest.path, calibration: forest.calibration });
      // By what the module says of itself, as whoever runs it does.
      const { inputs } = readMetadata(built.module);
      const outputs = await wasm3.run(
        built.module,
        rows.map((row) => [quantizeToBytes(row, inputs[0]!)]),
      );
      const border = borderOf(tensorOf(built.graph, built.graph.outputs[0]!));
      assert.deepEqual(built.quantization!.warnings, []);
      const near = nearThresholds(graph, built.graph, rows);
      assert.ok(
        near.filter(Boolean).length <= MOST_NEAR * rows.length,
        `${near.filter(Boolean).length} near`,
      );
      const range = rangeOf(expected);
      const wrong = outputs.flatMap(([output], i) =>
        near[i] || samePrediction(forest, expected[i]!, dequantizeBytes(output!, border), range) ? [] : [i],
      );
      assert.deepEqual(wrong, [], `of ${rows.length} rows, from ${forest.rows.length} on on thresholds`);
    });
  });
}
