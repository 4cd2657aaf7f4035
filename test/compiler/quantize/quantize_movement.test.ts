/** Operators that move, compare and map values, from a float graph to an int8 one, run by V8. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { calibrate } from "../../../host/compiler/quantize/calibrate.ts";
import { compareWithFloat } from "../../../host/compiler/quantize/compare.ts";
import { quantizeGraph } from "../../../host/compiler/quantize/quantize.ts";
import { elements, type Graph, perTensor, tensorOf } from "../../../host/ir/graph.ts";
import { type Sample, toInputBytes } from "../../../host/ops/border.ts";
import { checkQuantized } from "../../../host/ops/spec.ts";
import { compileGraph } from "../../../host/pipeline.ts";
import { evaluateGraph, runReference } from "../../../host/runtime/engines/reference.ts";
import { v8 } from "../../../host/runtime/engines/v8.ts";
import { buildAndVerify } from "../../support/float_model.ts";
import { float, floatConstant, graphOf, node, randomFloats } from "../../support/graphs.ts";

const samplesFor = (graph: Graph, count: number): Sample[] =>
  Array.from({ length: count }, (_, i) =>
    graph.inputs.map((name, j) => randomFloats(elements(tensorOf(graph, name).shape), 10 * i + j)),
  );

const quantizeOn = (graph: Graph, samples: readonly Sample[]): Graph =>
  checkQuantized(quantizeGraph(graph, calibrate(graph, samples)), "quantize");

test("a network of them is within a few steps of the float one, on V8 byte for byte the reference", async () => {
  const graph = graphOf({
    tensors: [
      float("x", [1, 3, 4, 4]),
      float("image", [1, 4, 4, 3]),
      floatConstant("slopes", [3], [0.1, 0.2, -0.3]),
      float("bent", [1, 4, 4, 3]),
      float("odd", [1, 2, 4, 3]),
      float("wide", [1, 4, 8, 3]),
      float("part", [1, 4, 4, 3]),
      float("greater", [1, 4, 4, 3]),
      floatConstant("w", [2, 2, 2, 3], [...randomFloats(24, 5)]),
      floatConstant("b", [2], [0.1, -0.2]),
      float("large", [1, 8, 8, 2]),
      floatConstant("three", [], [3]),
      float("third", [1, 8, 8, 2]),
      float("limited", [1, 8, 8, 2]),
      float("y", [1, 2]),
    ],
    nodes: [
      node("transpose", ["x"], "image", { permutation: [0, 2, 3, 1] }),
      node("prelu", ["image", "slopes"], "bent"),
      node("strided_slice", ["bent"], "odd", {
        begin: [0, 1, 0, 0],
        end: [1, 4, 4, 3],
        strides: [1, 2, 1, 1],
      }),
      node("resize_nearest", ["odd"], "wide", { rows: [0, 0, 1, 1], columns: [0, 0, 1, 1, 2, 2, 3, 3] }),
      node("strided_slice", ["wide"], "part", {
        begin: [0, 0, 7, 0],
        end: [1, 4, -1, 3],
        strides: [1, 1, -2, 1],
      }),
      node("maximum", ["part", "image"], "greater"),
      node("transpose_conv2d", ["greater", "w", "b"], "large", {
        stride: [2, 2],
        padding: [0, 0, 0, 0],
        dilation: [1, 1],
        outputSize: [8, 8],
        activation: "none",
      }),
      node("div", ["large", "three"], "third"),
      node("clip", ["third"], "limited", { min: -0.4, max: 0.5 }),
      node("reduce_max", ["limited"], "y", { axes: [1, 2], keepDims: false }),
    ],
    inputs: ["x"],
    outputs: ["y"],
  });
  const samples = samplesFor(graph, 20);
  const found = quantizeOn(graph, samples);
  const { scale } = perTensor(tensorOf(found, "y"));
  const { maxError } = compareWithFloat(graph, found, samples);
  assert.ok(maxError < 6 * scale, `${maxError / scale} steps`);
  const vectors = samples.slice(0, 4).map((sample) => toInputBytes(found, sample));
  assert.deepEqual(await v8.run(await compileGraph(found), vectors), runReference(found, vectors));
});

test("an index is an int32 and has no scale", () => {
  const graph = graphOf({
    tensors: [float("x", [1, 5]), { name: "y", dtype: "int32", shape: [1] }],
    nodes: [node("arg_max", ["x"], "y", { axis: 1, keepDims: false })],
    inputs: ["x"],
    outputs: ["y"],
  });
  const samples = samplesFor(graph, 9);
  const found = quantizeOn(graph, samples);
  assert.deepEqual([tensorOf(found, "y").dtype, tensorOf(found, "y").quantization], ["int32", undefined]);
  for (const sample of samples) {
    const expected = evaluateGraph(graph, sample).get("y")![0];
    const [bytes] = runReference(found, [toInputBytes(found, sample)])[0]!;
    assert.equal(new Int32Array(new Uint8Array(bytes!).buffer)[0], expected);
  }
});

test("an int8 quotient of two tensors is near the float one, on V8 and wasm3 byte for byte the reference", async () => {
  const graph = graphOf({
    tensors: [float("a", [4]), float("b", [4]), float("y", [4])],
    nodes: [node("div", ["a", "b"], "y")],
    inputs: ["a", "b"],
    outputs: ["y"],
  });
  const samples = samplesFor(graph, 20).map(([a, b]) => [a!, b!.map((value) => 2 + value)]);
  const { agreement } = await buildAndVerify(graph, samples);
  assert.ok(
    agreement.maxError <= 0.02 * agreement.range,
    `found ${agreement.maxError} of ${agreement.range}`,
  );
});
