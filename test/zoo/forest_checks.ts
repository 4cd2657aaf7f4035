/** Forests against ONNX Runtime: as float graphs, and as modules in wasm3, on rows nobody trained on and on thresholds. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { importModel, readSource } from "../../host/compiler/import/index.ts";
import { simplify } from "../../host/compiler/passes/index.ts";
import { floatAfter } from "../../host/ir/float_order.ts";
import { type Graph, tensorOf } from "../../host/ir/graph.ts";
import { borderOf, dequantizeBytes, toInputBytes } from "../../host/ops/border.ts";
import { argmax } from "../../host/ops/decision.ts";
import { IS_SET, IS_STRICT, LEAF, NODE_COLUMNS } from "../../host/ops/tree_nodes.ts";
import { type Build, build } from "../../host/pipeline.ts";
import { evaluateGraph } from "../../host/runtime/engines/reference.ts";
import { wasm3 } from "../../host/runtime/engines/wasm3.ts";
import { type ForestCase, runtimeScores } from "./forests.ts";

const FLOAT_TOLERANCE = 1e-5;
/** Of the range of a regressor's values. */
const VALUE_TOLERANCE = 1e-3;
/** Scores nearer to each other than this, in steps of the module's output, are a tie. */
const TIE_STEPS = 8;

/** The share of rows that may be decided otherwise where each is near a threshold. */
const DENSE_WRONG = 0.01;
/** Share of rows that may lie nearer to a threshold than 16 bits tell. */
const MOST_NEAR = 0.6;

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

/**
 * Rows of which a value lies within a step of the module's input of a threshold that it is not equal to: 16 bits may take
 * them for its other side. Where the build warns of it, rows on thresholds are of these, too.
 */
function nearThresholds(graph: Graph, built: Build, rows: readonly Float32Array[]): readonly boolean[] {
  const { scaling, quantization } = tensorOf(built.graph, built.graph.inputs[0]!);
  const thresholds = thresholdsOf(graph, rows[0]!.length);
  const isWarned = built.quantization!.warnings.length > 0;
  return rows.map((row) =>
    row.some((x, j) => {
      const step = quantization!.scales[0]! / Math.abs(scaling?.factors[j] ?? 1);
      return thresholds[j]!.some((t) => Math.abs(x - t) < step && (x !== t || isWarned));
    }),
  );
}

/** Whether two predictions are one: the class, an outlier's sign, or each value as nearly as the range asks for. */
function samePrediction(
  { kind }: ForestCase,
  expected: Float32Array,
  found: Float32Array,
  { range, step }: { readonly range: number; readonly step: number },
): boolean {
  if (kind === "values")
    return expected.every((value, i) => Math.abs(value - found[i]!) <= VALUE_TOLERANCE * range);
  if (kind === "outlier")
    return expected[0]! < 0 === found[0]! < 0 || Math.abs(expected[0]!) < TIE_STEPS * step;
  const [first, second] = Array.from(expected).sort((a, b) => b - a);
  return argmax(expected) === argmax(found) || first! - second! < TIE_STEPS * step;
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
      const inputs = rows.map((row) => toInputBytes(built.graph, [row]));
      const outputs = await wasm3.run(built.module, inputs);
      const border = borderOf(tensorOf(built.graph, built.graph.outputs[0]!));
      const by = { range: rangeOf(expected), step: border.scale };
      const near = nearThresholds(graph, built, rows);
      // Of 160 features one is within a step of a threshold in every row: then all rows are judged, nearly all alike.
      const isDense = near.filter(Boolean).length > MOST_NEAR * rows.length;
      const wrong = outputs.flatMap((output, i) => {
        const isLeftOut = near[i] && !isDense;
        return isLeftOut || samePrediction(forest, expected[i]!, dequantizeBytes(output[0]!, border), by)
          ? []
          : [i];
      });
      const most = isDense ? DENSE_WRONG * rows.length : 0;
      assert.ok(
        wrong.length <= most,
        `of ${rows.length} rows, from ${forest.rows.length} on on thresholds: ${wrong}`,
      );
    });
  });
}
