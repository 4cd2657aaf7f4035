/** How networks scale their images, and what becomes of it: a part of the first layer's weights. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { simplify } from "../../../host/compiler/passes/index.ts";
import type { Attributes, Graph, Node, Tensor } from "../../../host/ir/graph.ts";
import { elements } from "../../../host/ir/graph.ts";
import { evaluateGraph } from "../../../host/runtime/engines/reference.ts";
import {
  CONV,
  DENSE,
  DEPTHWISE,
  float,
  floatConstant,
  graphOf,
  NONE,
  node,
  ops,
  randomFloats,
} from "../../support/graphs.ts";

const weights = (shape: readonly number[]): Tensor => ({
  ...float("w", shape),
  data: randomFloats(elements(shape), 3),
});

/** x, scaled by `scale`, before a layer whose output is z. */
function scaled(
  scale: readonly Node[],
  constants: readonly Tensor[],
  layer: Node,
  shape: Tensor["shape"],
): Graph {
  const between = scale.map(({ outputs }) => float(outputs[0]!, [1, 4, 4, 2]));
  return graphOf({
    tensors: [float("x", [1, 4, 4, 2]), ...between, ...constants, float("z", shape)],
    nodes: [...scale, layer],
    inputs: ["x"],
    outputs: ["z"],
  });
}

/** The operators that are left; the results have to be the same. */
function left(graph: Graph): readonly string[] {
  const simplified = simplify(graph);
  const x = randomFloats(elements(graph.tensors.get("x")!.shape), 7);
  const expected = evaluateGraph(graph, [x]).get("z")!;
  const found = evaluateGraph(simplified, [x]).get("z")!;
  expected.forEach((value, i) => {
    assert.ok(Math.abs(value - found[i]!) <= 1e-5, `value ${i}: expected ${value}, found ${found[i]}`);
  });
  return ops(simplified);
}

const factor = floatConstant("c", [1], [0.25]);
const factors = floatConstant("c", [2], [0.25, -3]);
const times = node("mul", ["x", "c"], "y", NONE);
const padded: Attributes = { ...CONV, padding: [1, 1, 1, 1] };
const conv = node("conv2d", ["y", "w"], "z", padded);

describe("a factor before a layer goes into its weights", () => {
  test("of a convolution, around which zeros stay zeros", () => {
    for (const c of [factor, factors])
      assert.deepEqual(left(scaled([times], [c, weights([3, 3, 3, 2])], conv, [1, 4, 4, 3])), ["conv2d"]);
  });

  test("of a depthwise convolution with several filters for each channel", () => {
    const layer = node("depthwise_conv2d", ["y", "w"], "z", { ...DEPTHWISE, depthMultiplier: 2 });
    const graph = scaled([times], [factors, weights([1, 3, 3, 4])], layer, [1, 4, 4, 4]);
    assert.deepEqual(left(graph), ["depthwise_conv2d"]);
  });

  test("of a dense layer behind a reshape", () => {
    const graph = graphOf({
      tensors: [
        float("x", [1, 4, 4, 2]),
        factor,
        float("y", [1, 4, 4, 2]),
        float("flat", [1, 32]),
        weights([3, 32]),
        float("z", [1, 3]),
      ],
      nodes: [
        times,
        node("reshape", ["y"], "flat", { shape: [1, 32] }),
        node("fully_connected", ["flat", "w"], "z", DENSE),
      ],
      inputs: ["x"],
      outputs: ["z"],
    });
    assert.deepEqual(left(graph), ["reshape", "fully_connected"]);
  });

  test("with a sum of nothing in between, as tf2onnx writes it", () => {
    const zero = floatConstant("zero", [], [0]);
    const plus = node("add", ["y", "zero"], "sum", NONE);
    const layer = { ...conv, inputs: ["sum", "w"] };
    const graph = scaled([times, plus], [factor, zero, weights([3, 3, 3, 2])], layer, [1, 4, 4, 3]);
    assert.deepEqual(left(graph), ["conv2d"]);
  });
});

describe("what stays as it is", () => {
  test("a sum before a convolution, whose borders it does not reach", () => {
    const plus = { ...times, op: "add" };
    assert.deepEqual(left(scaled([plus], [factor, weights([3, 3, 3, 2])], conv, [1, 4, 4, 3])), [
      "add",
      "conv2d",
    ]);
  });

  test("a factor before groups", () => {
    const layer = { ...conv, attributes: { ...padded, groups: 2 } };
    const graph = scaled([times], [factors, weights([4, 3, 3, 1])], layer, [1, 4, 4, 4]);
    assert.deepEqual(left(graph), ["mul", "conv2d"]);
  });

  test("what takes x from zero", () => {
    const zeros = floatConstant("c", [2], [0, 0]);
    const minus = node("sub", ["c", "x"], "y", NONE);
    assert.deepEqual(left(scaled([minus], [zeros, weights([3, 3, 3, 2])], conv, [1, 4, 4, 3])), [
      "sub",
      "conv2d",
    ]);
  });
});
