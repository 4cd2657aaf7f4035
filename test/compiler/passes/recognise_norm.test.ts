/** Normalisation in each way in which exporters write it out, and what only looks like it. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { importOnnx } from "../../../host/compiler/import/onnx/index.ts";
import { recogniseNorm } from "../../../host/compiler/passes/recognise_norm.ts";
import type { Graph } from "../../../host/ir/graph.ts";
import { checkGraph } from "../../../host/ops/spec.ts";
import { evaluateGraph } from "../../../host/runtime/engines/reference.ts";
import { floatTensor, generator, int, ints, type NodeInit, node, onnx, value } from "../../support/onnx.ts";

const SHAPE = [1, 3, 4];

const mean = (from: string, to: string, axes: readonly number[] = [-1], keepdims = 1): NodeInit =>
  node("ReduceMean", [from], [to], { axes: ints([...axes]), keepdims: int(keepdims) });

const distance: readonly NodeInit[] = [mean("x", "m"), node("Sub", ["x", "m"], ["d"])];
/** v: the mean of squared distances and epsilon. */
const variance: readonly NodeInit[] = [
  ...distance,
  node("Pow", ["d", "two"], ["dd"]),
  mean("dd", "var"),
  node("Add", ["var", "eps"], ["v"]),
];
const affine = (from: string): readonly NodeInit[] => [
  node("Mul", ["gamma", from], ["scaled"]),
  node("Add", ["scaled", "beta"], ["y"]),
];
const root: readonly NodeInit[] = [node("Sqrt", ["v"], ["root"])];
const inverse: readonly NodeInit[] = [...root, node("Reciprocal", ["root"], ["inv"])];
const scale = node("Mul", ["inv", "gamma"], ["g"]);
const parts: readonly NodeInit[] = [scale, node("Mul", ["x", "g"], ["xg"]), node("Mul", ["m", "g"], ["mg"])];

const WRITTEN: Readonly<Record<string, readonly NodeInit[]>> = {
  PyTorch: [...variance, ...root, node("Div", ["d", "root"], ["n"]), ...affine("n")],
  "a square as a product": [
    ...distance,
    node("Mul", ["d", "d"], ["dd"]),
    mean("dd", "var"),
    node("Add", ["eps", "var"], ["v"]),
    ...root,
    node("Div", ["d", "root"], ["n"]),
    ...affine("n"),
  ],
  "an inverse": [...variance, ...inverse, node("Mul", ["inv", "d"], ["n"]), ...affine("n")],
  "an inverse as a quotient": [
    ...variance,
    ...root,
    node("Div", ["one", "root"], ["inv"]),
    node("Mul", ["d", "inv"], ["n"]),
    ...affine("n"),
  ],
  "as batch normalisation, of Keras 2": [
    ...variance,
    ...inverse,
    ...parts,
    node("Sub", ["beta", "mg"], ["shift"]),
    node("Add", ["xg", "shift"], ["y"]),
  ],
  "as batch normalisation, of Keras 3": [
    ...variance,
    ...inverse,
    scale,
    node("Neg", ["m"], ["minus"]),
    node("Mul", ["minus", "g"], ["mg"]),
    node("Add", ["mg", "beta"], ["shift"]),
    node("Mul", ["x", "g"], ["xg"]),
    node("Add", ["shift", "xg"], ["y"]),
  ],
  "without a constant": [...variance, ...inverse, ...parts, node("Sub", ["xg", "mg"], ["y"])],
  "the mean of squares less the squared mean": [
    mean("x", "m"),
    node("Mul", ["x", "x"], ["xx"]),
    mean("xx", "mxx"),
    node("Mul", ["m", "m"], ["mm"]),
    node("Sub", ["mxx", "mm"], ["var"]),
    node("Add", ["var", "eps"], ["v"]),
    ...inverse,
    node("Sub", ["x", "m"], ["d"]),
    node("Mul", ["d", "inv"], ["n"]),
    ...affine("n"),
  ],
  RMSNorm: [
    node("Pow", ["x", "two"], ["xx"]),
    mean("xx", "var"),
    node("Add", ["var", "eps"], ["v"]),
    ...inverse,
    node("Mul", ["x", "inv"], ["n"]),
    ...affine("n"),
  ],
  "two axes": [
    mean("x", "m", [-2, -1]),
    node("Sub", ["x", "m"], ["d"]),
    node("Pow", ["d", "two"], ["dd"]),
    mean("dd", "var", [-2, -1]),
    node("Add", ["var", "eps"], ["v"]),
    ...root,
    node("Div", ["d", "root"], ["y"]),
  ],
};

const DIFFERENT: Readonly<Record<string, readonly NodeInit[]>> = {
  "an axis that is not the last": [
    mean("x", "m", [1]),
    node("Sub", ["x", "m"], ["d"]),
    node("Pow", ["d", "two"], ["dd"]),
    mean("dd", "var", [1]),
    node("Add", ["var", "eps"], ["v"]),
    ...root,
    node("Div", ["d", "root"], ["y"]),
  ],
  "the mean of one axis, the deviation of two": [
    mean("x", "m"),
    node("Sub", ["x", "m"], ["d"]),
    node("Pow", ["d", "two"], ["dd"]),
    mean("dd", "var", [-2, -1]),
    node("Add", ["var", "eps"], ["v"]),
    ...root,
    node("Div", ["d", "root"], ["y"]),
  ],
  "another value over the deviation": [
    ...variance,
    ...root,
    node("Sin", ["x"], ["e"]),
    node("Div", ["e", "root"], ["y"]),
  ],
  "a shift of another mean": [
    ...variance,
    ...inverse,
    ...parts.slice(0, 2),
    node("Sin", ["x"], ["e"]),
    mean("e", "me"),
    node("Mul", ["me", "g"], ["mg"]),
    node("Sub", ["xg", "mg"], ["y"]),
  ],
};

function graphOf(nodes: readonly NodeInit[]): Graph {
  const constants = [
    floatTensor("gamma", [4], [0.5, 2, -1, 3]),
    floatTensor("beta", [4], [1, 0, -2, 0.25]),
    floatTensor("eps", [], [0.01]),
    floatTensor("two", [], [2]),
    floatTensor("one", [], [1]),
  ];
  const bytes = onnx({
    nodes: [...nodes],
    constants,
    inputs: [value("x", SHAPE)],
    outputs: [value("y", SHAPE)],
    opset: 13,
  });
  return checkGraph(importOnnx(bytes, "norm"), "import");
}

function compare(before: Graph, after: Graph): void {
  const random = generator(3);
  for (let row = 0; row < 4; row++) {
    const x = Float32Array.from({ length: 12 }, () => 20 * random() ** 3);
    const [expected, found] = [before, after].map((graph) => evaluateGraph(graph, [x]).get("y")!);
    expected!.forEach((number, i) => {
      const difference = Math.abs(found![i]! - number) / Math.max(1, Math.abs(number));
      assert.ok(difference < 2e-5, `row ${row}: y[${i}]: expected ${number}, found ${found![i]}`);
    });
  }
}

describe("normalisation that is written out becomes one operator", () => {
  for (const [title, nodes] of Object.entries(WRITTEN)) {
    test(title, () => {
      const graph = graphOf(nodes);
      const simpler = checkGraph(recogniseNorm(graph), "recognise normalisation");
      assert.deepEqual(
        simpler.nodes.map(({ op }) => op),
        ["layer_norm"],
      );
      compare(graph, simpler);
    });
  }
});

describe("what only looks like it stays as it is", () => {
  for (const [title, nodes] of Object.entries(DIFFERENT)) {
    test(title, () => {
      const graph = graphOf(nodes);
      const after = recogniseNorm(graph);
      assert.ok(!after.nodes.some(({ op }) => op === "layer_norm"));
      compare(graph, after);
    });
  }

  test("a factor along another axis, which stays a product", () => {
    const nodes = [...WRITTEN["PyTorch"]!.slice(0, -2), node("Mul", ["n", "rows"], ["y"])];
    const constants = [
      floatTensor("rows", [3, 1], [1, 2, 3]),
      floatTensor("eps", [], [0.01]),
      floatTensor("two", [], [2]),
    ];
    const bytes = onnx({
      nodes,
      constants,
      inputs: [value("x", SHAPE)],
      outputs: [value("y", SHAPE)],
      opset: 13,
    });
    const graph = checkGraph(importOnnx(bytes, "norm"), "import");
    const after = checkGraph(recogniseNorm(graph), "recognise normalisation");
    assert.deepEqual(
      after.nodes.map(({ op }) => op),
      ["layer_norm", "mul"],
    );
    compare(graph, after);
  });
});
