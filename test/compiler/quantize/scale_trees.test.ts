/** Integer thresholds and what people are told of them, and how long walks are expected to be. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { scaleTrees } from "../../../host/compiler/quantize/scale_trees.ts";
import { floatAfter, floatBefore } from "../../../host/ir/float_order.ts";
import { type Graph, type Tensor, tensorOf, withTensors } from "../../../host/ir/graph.ts";
import { graphFromJson, graphToJson } from "../../../host/ir/serialize.ts";
import { dumpGraph } from "../../../host/ir/text.ts";
import { scaleValues } from "../../../host/ops/border.ts";
import { checkGraph } from "../../../host/ops/spec.ts";
import { expectedWork } from "../../../host/ops/tree_nodes.ts";
import { evaluateGraph } from "../../../host/runtime/engines/reference.ts";

const constant = (name: string, shape: readonly number[], data: readonly number[]): Tensor => ({
  name,
  dtype: "float32",
  shape,
  data: Float32Array.from(data),
});

/** x <= first threshold ? leaf 0 : x <= second threshold ? leaf 1 : ... */
function splits(...thresholds: readonly number[]): Graph {
  const chain = thresholds.flatMap((threshold, i) => [0, threshold, 2 * i + 2, 0, -1, i, 0, 0]);
  const nodes = [...chain, -1, thresholds.length, 0, 0];
  const values = [...thresholds, 0].map((_, i) => i + 1);
  const tensors: Tensor[] = [
    { name: "x", dtype: "float32", shape: [1, 1] },
    constant("nodes", [nodes.length / 4, 4], nodes),
    constant("leaves", [values.length, 1], values),
    constant("base", [1], [0]),
    { name: "y", dtype: "float32", shape: [1, 1] },
  ];
  return {
    name: "trees",
    tensors: new Map(tensors.map((tensor) => [tensor.name, tensor])),
    nodes: [
      {
        name: "trees",
        op: "tree_ensemble",
        inputs: ["x", "nodes", "leaves", "base"],
        outputs: ["y"],
        attributes: {},
      },
    ],
    inputs: ["x"],
    outputs: ["y"],
  };
}

/** Adds a linear model beside the forest. */
function withLinear(graph: Graph): Graph {
  const linear = {
    name: "linear",
    op: "fully_connected",
    inputs: ["x", "weights"],
    outputs: ["z"],
    attributes: { activation: "none" },
  };
  const tensors: Tensor[] = [
    constant("weights", [1, 1], [1]),
    { name: "z", dtype: "float32", shape: [1, 1] },
  ];
  return withTensors({ ...graph, nodes: [...graph.nodes, linear], outputs: ["y", "z"] }, tensors);
}

const rows = (...values: readonly number[]) => values.map((value) => [Float32Array.of(value)]);

describe("thresholds as integers", () => {
  test("nothing is said where 16 bits keep every decision", () => {
    assert.deepEqual(scaleTrees(splits(0.5, 1000.25), rows(0, 0.7, 1000, 1001)).warnings, []);
  });

  // A step of 16 bits is more than what lies between the first two thresholds.
  const dense = [0.005, 0.02, 1e6].map(Math.fround);

  test("where 16 bits do not, values become the numbers of bins between thresholds: right for all of them", () => {
    const graph = splits(...dense);
    const { graph: scaled, warnings } = scaleTrees(graph, rows(0, 0.013, 0.03, 1_000_001.5));
    assert.deepEqual(warnings, []);
    assert.deepEqual(tensorOf(scaled, "x").scaling, { offsets: [0], factors: [1], edges: [dense] });
    const beside = dense.flatMap((threshold) => [floatBefore(threshold), threshold, floatAfter(threshold)]);
    const values = [Number.NEGATIVE_INFINITY, 0, ...beside, Number.POSITIVE_INFINITY];
    for (const x of values) {
      const [expected, found] = [graph, scaled].map((each) => {
        const inputs = [scaleValues(Float32Array.of(x), tensorOf(each, "x").scaling)];
        return evaluateGraph(each, inputs).get("y")![0];
      });
      assert.equal(found, expected, `${x}`);
    }
  });

  test("a warning names the features of which they do not where others need their order of magnitude, too", () => {
    const graph = withLinear(splits(...dense));
    const { warnings } = scaleTrees(graph, rows(0, 0.013, 0.03, 1_000_001.5));
    assert.deepEqual(warnings, [
      "input x: 16 bits cannot tell apart what splits of 1 of 1 features (0) do: calibration samples are decided otherwise",
    ]);
  });

  test("edges of bins are in the graph's file, and ascend", () => {
    const scaled = scaleTrees(splits(...dense), rows(0, 0.013, 0.03, 1_000_001.5)).graph;
    assert.deepEqual(tensorOf(graphFromJson(graphToJson(scaled)), "x").scaling?.edges, [dense]);
    assert.match(dumpGraph(scaled), /^input x: .* of 4 bins of \(x - 0\) \* 1$/m);
    const unordered = withTensors(scaled, [
      { ...tensorOf(scaled, "x"), scaling: { offsets: [0], factors: [1], edges: [[2, 1]] } },
    ]);
    assert.throws(
      () => checkGraph(unordered, "test"),
      /tensor x: expected ascending edges of feature 0, found \[2, 1\]/,
    );
  });
});

describe("expected work", () => {
  test("is the mean over the leaves of a tree", () => {
    const nodes = splits(0, 1).tensors.get("nodes")!.data!;
    assert.deepEqual(expectedWork(nodes, [1, 2, 3], 1), { trees: 1, splits: 5 / 3, longSplits: 0, terms: 1 });
  });

  test("adds up trees, and counts values other than 0, but one at least", () => {
    const leaf = [-1, 1, 0, 0];
    const split = [0, 5, 2, 0, -1, 0, 0, 0, -1, 1, 0, 0];
    assert.deepEqual(expectedWork([...leaf, ...split], [0, 0, 7, 8], 2), {
      trees: 2,
      splits: 1,
      longSplits: 0,
      terms: 3.5,
    });
  });
});
