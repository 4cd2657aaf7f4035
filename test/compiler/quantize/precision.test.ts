/** Types by tensor: which nodes compute in int16, and where values change their type. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { calibrate } from "../../../host/compiler/quantize/calibrate.ts";
import { type Precision, quantizeGraph } from "../../../host/compiler/quantize/quantize.ts";
import { type Graph, tensorOf } from "../../../host/ir/graph.ts";
import { DENSE, float, floatConstant, graphOf, NONE, node, ops, randomFloats } from "../../support/graphs.ts";

const graph = graphOf({
  tensors: [
    float("x", [1, 4]),
    floatConstant("w1", [4, 4], Array.from(randomFloats(16, 1))),
    floatConstant("b1", [4], [0.5, -0.25, 1, 0]),
    float("h", [1, 4]),
    float("v", [4, 1]),
    float("back", [1, 4]),
    floatConstant("w2", [3, 4], Array.from(randomFloats(12, 2))),
    float("z", [1, 3]),
    float("y", [1, 3]),
  ],
  nodes: [
    node("fully_connected", ["x", "w1", "b1"], "h", DENSE, "first"),
    node("reshape", ["h"], "v", { shape: [4, 1] }),
    node("reshape", ["v"], "back", { shape: [1, 4] }),
    node("fully_connected", ["back", "w2"], "z", DENSE, "second"),
    node("softmax", ["z"], "y", { beta: 1 }),
  ],
  inputs: ["x"],
  outputs: ["y"],
});
const ranges = calibrate(
  graph,
  Array.from({ length: 20 }, (_, i) => [randomFloats(4, i)]),
);

const withPrecision = (...pairs: [string, Precision][]): Graph =>
  quantizeGraph(graph, ranges, { precision: new Map(pairs) });

const typeOf = (found: Graph, name: string): string => tensorOf(found, name).dtype;

describe("precision by tensor", () => {
  test("values that only move keep one type", () => {
    const found = withPrecision(["v", "int16"]);
    assert.deepEqual(
      ["x", "h", "v", "back", "z"].map((name) => typeOf(found, name)),
      ["int8", "int16", "int16", "int16", "int8"],
    );
  });

  test("dense layers read and write either type without a rescaling", () => {
    const found = withPrecision(["h", "int16"]);
    assert.deepEqual(ops(found), ops(graph));
    assert.deepEqual(
      ["x", "h", "z"].map((name) => typeOf(found, name)),
      ["int8", "int16", "int8"],
    );
  });

  test("a rescaling that several layers share stands where none of them reads the other type", () => {
    const sums = graphOf({
      tensors: [float("x", [4]), float("a", [4]), float("b", [4])],
      nodes: [node("add", ["x", "x"], "a", NONE), node("mul", ["x", "x"], "b", NONE)],
      inputs: ["x"],
      outputs: ["a", "b"],
    });
    const seen = calibrate(sums, [[randomFloats(4, 1)]]);
    const precision = new Map<string, Precision>([
      ["a", "int16"],
      ["b", "int16"],
    ]);
    const found = quantizeGraph(sums, seen, { precision });
    assert.deepEqual(ops(found), ["quantize", "add", "mul"]);
    assert.deepEqual(found.nodes[2]!.inputs, ["x_int16", "x_int16"]);
  });

  test("int16 is symmetric, with int8 weights unless those are named too", () => {
    const found = withPrecision(["x", "int16"], ["h", "int16"], ["w1", "int16"]);
    const { quantization } = tensorOf(found, "h");
    const { min, max } = ranges.get("h")!;
    assert.deepEqual(quantization, {
      scales: [Math.fround(Math.max(-min, max) / 32767)],
      zeroPoints: [0],
      axis: 0,
    });
    assert.deepEqual(
      ["w1@first", "b1@first", "w2@second"].map((name) => typeOf(found, name)),
      ["int16", "int32", "int8"],
    );
    assert.equal(Math.max(...tensorOf(found, "w1@first").data!.map(Math.abs)), 32767);
  });

  test("what is prescribed for int8 has its own scale for int16", () => {
    assert.equal(tensorOf(withPrecision(["y", "int16"]), "y").quantization!.scales[0], 2 ** -15);
  });
});
