/** Groups of nodes that are recognised, at the borders of what they decide, against ONNX Runtime; and others that look alike. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { importOnnx } from "../../../../host/compiler/import/onnx/index.ts";
import { tensorOf } from "../../../../host/ir/graph.ts";
import { root } from "../../../../host/root.ts";
import { evaluateGraph } from "../../../../host/runtime/engines/reference.ts";
import {
  floatTensor,
  int,
  int64Tensor,
  ints,
  ml,
  type NodeInit,
  node,
  onnx,
  refusal,
  type TensorInit,
  tensorAttribute,
  value,
} from "../../../support/onnx.ts";

async function expectRuntime(bytes: Uint8Array, rows: readonly (readonly number[])[]): Promise<void> {
  const session = await InferenceSession.create(bytes, { logSeverityLevel: 3 });
  const graph = importOnnx(bytes, "made");
  for (const row of rows.map((values) => Float32Array.from(values))) {
    const { y } = await session.run({ x: new Tensor("float32", row, [1, row.length]) }, ["y"]);
    const found = evaluateGraph(graph, [row]).get("y")!;
    assert.deepEqual(Array.from(found, Math.fround), Array.from(y!.data as Float32Array), `[${row}]`);
  }
}

const pipelineBytes = (name: string): Uint8Array =>
  readFileSync(join(root, "test", "zoo", "tasks", `${name}.onnx`));

const opsOf = (bytes: Uint8Array): string[] => importOnnx(bytes, "made").nodes.map(({ op }) => op);

const column = int64Tensor("column", [-1, 1]);

/** The height at the nearest of these places, of one column of x; the names of its nodes and constants end in `i`. */
const nearest = (i: number, places: number[], heights: number[]) => ({
  nodes: [
    ml("ArrayFeatureExtractor", ["x", `k${i}`], [`c${i}`]),
    node("Reshape", [`c${i}`, "column"], [`r${i}`]),
    node("Sub", [`r${i}`, `places${i}`], [`s${i}`]),
    node("Abs", [`s${i}`], [`a${i}`]),
    node("ArgMin", [`a${i}`], [`n${i}`], { axis: int(1) }),
    ml("ArrayFeatureExtractor", [`heights${i}`, `n${i}`], [`h${i}`]),
    node("Reshape", [`h${i}`, "column"], [`p${i}`]),
  ],
  constants: [
    int64Tensor(`k${i}`, [i]),
    floatTensor(`places${i}`, [places.length], places),
    floatTensor(`heights${i}`, [heights.length], heights),
  ],
});

function isotonic(places: number[], heights = [0, 0, 0.5, 1]): Uint8Array {
  const { nodes, constants } = nearest(0, places, heights);
  return onnx({
    nodes: [...nodes, node("Identity", ["p0"], ["y"])],
    constants: [...constants, column],
    inputs: [value("x", ["N", 1])],
  });
}

describe("isotonic calibration", () => {
  test("the nearest place, in the middle the lower one", async () => {
    const bytes = isotonic([0, 0.25, 0.5, 1]);
    assert.deepEqual(opsOf(bytes).slice(0, 2), ["intervals", "fully_connected"]);
    const borders = [0.125, 0.375, 0.75].flatMap((x) => [x - 2 ** -20, x, x + 2 ** -20]);
    await expectRuntime(
      bytes,
      [-5, 0, 1, 7, ...borders].map((x) => [x]),
    );
  });

  test("places that do not ascend are not taken for steps", () => {
    assert.match(refusal(isotonic([0, 0.5, 0.25, 1])), /ArrayFeatureExtractor/);
  });

  test("shares of probabilities that are all 0 are equal", async () => {
    const parts = [nearest(0, [0, 1], [0, 1]), nearest(1, [0, 1], [0, 1])];
    const guard = [
      node("Concat", ["p0", "p1"], ["p"], { axis: int(1) }),
      node("ReduceSum", ["p", "axis"], ["sum"]),
      node("Cast", ["sum"], ["some"], { to: int(9) }),
      node("Not", ["some"], ["none"]),
      node("Cast", ["none"], ["mask"], { to: int(1) }),
      node("Add", ["p", "mask"], ["q"]),
      node("Mul", ["mask", "classes"], ["more"]),
      node("Add", ["sum", "more"], ["total"]),
      node("Div", ["q", "total"], ["y"]),
    ];
    const bytes = onnx({
      nodes: [...parts.flatMap(({ nodes }) => nodes), ...guard],
      constants: [
        ...parts.flatMap(({ constants }) => constants),
        column,
        int64Tensor("axis", [1]),
        floatTensor("classes", [], [2]),
      ],
      inputs: [value("x", ["N", 2])],
    });
    await expectRuntime(bytes, [
      [0, 0],
      [1, 0],
      [0, 1],
      [1, 1],
    ]);
  });
});

describe("polynomials", () => {
  const product = (i: number, input: string): NodeInit[] => [
    ml("ArrayFeatureExtractor", [input, `k${i}`], [`c${i}`]),
    node("ReduceProd", [`c${i}`], [`p${i}`], { axes: ints([1]) }),
  ];
  const ones = [
    node("Shape", ["x"], ["shape"]),
    node("Slice", ["shape", "zero", "one", "zero"], ["rows"]),
    node("Concat", ["rows", "one"], ["size"], { axis: int(0) }),
    node("ConstantOfShape", ["size"], ["c"], { value: tensorAttribute(floatTensor("", [1], [1])) }),
  ];
  const model = (
    columns: readonly number[][],
    inputs: readonly string[] = columns.map(() => "x"),
  ): Uint8Array =>
    onnx({
      nodes: [
        ...ones,
        node("Neg", ["x"], ["minus"]),
        ...columns.flatMap((_, i) => product(i, inputs[i]!)),
        node("Concat", ["c", ...columns.map((_, i) => `p${i}`)], ["y"], { axis: int(1) }),
      ],
      constants: [
        int64Tensor("zero", [0]),
        int64Tensor("one", [1]),
        ...columns.map((list, i): TensorInit => int64Tensor(`k${i}`, list)),
      ],
    });

  test("ones, columns and products of up to four", async () => {
    const columns = [[0], [1], [2], [0, 0], [0, 2], [2, 1, 0], [1, 1, 1, 1]];
    assert.ok(!opsOf(model(columns)).includes("reduce_prod"));
    await expectRuntime(model(columns), [
      [2, -3, 0.5],
      [0, 1, -1],
    ]);
  });

  test("products of two inputs, and of five columns, are refused", () => {
    assert.match(refusal(model([[0], [1]], ["x", "minus"])), /ReduceProd/);
    assert.match(refusal(model([[0, 0, 0, 0, 0]])), /ReduceProd/);
  });
});

describe("outputs of several labels", () => {
  test("a sequence is its tensors, which have the labels", () => {
    const graph = importOnnx(pipelineBytes("labels_logistic"), "zoo");
    assert.equal(graph.outputs.length, 3);
    for (const name of graph.outputs) assert.deepEqual(tensorOf(graph, name).labels, ["0", "1"]);
  });

  test("labels that probabilities tell are left out", () => {
    for (const name of ["labels_one_vs_rest", "labels_network", "labels_forest"])
      assert.deepEqual(importOnnx(pipelineBytes(name), "zoo").outputs, ["probabilities"], name);
  });

  test("marks by another threshold are no labels of the probabilities", () => {
    const bytes = onnx({
      nodes: [
        node("Sigmoid", ["x"], ["y"]),
        ml("Binarizer", ["y"], ["b"], { threshold: { type: 1, f: 0.75 } }),
        node("Cast", ["b"], ["label"], { to: int(7) }),
      ],
      outputs: [value("label", ["N", 3], 7), value("y", ["N", 3])],
    });
    assert.match(refusal(bytes), /Cast_2 \(Cast\): cast to INT64/);
  });
});

describe("k nearest neighbours", () => {
  const rows = [0, 0, 2, 0, 0, 2, 2, 2];
  const parts = (largest: number, axis = 1) => ({
    nodes: [
      node("Sub", ["x", "rows"], ["s"]),
      node("ReduceSumSquare", ["s"], ["d"], { axes: ints([1]), keepdims: int(1) }),
      node("Transpose", ["d"], ["t"], { perm: ints([1, 0]) }),
      node("TopK", ["t", "k"], ["values", "indices"], { largest: int(largest) }),
      node("Flatten", ["indices"], ["flat"]),
      ml("ArrayFeatureExtractor", ["owners", "flat"], ["chosen"]),
      node("Reshape", ["chosen", "shape"], ["r"]),
      ...[0, 1, 2].flatMap((i) => [
        node("Equal", ["r", `c${i}`], [`e${i}`]),
        node("Cast", [`e${i}`], [`f${i}`], { to: int(1) }),
        node("ReduceSum", [`f${i}`, "axis"], [`v${i}`]),
      ]),
      node("Concat", ["v0", "v1", "v2"], ["votes"], { axis: int(1) }),
      node("ReduceSum", ["votes", "axis"], ["all"]),
      node("Div", ["votes", "all"], ["y"]),
    ],
    constants: [
      floatTensor("rows", [4, 2], rows),
      int64Tensor("k", [2]),
      int64Tensor("shape", [-1, 2]),
      int64Tensor("owners", [2, 0, 1, 0]),
      int64Tensor("axis", [axis]),
      ...[0, 1, 2].map((i) => int64Tensor(`c${i}`, [i])),
    ],
    inputs: [value("x", ["N", 2])],
  });

  test("of equally near rows the first ones vote", async () => {
    const bytes = onnx(parts(0));
    assert.ok(opsOf(bytes).includes("neighbours"));
    await expectRuntime(bytes, [
      [1, 1],
      [1, 0],
      [0, 1],
      [2, 1],
      [-5, 9],
      [2, 2],
    ]);
  });

  test("the farthest, and sums over another axis, are refused", () => {
    assert.match(refusal(onnx(parts(1))), /TopK/);
    assert.match(refusal(onnx(parts(0, 0))), /TopK/);
  });

  test("weights by distance are what skl2onnx's file says: all the same", () => {
    const ops = importOnnx(pipelineBytes("nearest_by_distance"), "zoo").nodes.map(({ op }) => op);
    assert.deepEqual(ops.slice(-2), ["quadratic", "neighbours"]);
  });

  test("several outputs are one of the table's columns each", () => {
    const ops = importOnnx(pipelineBytes("labels_nearest"), "zoo").nodes.map(({ op }) => op);
    assert.equal(ops.filter((op) => op === "neighbours").length, 3);
  });
});

describe("AdaBoost", () => {
  test("is one forest and a softmax", () => {
    const ops = importOnnx(pipelineBytes("adaboost_classes"), "zoo").nodes.map(({ op }) => op);
    assert.equal(ops.filter((op) => op === "tree_ensemble").length, 1);
    assert.equal(ops.at(-1), "softmax");
  });
});
