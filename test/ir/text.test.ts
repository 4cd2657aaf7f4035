/** The text dump of a graph: stable, complete, and a golden for one small graph. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Graph } from "../../host/ir/graph.ts";
import { dumpGraph } from "../../host/ir/text.ts";
import { DENSE, graphOf, int8, int8Weights, int32Bias, node } from "../support/graphs.ts";
import { randomGraphs } from "../support/random_graphs.ts";

const weights = {
  ...int8Weights("w", [2, 3]),
  data: Int8Array.of(1, -2, 3, -4, 5, -6),
  quantization: { scales: [0.5, 1 / 3], zeroPoints: [0, 0], axis: 0 },
};
const bias = { ...int32Bias("b", 2), data: Int32Array.of(100, -1) };
const small = graphOf({
  name: "small",
  tensors: [int8("x", [1, 3], 0.1, -7), weights, bias, int8("y", [1, 2]), int8("z", [1, 2])],
  nodes: [
    node("fully_connected", ["x", "w", ""], "y", { keepDims: true, activation: "relu6" }, "dense"),
    node("add", ["y", "y"], "z", { activation: "none" }, "sum"),
  ],
  inputs: ["x"],
  outputs: ["z", "y"],
});

test("a small graph, line by line", () => {
  assert.equal(
    dumpGraph(small),
    [
      "graph small",
      "input x: int8[1x3] q(0.1, -7)",
      "constant w: int8[2x3] q(0.5, 0, ... 2 along 0) sha256 c31653b48c8b",
      "constant b: int32[2] sha256 380061f02b6c",
      'y: int8[1x2] q(0.05, 3) = fully_connected(x, w, -) activation="relu6" keepDims=true  # dense',
      'z: int8[1x2] q(0.05, 3) = add(y, y) activation="none"  # sum',
      "output z",
      "output y",
      "",
    ].join("\n"),
  );
});

test("equal graphs give equal text, whatever the order of their attributes", () => {
  const reordered: Graph = {
    ...small,
    nodes: small.nodes.map((each) => ({
      ...each,
      attributes: Object.fromEntries(Object.entries(each.attributes).reverse()),
    })),
  };
  assert.equal(dumpGraph(reordered), dumpGraph(small));
});

test("one bit of a constant changes the text", () => {
  const graph = graphOf({
    tensors: [int8("x", [1, 3]), int8Weights("w", [2, 3]), int8("y", [1, 2])],
    nodes: [node("fully_connected", ["x", "w"], "y", DENSE)],
    inputs: ["x"],
    outputs: ["y"],
  });
  const before = dumpGraph(graph);
  const data = graph.tensors.get("w")!.data!;
  data[5]! ^= 1;
  assert.notEqual(dumpGraph(graph), before);
});

test("dumps of random graphs name every tensor once and every node", () => {
  fc.assert(
    fc.property(randomGraphs("int8"), (graph) => {
      const lines = dumpGraph(graph).split("\n");
      for (const { name, outputs } of graph.nodes) {
        assert.equal(lines.filter((line) => line.endsWith(`  # ${name}`)).length, 1);
        assert.equal(lines.filter((line) => line.startsWith(`${outputs[0]}: `)).length, 1);
      }
      const constants = [...graph.tensors.values()].filter(({ data }) => data);
      assert.equal(lines.filter((line) => line.startsWith("constant ")).length, constants.length);
    }),
    { numRuns: 50, seed: 3 },
  );
});
