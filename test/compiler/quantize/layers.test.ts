/** Fast loops for layers of weights: every value of every tensor is that of the reference interpreter. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { calibrate } from "../../../host/compiler/quantize/calibrate.ts";
import { traceOf } from "../../../host/compiler/quantize/layers.ts";
import { quantizeGraph } from "../../../host/compiler/quantize/quantize.ts";
import type { Graph } from "../../../host/ir/graph.ts";
import { toFloatInputs } from "../../../host/ops/border.ts";
import { evaluateGraph } from "../../../host/runtime/engines/reference.ts";
import { DENSE, float, floatConstant, graphOf, node, randomFloats } from "../../support/graphs.ts";

const constant = (name: string, shape: readonly number[], seed: number) =>
  floatConstant(
    name,
    shape,
    Array.from(
      randomFloats(
        shape.reduce((a, b) => a * b, 1),
        seed,
      ),
    ),
  );

const WINDOW = { stride: [2, 1], dilation: [1, 2], padding: [1, 2, 0, 1], activation: "relu" };

const graph = graphOf({
  tensors: [
    float("x", [1, 7, 6, 4]),
    constant("w1", [6, 3, 2, 2], 1),
    constant("b1", [6], 2),
    float("a", [1, 3, 7, 6]),
    constant("w2", [1, 2, 3, 12], 3),
    float("b", [1, 2, 6, 12]),
    constant("w3", [5, 12], 4),
    constant("b3", [5], 5),
    float("y", [1, 2, 6, 5]),
  ],
  nodes: [
    node("conv2d", ["x", "w1", "b1"], "a", { ...WINDOW, groups: 2 }),
    node("depthwise_conv2d", ["a", "w2"], "b", {
      ...WINDOW,
      depthMultiplier: 2,
      dilation: [1, 1],
      padding: [1, 0, 1, 1],
    }),
    node("fully_connected", ["b", "w3", "b3"], "y", { ...DENSE, keepDims: true }),
  ],
  inputs: ["x"],
  outputs: ["y"],
});
const samples = [1, 2, 3].map((seed) => [randomFloats(168, seed)]);
const ranges = calibrate(graph, samples);
const quantized = (type: "int8" | "int16"): Graph =>
  quantizeGraph(graph, ranges, {
    precision: new Map(["x", "a", "b", "y"].map((name) => [name, type])),
  });

describe("layers in fast loops", () => {
  test("float, grouped, dilated, padded, with a depth multiplier", () => {
    for (const sample of samples) {
      const inputs = toFloatInputs(graph, sample);
      assert.deepEqual(traceOf(graph, inputs), evaluateGraph(graph, inputs));
    }
  });

  test("int8 and int16", () => {
    for (const sample of samples) {
      const int8 = [Int8Array.from(sample[0]!, (x) => Math.round(100 * x))];
      assert.deepEqual(traceOf(quantized("int8"), int8), evaluateGraph(quantized("int8"), int8));
      const int16 = [Int16Array.from(sample[0]!, (x) => Math.round(30000 * x))];
      assert.deepEqual(traceOf(quantized("int16"), int16), evaluateGraph(quantized("int16"), int16));
    }
  });
});
