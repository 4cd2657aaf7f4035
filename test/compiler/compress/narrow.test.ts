/** Layers of few bits and of low rank, by what a network with them computes. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Codings, narrow } from "../../../host/compiler/compress/narrow.ts";
import { realValues, teacherOf, traceSample } from "../../../host/compiler/compress/teacher.ts";
import { calibrate } from "../../../host/compiler/quantize/calibrate.ts";
import { quantizeGraph } from "../../../host/compiler/quantize/quantize.ts";
import { type Graph, tensorOf } from "../../../host/ir/graph.ts";
import type { Sample } from "../../../host/ops/border.ts";
import { checkQuantized } from "../../../host/ops/spec.ts";
import { CONV, DENSE, float, floatConstant, graphOf, node, randomFloats } from "../../support/graphs.ts";

const weights = (name: string, shape: number[], seed: number) =>
  floatConstant(name, shape, [
    ...randomFloats(
      shape.reduce((a, b) => a * b, 1),
      seed,
    ),
  ]);

/** [20, 32] of rank 3. */
function lowRankWeights(name: string) {
  const [left, right] = [randomFloats(60, 8), randomFloats(96, 9)];
  return floatConstant(
    name,
    [20, 32],
    Array.from({ length: 640 }, (_, i) =>
      [0, 1, 2].reduce((sum, k) => sum + left[Math.floor(i / 32) * 3 + k]! * right[k * 32 + (i % 32)]!, 0),
    ),
  );
}

const network: Graph = graphOf({
  tensors: [
    float("x", [1, 4, 4, 2]),
    weights("w1", [32, 3, 3, 2], 1),
    weights("b1", [32], 2),
    float("c", [1, 2, 2, 32]),
    float("d", [1, 2, 2, 20]),
    lowRankWeights("w2"),
    weights("b2", [20], 5),
    float("v", [1, 80]),
    weights("w3", [5, 80], 4),
    float("y", [1, 5]),
  ],
  nodes: [
    node("conv2d", ["x", "w1", "b1"], "c", { ...CONV, activation: "relu" }, "conv"),
    node("fully_connected", ["c", "w2", "b2"], "d", { ...DENSE, keepDims: true }, "middle"),
    node("reshape", ["d"], "v", { shape: [1, 80] }),
    node("fully_connected", ["v", "w3"], "y", DENSE, "last"),
  ],
  inputs: ["x"],
  outputs: ["y"],
});

const samples: Sample[] = Array.from({ length: 60 }, (_, seed) => [
  Float32Array.from(randomFloats(32, 50 + seed)),
]);
const [fitting, others] = [samples.slice(0, 40), samples.slice(40)];
const quantized = checkQuantized(quantizeGraph(network, calibrate(network, fitting)), "quantize");

/** Noise to signal of the output on samples that nothing was fitted to. */
function noiseOf(graph: Graph): number {
  const expected = teacherOf(network, others).valuesOf("y");
  let [noise, signal] = [0, 0];
  others.forEach((sample, s) => {
    const found = realValues(tensorOf(graph, "y"), traceSample(graph, sample).get("y")!);
    found.forEach((value, i) => {
      noise += (value - expected[s]![i]!) ** 2;
      signal += expected[s]![i]! ** 2;
    });
  });
  return noise / signal;
}

const narrowed = (codings: Codings, teacher: Graph = network): Graph =>
  checkQuantized(narrow(teacherOf(teacher, fitting), quantized, codings), "narrow");

/** Weights rounded to four bits, each by itself: what compensation has to beat. */
function rounded(): Graph {
  const tensors = new Map(quantized.tensors);
  for (const { inputs } of quantized.nodes) {
    const tensor = tensors.get(inputs[1]!);
    if (!tensor?.data || tensor.dtype !== "int8") continue;
    const data = tensor.data.map((value) => 16 * Math.max(-8, Math.min(7, Math.round(value / 16))));
    tensors.set(tensor.name, { ...tensor, data: Int8Array.from(data) });
  }
  return { ...quantized, tensors };
}

const ALL: Codings = new Map(["conv", "middle", "last"].map((name) => [name, { bits: 4 }]));

describe("narrow layers", () => {
  test("four bits in every layer lose less than rounding alone, though inputs tell nothing of each other", () => {
    const graph = narrowed(ALL);
    for (const { inputs } of graph.nodes.filter(({ op }) => op !== "reshape")) {
      const { data } = tensorOf(graph, inputs[1]!);
      assert.ok(data!.every((code) => code >= -8 && code <= 7));
    }
    const [found, plain] = [noiseOf(graph), noiseOf(rounded())];
    assert.ok(found < 0.75 * plain, `found ${found}, rounding alone ${plain}`);
  });

  test("integers of a file are as good a teacher as its floats", () => {
    const [float, integers] = [noiseOf(narrowed(ALL)), noiseOf(narrowed(ALL, quantized))];
    assert.ok(integers < 1.5 * float + 1e-3, `found ${integers}, by floats ${float}`);
  });

  test("a layer of rank three loses little as two of rank four, and much as two of rank one", () => {
    const graph = narrowed(new Map([["middle", { bits: 8, rank: 4 }]]));
    assert.deepEqual(
      graph.nodes.map(({ name }) => name),
      ["conv", "middle_a", "middle", "reshape", "last"].map((name, i) =>
        i === 3 ? graph.nodes[3]!.name : name,
      ),
    );
    const [four, one, before] = [
      noiseOf(graph),
      noiseOf(narrowed(new Map([["middle", { bits: 8, rank: 1 }]]))),
      noiseOf(quantized),
    ];
    assert.ok(four < before + 5e-4, `found ${four}, before ${before}`);
    assert.ok(one > 0.05, `found ${one}`);
  });

  test("a layer that is not named keeps its bytes", () => {
    const graph = narrowed(new Map([["last", { bits: 4 }]]));
    const weightsOf = (of: Graph, place: number) => tensorOf(of, of.nodes[place]!.inputs[1]!).data;
    assert.deepEqual(weightsOf(graph, 0), weightsOf(quantized, 0));
    assert.notDeepEqual(weightsOf(graph, 3), weightsOf(quantized, 3));
  });
});
