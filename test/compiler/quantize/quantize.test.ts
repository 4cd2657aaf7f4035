/** From a float graph and what calibration saw to an int8 graph: scales that belong together, constants, rescalings. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { simplify } from "../../../host/compiler/passes/index.ts";
import { lower } from "../../../host/compiler/plan/lower.ts";
import { calibrate } from "../../../host/compiler/quantize/calibrate.ts";
import { compareWithFloat } from "../../../host/compiler/quantize/compare.ts";
import { quantizeGraph } from "../../../host/compiler/quantize/quantize.ts";
import {
  elements,
  fromBytes,
  type Graph,
  ModelError,
  perTensor,
  tensorOf,
  toBytes,
} from "../../../host/ir/graph.ts";
import {
  dequantizeBytes,
  quantizeToBytes,
  type Sample,
  splitRow,
  toInputBytes,
} from "../../../host/ops/border.ts";
import { argmax } from "../../../host/ops/decision.ts";
import { operatorOf } from "../../../host/ops/index.ts";
import { checkQuantized } from "../../../host/ops/spec.ts";
import { evaluateGraph, runReference } from "../../../host/runtime/engines/reference.ts";
import {
  CONV,
  DENSE,
  float,
  floatConstant,
  graphOf,
  int8,
  NONE,
  node,
  ops,
  randomFloats,
} from "../../support/graphs.ts";
import { randomGraphs } from "../../support/random_graphs.ts";

function samplesFor(graph: Graph, count: number, scale = 1): Sample[] {
  return Array.from({ length: count }, (_, i) =>
    graph.inputs.map((name, j) =>
      randomFloats(elements(tensorOf(graph, name).shape), 10 * i + j).map((x) => x * scale),
    ),
  );
}

function quantizeOn(graph: Graph, samples: readonly Sample[]): Graph {
  return checkQuantized(quantizeGraph(graph, calibrate(graph, samples)), "quantize");
}

const quantizationOf = (graph: Graph, name: string) => tensorOf(graph, name).quantization;

/** Greatest error of the first output in units of its scale, over the samples. */
function worstSteps(graph: Graph, quantizedGraph: Graph, samples: readonly Sample[]): number {
  const { scale } = perTensor(tensorOf(quantizedGraph, quantizedGraph.outputs[0]!));
  return compareWithFloat(graph, quantizedGraph, samples).maxError / scale;
}

/** What copying kernels take for granted: an operator that only moves values changes no scale. */
function assertSharedScales(graph: Graph): void {
  for (const { name, op, inputs, outputs } of graph.nodes) {
    if (operatorOf(op).quantization.output.kind !== "same") continue;
    for (const input of inputs) {
      assert.deepEqual(
        quantizationOf(graph, input),
        quantizationOf(graph, outputs[0]!),
        `node ${name}: ${input}`,
      );
    }
  }
}

describe("concatenation", () => {
  const concat = (
    tensors: Parameters<typeof graphOf>[0]["tensors"],
    nodes: Parameters<typeof graphOf>[0]["nodes"],
  ) => graphOf({ tensors: [float("x", [1, 4]), ...tensors], nodes, inputs: ["x"], outputs: ["y"] });

  for (const op of ["logistic", "softmax"]) {
    test(`a branch from a ${op}, whose scale is prescribed, is rescaled`, () => {
      const attributes = op === "softmax" ? { beta: 1 } : {};
      const graph = concat(
        [float("p", [1, 4]), float("y", [1, 8])],
        [node(op, ["x"], "p", attributes), node("concatenation", ["p", "x"], "y", { axis: 1 }, "join")],
      );
      const samples = samplesFor(graph, 20, 3);
      const found = quantizeOn(graph, samples);
      assert.deepEqual(ops(found), [op, "quantize", "concatenation"]);
      assert.deepEqual(found.nodes[1]!.inputs, ["p"]);
      assert.deepEqual(found.nodes[2]!.inputs, ["join_rescaled_0", "x"]);
      assert.equal(quantizationOf(found, "p")!.scales[0], 1 / 256);
      assertSharedScales(found);
      assert.ok(worstSteps(graph, found, samples) < 1.5);
    });
  }

  test("ordinary branches share the range of both, without a rescaling", () => {
    const graph = concat(
      [floatConstant("ten", [1], [10]), float("p", [1, 4]), float("y", [1, 8])],
      [node("mul", ["x", "ten"], "p", NONE), node("concatenation", ["p", "x"], "y", { axis: 1 })],
    );
    const samples = samplesFor(graph, 20);
    const found = quantizeOn(graph, samples);
    assert.deepEqual(ops(found), ["mul", "concatenation"]);
    assertSharedScales(found);
    assert.ok(quantizationOf(found, "x")!.scales[0]! > 15 / 255);
    assert.ok(worstSteps(graph, found, samples) < 8);
  });

  test("a constant branch takes the scale of the result", () => {
    const graph = concat(
      [floatConstant("c", [1, 2], [-7, 0.25]), float("y", [1, 6])],
      [node("concatenation", ["x", "c"], "y", { axis: 1 })],
    );
    const samples = samplesFor(graph, 20);
    const found = quantizeOn(graph, samples);
    assertSharedScales(found);
    assert.ok(worstSteps(graph, found, samples) < 1);
  });

  test("a constant beside a prescribed scale, which could not hold it", () => {
    const graph = concat(
      [float("p", [1, 4]), floatConstant("c", [1, 1], [5]), float("y", [1, 5])],
      [node("logistic", ["x"], "p"), node("concatenation", ["p", "c"], "y", { axis: 1 })],
    );
    const samples = samplesFor(graph, 9);
    const found = quantizeOn(graph, samples);
    assertSharedScales(found);
    assert.ok(worstSteps(graph, found, samples) < 1.5);
  });

  test("a tensor joined with itself", () => {
    const graph = concat([float("y", [1, 8])], [node("concatenation", ["x", "x"], "y", { axis: 1 })]);
    assertSharedScales(quantizeOn(graph, samplesFor(graph, 3)));
  });

  test("a view of a softmax keeps the prescribed scale, and is rescaled too", () => {
    const graph = concat(
      [float("p", [1, 4]), float("v", [4]), float("w", [1, 4]), float("y", [1, 8])],
      [
        node("softmax", ["x"], "p", { beta: 1 }),
        node("reshape", ["p"], "v", { shape: [4] }),
        node("reshape", ["v"], "w", { shape: [1, 4] }),
        node("concatenation", ["x", "w"], "y", { axis: 1 }),
      ],
    );
    const found = quantizeOn(graph, samplesFor(graph, 9));
    assert.equal(quantizationOf(found, "w")!.scales[0], 1 / 256);
    assert.deepEqual(ops(found), ["softmax", "reshape", "reshape", "quantize", "concatenation"]);
    assertSharedScales(found);
  });
});

describe("weights and biases", () => {
  const weights = floatConstant("w", [2, 3], [0.5, -1, 0.25, 0, 0, 0]);
  const bias = floatConstant("b", [1, 2], [0.125, -3]);
  const twoLayers = graphOf({
    tensors: [
      float("x", [1, 3]),
      weights,
      bias,
      float("y", [1, 2]),
      float("big", [1, 3]),
      floatConstant("f", [1], [50]),
      float("z", [1, 2]),
    ],
    nodes: [
      node("fully_connected", ["x", "w", "b"], "y", DENSE, "first"),
      node("mul", ["x", "f"], "big", NONE),
      node("fully_connected", ["big", "w", "b"], "z", DENSE, "second"),
    ],
    inputs: ["x"],
    outputs: ["z", "y"],
  });

  test("constants that two layers share are quantised for each", () => {
    const samples = samplesFor(twoLayers, 30);
    const found = quantizeOn(twoLayers, samples);
    const biases = ["b@first", "b@second"].map((name) => tensorOf(found, name));
    assert.ok(!found.tensors.has("w") && !found.tensors.has("b"));
    assert.deepEqual(tensorOf(found, "w@first").data, tensorOf(found, "w@second").data);
    // The second input is fifty times as large, and so is the bias's step.
    assert.ok(Math.abs(biases[0]!.data![0]! / biases[1]!.data![0]! - 50) < 1);
    assert.ok(worstSteps(twoLayers, found, samples) < 4);
  });

  test("weights are symmetric per channel, biases int32 at the scale of the products", () => {
    const found = quantizeOn(twoLayers, samplesFor(twoLayers, 30));
    const [w, b] = [tensorOf(found, "w@first"), tensorOf(found, "b@first")];
    assert.equal(w.dtype, "int8");
    assert.deepEqual(Array.from(w.data!.slice(0, 3)), [64, -127, 32]);
    assert.deepEqual(
      w.quantization!.zeroPoints.filter((zero) => zero !== 0),
      [],
    );
    const { scale } = perTensor(tensorOf(found, "x"));
    assert.deepEqual([b.dtype, b.shape], ["int32", [2]]);
    const product = Math.fround(scale * w.quantization!.scales[0]!);
    assert.equal(b.quantization!.scales[0], product);
    assert.equal(b.data![0], Math.round(0.125 / product));
  });

  test("a layer of nothing but zeros", () => {
    const zeros = graphOf({
      tensors: [
        float("x", [1, 2]),
        floatConstant("w", [2, 2], [0, 0, 0, 0]),
        floatConstant("b", [2], [0, 0]),
        float("y", [1, 2]),
      ],
      nodes: [node("fully_connected", ["x", "w", "b"], "y", DENSE)],
      inputs: ["x"],
      outputs: ["y"],
    });
    const found = quantizeOn(zeros, samplesFor(zeros, 3));
    const { scale, zeroPoint } = perTensor(tensorOf(found, "y"));
    const outputs = runReference(found, [[Uint8Array.of(5, 250)]])[0]![0]!;
    assert.deepEqual(dequantizeBytes(outputs, { dtype: "int8", scale, zeroPoint }), Float32Array.of(0, 0));
  });

  test("huge biases on tiny weights do not overflow", () => {
    const steep = graphOf({
      tensors: [
        float("x", [1, 1]),
        floatConstant("w", [2, 1], [1e-9, 1]),
        floatConstant("b", [2], [1e6, 0.5]),
        float("y", [1, 2]),
      ],
      nodes: [node("fully_connected", ["x", "w", "b"], "y", DENSE)],
      inputs: ["x"],
      outputs: ["y"],
    });
    const samples = samplesFor(steep, 5);
    const found = quantizeOn(steep, samples);
    assert.ok(worstSteps(steep, found, samples) < 1.5);
  });

  test("computed weights are refused by name", () => {
    const graph = graphOf({
      tensors: [float("x", [1, 3]), float("v", [2, 3]), float("y", [1, 2])],
      nodes: [node("fully_connected", ["x", "v"], "y", DENSE, "dense")],
      inputs: ["x", "v"],
      outputs: ["y"],
    });
    assert.throws(
      () => quantizeOn(graph, samplesFor(graph, 1)),
      new ModelError("node dense: expected constant weights, found a computed tensor"),
    );
  });

  test("a constant operand is asymmetric, a constant of zeros too", () => {
    for (const values of [
      [0.5, 2],
      [-1, -2],
      [0, 0],
      [1e-40, 0],
    ]) {
      const graph = graphOf({
        tensors: [float("x", [2]), floatConstant("c", [2], values), float("y", [2])],
        nodes: [node("add", ["x", "c"], "y", NONE, "sum")],
        inputs: ["x"],
        outputs: ["y"],
      });
      const samples = samplesFor(graph, 9);
      const found = quantizeOn(graph, samples);
      assert.ok(found.tensors.has("c@sum"));
      assert.ok(worstSteps(graph, found, samples) < 3, `${values}`);
    }
  });

  test("a large constant operand", () => {
    const size = 200_000;
    const graph = graphOf({
      tensors: [
        float("x", [size]),
        floatConstant("c", [size], [...randomFloats(size, 1)]),
        float("y", [size]),
      ],
      nodes: [node("add", ["x", "c"], "y", NONE)],
      inputs: ["x"],
      outputs: ["y"],
    });
    quantizeOn(graph, samplesFor(graph, 1));
  });
});

test("pooling, reshaping and padding share their input's scale", () => {
  const pool = { kernel: [2, 2], stride: [2, 2], padding: [0, 0, 0, 0], activation: "none" };
  const graph = graphOf({
    tensors: [
      float("x", [1, 4, 4, 1]),
      float("p", [1, 6, 6, 1]),
      float("m", [1, 3, 3, 1]),
      float("a", [1, 1, 1, 1]),
      float("y", [1]),
    ],
    nodes: [
      node("pad", ["x"], "p", { before: [0, 1, 1, 0], after: [0, 1, 1, 0], value: -4 }),
      node("max_pool2d", ["p"], "m", pool),
      node("average_pool2d", ["m"], "a", pool),
      node("reshape", ["a"], "y", { shape: [1] }),
    ],
    inputs: ["x"],
    outputs: ["y"],
  });
  const found = quantizeOn(graph, samplesFor(graph, 10));
  assertSharedScales(found);
  // The padding value belongs to the range: otherwise it would saturate.
  const { scale, zeroPoint } = perTensor(tensorOf(found, "x"));
  assert.ok((-128 - zeroPoint) * scale < -3.9);
});

test("random float graphs: quantised graphs follow the specification and lower to kernels", () => {
  fc.assert(
    fc.property(randomGraphs("float", 6), (graph) => {
      const simplified = simplify(graph);
      const found = quantizeOn(simplified, samplesFor(simplified, 3));
      assertSharedScales(found);
      assert.deepEqual([found.inputs, found.outputs], [simplified.inputs, simplified.outputs]);
      lower(found);
    }),
    { numRuns: 200, seed: 4 },
  );
});

test("a float convolution stays close", () => {
  const graph = graphOf({
    tensors: [
      float("x", [1, 5, 5, 2]),
      { ...float("w", [3, 3, 3, 2]), data: randomFloats(54, 4) },
      floatConstant("b", [3], [0.5, -4, 0]),
      float("y", [1, 3, 3, 3]),
    ],
    nodes: [node("conv2d", ["x", "w", "b"], "y", CONV)],
    inputs: ["x"],
    outputs: ["y"],
  });
  const samples = samplesFor(graph, 20);
  assert.ok(worstSteps(graph, quantizeOn(graph, samples), samples) < 4);
});

describe("samples", () => {
  test("a row is split into the inputs in order", () => {
    assert.deepEqual(splitRow(Float32Array.of(1, 2, 3), [2, 1]), [Float32Array.of(1, 2), Float32Array.of(3)]);
  });

  test("real values saturate, halves round away from zero", () => {
    const bytes = quantizeToBytes(Float32Array.of(0, 0.25, -0.25, 100, -100), {
      dtype: "int8",
      scale: 0.5,
      zeroPoint: 1,
    });
    assert.deepEqual(fromBytes("int8", bytes), Int8Array.of(1, 2, 0, 127, -128));
    const uint8 = { dtype: "uint8", scale: 0.5, zeroPoint: 128 } as const;
    assert.deepEqual(quantizeToBytes(Float32Array.of(0, 100, -100), uint8), Uint8Array.of(128, 255, 0));
    const int16 = { dtype: "int16", scale: 0.5, zeroPoint: 0 } as const;
    const wide = quantizeToBytes(Float32Array.of(1000, -1e6), int16);
    assert.deepEqual(fromBytes("int16", wide), Int16Array.of(2000, -32768));
    assert.deepEqual(dequantizeBytes(wide, int16), Float32Array.of(1000, -16384));
  });

  test("features are scaled before, and what is not a number becomes what stands for it", () => {
    const scaling = { offsets: [1000, 0], factors: [0.01, 10], missing: [1050, 0.3] };
    const border = { dtype: "int8", scale: 0.125, zeroPoint: 0, scaling } as const;
    const bytes = quantizeToBytes(Float32Array.of(1100, 0.2, Number.NaN, Number.NaN), border);
    assert.deepEqual(fromBytes("int8", bytes), Int8Array.of(8, 16, 4, 24));
  });

  test("bytes become real values by the type of the tensor", () => {
    const bytes = toBytes(Int8Array.of(-1, 4));
    assert.deepEqual(
      dequantizeBytes(bytes, { dtype: "int8", scale: 0.5, zeroPoint: 1 }),
      Float32Array.of(-1, 1.5),
    );
    assert.deepEqual(
      dequantizeBytes(bytes, { dtype: "uint8", scale: 0.5, zeroPoint: 1 }),
      Float32Array.of(127, 1.5),
    );
  });

  test("each input by its own scale", () => {
    const graph = graphOf({
      tensors: [int8("a", [1], 1, 0), int8("b", [1], 0.5, 0), int8("y", [1])],
      nodes: [node("add", ["a", "b"], "y", NONE)],
      inputs: ["a", "b"],
      outputs: ["y"],
    });
    assert.deepEqual(toInputBytes(graph, [Float32Array.of(3), Float32Array.of(3)]), [
      Uint8Array.of(3),
      Uint8Array.of(6),
    ]);
  });

  test("the first of equal values wins", () => {
    assert.equal(argmax([1, 3, 3, 2]), 1);
    assert.equal(argmax([Number.NEGATIVE_INFINITY]), 0);
  });
});

test("calibration measures every computed tensor over all samples", () => {
  const graph = graphOf({
    tensors: [float("x", [2]), floatConstant("c", [2], [10, 10]), float("y", [2])],
    nodes: [node("add", ["x", "c"], "y", NONE)],
    inputs: ["x"],
    outputs: ["y"],
  });
  const statistics = calibrate(graph, [[Float32Array.of(1, -3)], [Float32Array.of(2, 4)]]);
  assert.deepEqual([...statistics.keys()], ["x", "y"]);
  assert.deepEqual(statistics.get("x"), { min: -3, max: 4, mean: 1, deviation: Math.sqrt(6.5) });
  assert.deepEqual(statistics.get("y"), { min: 7, max: 14, mean: 11, deviation: Math.sqrt(6.5) });
  assert.equal(evaluateGraph(graph, [Float32Array.of(1, 2)]).get("y")![1], 12);
});
