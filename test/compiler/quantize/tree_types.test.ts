/** Types of what forests compare: as fine as thresholds are, also where nodes compute it. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { calibrate } from "../../../host/compiler/quantize/calibrate.ts";
import { quantizeGraph } from "../../../host/compiler/quantize/quantize.ts";
import { fromBytes, type Graph, tensorOf } from "../../../host/ir/graph.ts";
import { borderOf, quantizeToBytes } from "../../../host/ops/border.ts";
import { evaluateGraph } from "../../../host/runtime/engines/reference.ts";
import { DENSE, float, floatConstant, graphOf, node, randomFloats } from "../../support/graphs.ts";

/** Thresholds of the second feature, some hundredths apart in a range of 100: one leaf more for each that is below. */
const THRESHOLDS = Array.from({ length: 40 }, (_, i) => 31.003 + 0.0371 * i);

const chain = THRESHOLDS.flatMap((threshold, i) => [1, threshold, 2 * i + 2, 0, -1, i, 0, 0]);

/** A forest behind two inputs that are joined, as pipelines of columns have it; the second may go through a scaler before. */
function joined(scaler: boolean): Graph {
  const second = scaler ? "scaled" : "b";
  return graphOf({
    tensors: [
      float("a", [1, 1]),
      float("b", [1, 1]),
      floatConstant("one", [1, 1], [1]),
      floatConstant("none", [1], [0]),
      ...(scaler ? [float("scaled", [1, 1])] : []),
      float("both", [1, 2]),
      floatConstant("splits", [2 * THRESHOLDS.length + 1, 4], [...chain, -1, THRESHOLDS.length, 0, 0]),
      floatConstant(
        "leaves",
        [THRESHOLDS.length + 1, 1],
        Array.from({ length: THRESHOLDS.length + 1 }, (_, i) => i),
      ),
      floatConstant("base", [1], [0]),
      float("y", [1, 1]),
    ],
    nodes: [
      ...(scaler ? [node("fully_connected", ["b", "one", "none"], "scaled", DENSE, "scaler")] : []),
      node("concatenation", ["a", second], "both", { axis: 1 }, "join"),
      node("tree_ensemble", ["both", "splits", "leaves", "base"], "y", {}, "forest"),
    ],
    inputs: ["a", "b"],
    outputs: ["y"],
  });
}

const row = (second: number): Float32Array[] => [Float32Array.of(0.5), Float32Array.of(second)];

describe("a forest behind joined inputs", () => {
  for (const scaler of [false, true])
    test(`decides as in float ${scaler ? "behind a scaler" : "of the inputs themselves"}`, () => {
      const graph = joined(scaler);
      const samples = [0, 100, 31.4, 32].map(row);
      const integers = quantizeGraph(graph, calibrate(graph, samples));
      const values = Array.from(randomFloats(200, 5), (x) => 32 + x * 0.7);
      const leaf = (of: Graph, inputs: Parameters<typeof evaluateGraph>[1]): number => {
        const { dtype, quantization } = tensorOf(of, "y");
        const found = evaluateGraph(of, inputs).get("y")![0]!;
        return dtype === "float32" ? found : Math.round(found * quantization!.scales[0]!);
      };
      const apart = values.map((value) => {
        const bytes = integers.inputs.map((name, i) => {
          const tensor = tensorOf(integers, name);
          return fromBytes(tensor.dtype, quantizeToBytes(row(value)[i]!, borderOf(tensor)));
        });
        return Math.abs(leaf(graph, row(value)) - leaf(integers, bytes));
      });
      assert.ok(
        new Set(values.map((value) => leaf(graph, row(value)))).size > 15,
        "rows of few leaves prove little",
      );
      // A step of 16 bits is 1/12 of what is between two thresholds; one of 8 bits is ten of those.
      assert.ok(Math.max(...apart) <= 1, `a row is ${Math.max(...apart)} leaves off`);
      assert.ok(
        apart.filter((x) => x > 0).length < 0.15 * values.length,
        `${apart.filter((x) => x > 0).length} rows`,
      );
    });
});
