/** Each pass alone: what it rewrites, and every condition under which it must leave the graph as it is. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { foldConstants } from "../../../host/compiler/passes/fold_constants.ts";
import { foldScale } from "../../../host/compiler/passes/fold_scale.ts";
import { fuseActivation } from "../../../host/compiler/passes/fuse_activation.ts";
import { fuseBias } from "../../../host/compiler/passes/fuse_bias.ts";
import { fusePad } from "../../../host/compiler/passes/fuse_pad.ts";
import { removeIdentity } from "../../../host/compiler/passes/remove_identity.ts";
import { removeUnused } from "../../../host/compiler/passes/remove_unused.ts";
import { sinkTransposes } from "../../../host/compiler/passes/sink_transposes.ts";
import { stripBorders } from "../../../host/compiler/passes/strip_borders.ts";
import { useIntegers } from "../../../host/compiler/passes/use_integers.ts";
import type { Graph, Node, Tensor } from "../../../host/ir/graph.ts";
import { checkGraph } from "../../../host/ops/spec.ts";
import {
  CONV,
  DENSE,
  float,
  floatConstant,
  graphOf,
  int8,
  int8Weights,
  NONE,
  node,
  ops,
  type Sketch,
} from "../../support/graphs.ts";

type Pass = (graph: Graph) => Graph;

/** The rewritten graph, which must follow the specification too. */
const apply = (pass: Pass, sketch: Sketch): Graph => checkGraph(pass(graphOf(sketch)), "the pass");

/** The pass finds nothing to do. */
const leaves = (pass: Pass, sketch: Sketch): void => {
  const graph = graphOf(sketch);
  assert.deepEqual(checkGraph(pass(graph), "the pass"), graph);
};

/** A chain x -> first -> y -> second -> z, with what else is given. */
const chain = (tensors: readonly Tensor[], nodes: readonly Node[], more: Partial<Sketch> = {}): Sketch => ({
  tensors,
  nodes,
  inputs: ["x"],
  outputs: ["z"],
  ...more,
});

describe("fold constants", () => {
  const constant = floatConstant("c", [2], [1, -2]);
  const rectified = node("relu", ["c"], "d", { activation: "relu" });
  const sum = node("add", ["x", "d"], "z", NONE);

  test("a node of constants becomes a constant", () => {
    const graph = apply(
      foldConstants,
      chain([float("x", [2]), constant, float("d", [2]), float("z", [2])], [rectified, sum]),
    );
    assert.deepEqual(ops(graph), ["add"]);
    assert.deepEqual(graph.tensors.get("d")!.data, Float32Array.of(1, 0));
  });

  test("and so does what depends on it alone", () => {
    const product = node("mul", ["d", "c"], "e", NONE);
    const graph = apply(
      foldConstants,
      chain(
        [float("x", [2]), constant, float("d", [2]), float("e", [2]), float("z", [2])],
        [rectified, product, node("add", ["x", "e"], "z", NONE)],
      ),
    );
    assert.deepEqual(ops(graph), ["add"]);
    assert.deepEqual(graph.tensors.get("e")!.data, Float32Array.of(1, -0));
  });

  test("an omitted input does not count, a computed one does", () => {
    const dense = node("fully_connected", ["c", "w", ""], "d", DENSE);
    const tensors = [float("x", [2]), constant, floatConstant("w", [2, 2], [1, 0, 0, 1])];
    const folded = apply(
      foldConstants,
      chain([...tensors, float("d", [1, 2]), float("z", [1, 2])], [dense, sum]),
    );
    assert.deepEqual(ops(folded), ["add"]);
    leaves(
      foldConstants,
      chain([float("x", [2]), constant, float("z", [2])], [node("add", ["x", "c"], "z", NONE)]),
    );
  });
});

describe("strip borders", () => {
  const quantize = (output: string) => node("quantize", ["x"], output);
  const middle = node("logistic", ["q"], "r");
  const out = int8("r", [2], 1 / 256, -128);
  const tensors = [float("x", [2]), int8("q", [2]), out, float("z", [2])];
  const dequantize = node("dequantize", ["r"], "z");

  test("quantised tensors become inputs and outputs", () => {
    const graph = removeUnused(apply(stripBorders, chain(tensors, [quantize("q"), middle, dequantize])));
    assert.deepEqual([graph.inputs, graph.outputs, ops(graph)], [["q"], ["r"], ["logistic"]]);
    assert.ok(!graph.tensors.has("x") && !graph.tensors.has("z"));
  });

  test("two equal quantisations of one input are one", () => {
    const graph = apply(
      stripBorders,
      chain(
        [float("x", [2]), int8("q", [2]), int8("p", [2]), int8("z", [2])],
        [quantize("q"), quantize("p"), node("add", ["q", "p"], "z", NONE)],
      ),
    );
    assert.deepEqual([graph.inputs, graph.nodes[0]!.inputs], [["q"], ["q", "q"]]);
  });

  test("not where two quantisations differ", () => {
    leaves(
      stripBorders,
      chain(
        [float("x", [2]), int8("q", [2]), int8("p", [2], 0.5), int8("z", [2])],
        [quantize("q"), quantize("p"), node("add", ["q", "p"], "z", NONE)],
      ),
    );
  });

  test("not where the input is read as float too, is an output, or is read by nothing", () => {
    const float2 = [...tensors, float("y", [2])];
    const beside = [quantize("q"), middle, node("logistic", ["x"], "y")];
    leaves(stripBorders, chain(float2, beside, { outputs: ["r", "y"] }));
    leaves(stripBorders, chain(tensors, [quantize("q"), middle], { outputs: ["r", "x"] }));
    leaves(
      stripBorders,
      chain([...tensors, float("unread", [2])], [node("logistic", ["x"], "z")], { inputs: ["x", "unread"] }),
    );
  });

  test("an 8-bit input that is only rescaled stays the input", () => {
    const sketch = chain([int8("x", [2], 0.3), int8("q", [2]), out], [quantize("q"), middle], {
      outputs: ["r"],
    });
    leaves(stripBorders, sketch);
  });

  test("a dequantised output that is read inside is replaced at the border only", () => {
    const inside = node("logistic", ["z"], "s");
    const graph = apply(
      stripBorders,
      chain(
        [int8("x", [2]), int8("r", [2]), float("z", [2]), float("s", [2])],
        [node("relu", ["x"], "r", { activation: "relu" }), dequantize, inside],
        { outputs: ["z", "s"] },
      ),
    );
    assert.deepEqual(
      [graph.outputs, ops(graph)],
      [
        ["r", "s"],
        ["relu", "dequantize", "logistic"],
      ],
    );
  });

  test("an input that is dequantised at once may become an output", () => {
    const graph = removeUnused(
      apply(stripBorders, chain([int8("x", [2]), float("z", [2])], [node("dequantize", ["x"], "z")])),
    );
    assert.deepEqual([graph.inputs, graph.outputs, ops(graph)], [["x"], ["x"], []]);
  });
});

describe("remove identity", () => {
  const relu = node("relu", ["x"], "y", { activation: "relu" });
  const last = node("relu", ["y2"], "z", { activation: "relu6" });
  const between = (op: string, attributes: Node["attributes"], changed: Partial<Tensor> = {}): Sketch =>
    chain(
      [
        int8("x", [1, 2]),
        int8("y", [1, 2]),
        { ...int8("y2", [1, 2]), ...changed },
        int8("z", changed.shape ?? [1, 2]),
      ],
      [relu, node(op, ["y"], "y2", attributes), last],
    );

  const identities: readonly (readonly [string, Node["attributes"]])[] = [
    ["reshape", { shape: [1, 2] }],
    ["quantize", {}],
    ["pad", { before: [0, 0], after: [0, 0], value: 0 }],
    ["concatenation", { axis: 1 }],
  ];
  for (const [op, attributes] of identities) {
    test(`a ${op} that changes nothing`, () => {
      const graph = apply(removeIdentity, between(op, attributes));
      assert.deepEqual(ops(graph), ["relu", "relu"]);
      assert.deepEqual(graph.nodes[1]!.inputs, ["y"]);
    });
  }

  test("not where shape, scale, zero point or type change", () => {
    leaves(removeIdentity, between("reshape", { shape: [2, 1] }, { shape: [2, 1] }));
    leaves(removeIdentity, between("quantize", {}, { quantization: int8("", [], 0.3).quantization! }));
    leaves(removeIdentity, between("quantize", {}, { quantization: int8("", [], 0.05, 4).quantization! }));
    const uint8 = { ...int8("z", [2]), dtype: "uint8" as const };
    const other = node("quantize", ["y"], "z");
    leaves(removeIdentity, chain([int8("x", [2]), int8("y", [2]), uint8], [relu, other]));
  });

  test("not an operator that computes", () => {
    leaves(
      removeIdentity,
      chain([int8("x", [2]), int8("z", [2])], [node("relu", ["x"], "z", { activation: "none" })]),
    );
  });

  test("not a concatenation of two tensors", () => {
    const tensors = [int8("x", [1, 2]), int8("z", [1, 4])];
    leaves(removeIdentity, chain(tensors, [node("concatenation", ["x", "x"], "z", { axis: 1 })]));
  });

  test("one behind the other, at an output", () => {
    const graph = apply(
      removeIdentity,
      chain(
        [int8("x", [2]), int8("y", [2]), int8("y2", [2]), int8("z", [2])],
        [relu, node("quantize", ["y"], "y2"), node("reshape", ["y2"], "z", { shape: [2] })],
      ),
    );
    assert.deepEqual([ops(graph), graph.outputs], [["relu"], ["y"]]);
  });

  test("not one that makes an output of an input or of a constant", () => {
    const copy = node("reshape", ["x"], "z", { shape: [2] });
    leaves(removeIdentity, chain([int8("x", [2]), int8("z", [2])], [copy]));
    const constant = { ...int8Weights("c", [2]), quantization: int8("", []).quantization! };
    leaves(
      removeIdentity,
      chain([int8("x", [2]), constant, int8("z", [2])], [node("reshape", ["c"], "z", { shape: [2] })]),
    );
  });
});

describe("fuse bias", () => {
  const product = node("fully_connected", ["x", "w"], "y", DENSE, "product");
  const sum = (inputs: readonly string[], activation = "none") => node("add", inputs, "z", { activation });
  const tensors = [float("x", [2, 3]), floatConstant("w", [4, 3], Array(12).fill(0.5)), float("y", [2, 4])];
  const bias = floatConstant("b", [1, 4], [1, 2, 3, 4]);
  const withBias = (b: Tensor, add: Node, more: Partial<Sketch> = {}): Sketch =>
    chain([...tensors, b, float("z", [2, 4])], [product, add], more);

  for (const inputs of [
    ["y", "b"],
    ["b", "y"],
  ]) {
    test(`${inputs.join(" + ")} becomes the product's own`, () => {
      const graph = apply(fuseBias, withBias(bias, sum(inputs, "relu")));
      const [merged] = graph.nodes;
      assert.equal(graph.nodes.length, 1);
      assert.deepEqual([merged!.name, merged!.inputs, merged!.outputs], ["product", ["x", "w", "b"], ["z"]]);
      assert.equal(merged!.attributes["activation"], "relu");
    });
  }

  test("of convolutions too", () => {
    for (const op of ["conv2d", "depthwise_conv2d"]) {
      const { groups, ...window } = CONV;
      const attributes = op === "conv2d" ? { ...window, groups } : { ...window, depthMultiplier: 2 };
      const shape = op === "conv2d" ? [2, 1, 1, 1] : [1, 1, 1, 2];
      const graph = apply(
        fuseBias,
        chain(
          [
            float("x", [1, 2, 2, 1]),
            floatConstant("w", shape, [1, 2]),
            floatConstant("b", [2], [3, 4]),
            float("y", [1, 2, 2, 2]),
            float("z", [1, 2, 2, 2]),
          ],
          [node(op, ["x", "w"], "y", attributes), sum(["y", "b"])],
        ),
      );
      assert.deepEqual(graph.nodes[0]!.inputs, ["x", "w", "b"]);
    }
  });

  test("not a number for all channels, one per row, or a full tensor", () => {
    leaves(fuseBias, withBias(floatConstant("b", [1], [1]), sum(["y", "b"])));
    leaves(fuseBias, withBias(floatConstant("b", [2, 1], [1, 2]), sum(["y", "b"])));
    leaves(fuseBias, withBias(floatConstant("b", [2, 4], Array(8).fill(1)), sum(["y", "b"])));
  });

  test("not a computed addend, nor the product added to itself", () => {
    leaves(fuseBias, withBias(float("b", [1, 4]), sum(["y", "b"]), { inputs: ["x", "b"] }));
    leaves(fuseBias, withBias(bias, sum(["y", "y"])));
  });

  test("not where the product has a bias or an activation already", () => {
    const sketch = withBias(bias, sum(["y", "b"]));
    leaves(fuseBias, { ...sketch, nodes: [{ ...product, inputs: ["x", "w", "b"] }, sum(["y", "b"])] });
    const active = { ...product, attributes: { ...DENSE, activation: "relu" } };
    leaves(fuseBias, { ...sketch, nodes: [active, sum(["y", "b"])] });
  });

  test("not where the product is an output or has another reader", () => {
    leaves(fuseBias, withBias(bias, sum(["y", "b"]), { outputs: ["z", "y"] }));
    const sketch = withBias(bias, sum(["y", "b"]), { outputs: ["z", "v"] });
    leaves(fuseBias, {
      ...sketch,
      tensors: [...sketch.tensors, float("v", [2, 4])],
      nodes: [...sketch.nodes, node("logistic", ["y"], "v")],
    });
  });

  test("not another operator than add, nor a sum that broadcasts the product", () => {
    leaves(fuseBias, withBias(bias, node("mul", ["y", "b"], "z", NONE)));
    leaves(fuseBias, withBias(bias, node("sub", ["y", "b"], "z", NONE)));
    const wide = floatConstant("b", [1, 1, 4], [1, 2, 3, 4]);
    leaves(fuseBias, chain([...tensors, wide, float("z", [1, 2, 4])], [product, sum(["y", "b"])]));
  });

  test("not in an int8 graph, where the sum has a scale of its own", () => {
    leaves(
      fuseBias,
      chain(
        [
          int8("x", [2, 3]),
          int8Weights("w", [4, 3]),
          int8("y", [2, 4]),
          int8Weights("b", [4]),
          int8("z", [2, 4]),
        ],
        [product, sum(["y", "b"])],
      ),
    );
  });
});

describe("fuse activation", () => {
  const relu = (activation = "relu6", from = "y") => node("relu", [from], "z", { activation }, "clamp");
  const sum = (activation = "none") => node("add", ["x", "x"], "y", { activation }, "sum");
  const tensors = (after: Tensor = int8("z", [2])) => [int8("x", [2]), int8("y", [2]), after];

  test("becomes part of the operator before it", () => {
    const graph = apply(fuseActivation, chain(tensors(), [sum(), relu()]));
    assert.deepEqual(ops(graph), ["add"]);
    assert.deepEqual(
      [graph.nodes[0]!.name, graph.nodes[0]!.outputs, graph.nodes[0]!.attributes],
      ["sum", ["z"], { activation: "relu6" }],
    );
  });

  test("not with another scale or zero point behind it", () => {
    leaves(fuseActivation, chain(tensors(int8("z", [2], 0.06)), [sum(), relu()]));
    leaves(fuseActivation, chain(tensors(int8("z", [2], 0.05, 4)), [sum(), relu()]));
  });

  test("not into an operator that clamps already", () => {
    leaves(fuseActivation, chain(tensors(), [sum("relu"), relu()]));
  });

  test("not into an operator that can't clamp, nor into another rectifier", () => {
    leaves(fuseActivation, chain(tensors(), [node("quantize", ["x"], "y"), relu()]));
    leaves(fuseActivation, chain(tensors(), [node("relu", ["x"], "y", { activation: "none" }), relu()]));
  });

  test("not where the sum is an output or has another reader", () => {
    leaves(fuseActivation, chain(tensors(), [sum(), relu()], { outputs: ["z", "y"] }));
    const other = node("logistic", ["y"], "v");
    leaves(
      fuseActivation,
      chain([...tensors(), int8("v", [2], 1 / 256, -128)], [sum(), relu(), other], { outputs: ["z", "v"] }),
    );
  });

  test("another reader is no rectifier", () => {
    leaves(
      fuseActivation,
      chain(
        [int8("x", [2]), int8("y", [2]), int8("z", [2], 1 / 256, -128)],
        [sum(), node("logistic", ["y"], "z")],
      ),
    );
  });
});

describe("fuse pad", () => {
  const padding = { before: [0, 1, 2, 0], after: [0, 3, 4, 0], value: 0 };
  const pad = (attributes: Node["attributes"] = {}) => node("pad", ["x"], "y", { ...padding, ...attributes });
  const convolution = node("conv2d", ["y", "w"], "z", { ...CONV, padding: [1, 0, 0, 1] }, "conv");
  const tensors = (y: Tensor = int8("y", [1, 6, 9, 2])) => [
    int8("x", [1, 2, 3, 2]),
    int8Weights("w", [1, 2, 2, 2]),
    y,
    int8("z", [1, 6, 9, 1]),
  ];

  test("becomes the padding of the convolution, added to what it has", () => {
    const graph = apply(fusePad, chain(tensors(), [pad(), convolution]));
    const [merged] = graph.nodes;
    assert.equal(graph.nodes.length, 1);
    assert.deepEqual([merged!.name, merged!.inputs, merged!.outputs], ["conv", ["x", "w"], ["z"]]);
    assert.deepEqual(merged!.attributes["padding"], [2, 2, 3, 5]);
  });

  test("of a depthwise convolution too", () => {
    const { groups: _, ...window } = CONV;
    const depthwise = node("depthwise_conv2d", ["y", "w"], "z", { ...window, depthMultiplier: 1 });
    const graph = apply(
      fusePad,
      chain(
        [
          int8("x", [1, 2, 3, 2]),
          int8Weights("w", [1, 2, 2, 2]),
          int8("y", [1, 6, 9, 2]),
          int8("z", [1, 5, 8, 2]),
        ],
        [pad(), depthwise],
      ),
    );
    assert.deepEqual(graph.nodes[0]!.attributes["padding"], [1, 2, 3, 4]);
  });

  test("not with another value than zero, nor another scale", () => {
    leaves(fusePad, chain(tensors(), [pad({ value: 0.5 }), convolution]));
    leaves(fusePad, chain(tensors(int8("y", [1, 6, 9, 2], 0.07)), [pad(), convolution]));
  });

  test("not of the batch or of the channels", () => {
    const wide = [
      int8("x", [1, 2, 3, 1]),
      int8Weights("w", [1, 2, 2, 2]),
      int8("y", [1, 6, 9, 2]),
      int8("z", [1, 6, 9, 1]),
    ];
    leaves(fusePad, chain(wide, [pad({ before: [0, 1, 2, 1] }), convolution]));
    const deep = [
      int8("x", [1, 2, 3, 2]),
      int8Weights("w", [1, 2, 2, 2]),
      int8("y", [2, 6, 9, 2]),
      int8("z", [2, 6, 9, 1]),
    ];
    leaves(fusePad, chain(deep, [pad({ after: [1, 3, 4, 0] }), convolution]));
  });

  test("not before a pooling, whose padding does not count", () => {
    const pool = node("max_pool2d", ["y"], "z", {
      kernel: [2, 2],
      stride: [1, 1],
      padding: [0, 0, 0, 0],
      activation: "none",
    });
    leaves(
      fusePad,
      chain([int8("x", [1, 2, 3, 2]), int8("y", [1, 6, 9, 2]), int8("z", [1, 5, 8, 2])], [pad(), pool]),
    );
  });

  test("not where the padded image is an output or has another reader", () => {
    leaves(fusePad, chain(tensors(), [pad(), convolution], { outputs: ["z", "y"] }));
    const other = node("relu", ["y"], "v", { activation: "relu" });
    leaves(
      fusePad,
      chain([...tensors(), int8("v", [1, 6, 9, 2])], [pad(), convolution, other], { outputs: ["z", "v"] }),
    );
  });
});

describe("remove unused", () => {
  test("nodes and tensors that no output needs, in chains", () => {
    const graph = apply(
      removeUnused,
      chain(
        [int8("x", [2]), int8("a", [2]), int8("b", [2]), int8Weights("c", [2]), int8("z", [2])],
        [
          node("add", ["x", "c"], "a", NONE),
          node("relu", ["x"], "z", { activation: "relu" }),
          node("relu", ["a"], "b", { activation: "relu" }),
        ],
      ),
    );
    assert.deepEqual([...graph.tensors.keys()].sort(), ["x", "z"]);
    assert.deepEqual(ops(graph), ["relu"]);
  });

  test("an input that nothing reads stays: it is the module's interface", () => {
    leaves(
      removeUnused,
      chain(
        [int8("x", [2]), int8("spare", [2]), int8("z", [2])],
        [node("relu", ["x"], "z", { activation: "relu" })],
        { inputs: ["x", "spare"] },
      ),
    );
  });

  test("a node stays for any of several outputs, in order", () => {
    leaves(
      removeUnused,
      chain(
        [int8("x", [2]), int8("y", [2]), int8("z", [2])],
        [node("relu", ["x"], "y", { activation: "relu" }), node("relu", ["y"], "z", { activation: "relu6" })],
        { outputs: ["z", "y"] },
      ),
    );
  });
});

describe("sink transposes", () => {
  const image = (name: string): Tensor => float(name, [1, 2, 3, 4]);
  const turned = (name: string): Tensor => float(name, [1, 3, 4, 2]);
  const there = node("transpose", ["x"], "y", { permutation: [0, 2, 3, 1] });

  test("a transposition passes an operator of one value and meets its inverse", () => {
    const graph = apply(sinkTransposes, {
      tensors: [image("x"), turned("y"), turned("r"), image("z")],
      nodes: [there, node("tanh", ["y"], "r"), node("transpose", ["r"], "z", { permutation: [0, 3, 1, 2] })],
      inputs: ["x"],
      outputs: ["z"],
    });
    assert.deepEqual(ops(graph), ["tanh"]);
    assert.deepEqual(graph.outputs, ["z"]);
    assert.deepEqual(graph.nodes[0]!.inputs, ["x"]);
  });

  test("a constant beside it is permuted, and an axis is the one it was", () => {
    const graph = apply(sinkTransposes, {
      tensors: [image("x"), turned("y"), floatConstant("c", [2], [5, 7]), turned("s"), float("z", [1, 3, 4])],
      nodes: [
        there,
        node("mul", ["y", "c"], "s", NONE),
        node("mean", ["s"], "z", { axes: [3], keepDims: false }),
      ],
      inputs: ["x"],
      outputs: ["z"],
    });
    assert.deepEqual(ops(graph), ["mul", "mean", "reshape"]);
    const [mul, mean] = graph.nodes;
    assert.deepEqual(graph.tensors.get(mul!.inputs[1]!)!.shape, [1, 2, 1, 1]);
    assert.deepEqual(mean!.attributes, { axes: [1], keepDims: true });
  });

  test("a dense layer over all values takes it into its weights", () => {
    const weights = floatConstant(
      "w",
      [1, 24],
      Array.from({ length: 24 }, (_, i) => i),
    );
    const graph = apply(sinkTransposes, {
      tensors: [image("x"), turned("y"), float("f", [1, 24]), weights, float("z", [1, 1])],
      nodes: [
        there,
        node("reshape", ["y"], "f", { shape: [1, 24] }),
        node("fully_connected", ["f", "w"], "z", { keepDims: true, activation: "none" }),
      ],
      inputs: ["x"],
      outputs: ["z"],
    });
    assert.deepEqual(ops(graph), ["reshape", "fully_connected"]);
    const moved = graph.tensors.get(graph.nodes[1]!.inputs[1]!)!.data!;
    // Pixel (0, 1) of channel 0 was the third value, and now is the second.
    assert.deepEqual([moved[0], moved[1], moved[12]], [0, 2, 1]);
  });

  test("where nothing takes it, it stays", () => {
    const graph = apply(sinkTransposes, {
      tensors: [image("x"), turned("y"), turned("z")],
      nodes: [there, node("softmax", ["y"], "z", { beta: 1 })],
      inputs: ["x"],
      outputs: ["z"],
    });
    assert.deepEqual(ops(graph), ["transpose", "softmax"]);
  });
});

describe("fold scale", () => {
  const tensors = (shape: number[], values: number[]): Tensor[] => [
    float("x", [1, 2]),
    floatConstant("w", [2, 2], [1, 2, 3, 4]),
    floatConstant("b", [2], [1, -1]),
    float("y", [1, 2]),
    floatConstant("c", shape, values),
    float("z", [1, 2]),
  ];
  const dense = node("fully_connected", ["x", "w", "b"], "y", DENSE);

  test("a factor for each output goes into weights and bias", () => {
    const graph = apply(foldScale, chain(tensors([2], [2, 3]), [dense, node("mul", ["y", "c"], "z", NONE)]));
    assert.deepEqual(ops(graph), ["fully_connected"]);
    const [, weights, bias] = graph.nodes[0]!.inputs.map((name) => graph.tensors.get(name)!.data!);
    assert.deepEqual([...weights!], [2, 4, 9, 12]);
    assert.deepEqual([...bias!], [2, -3]);
  });

  test("what is subtracted goes into the bias", () => {
    const graph = apply(foldScale, chain(tensors([1], [4]), [dense, node("sub", ["y", "c"], "z", NONE)]));
    assert.deepEqual([...graph.tensors.get(graph.nodes[0]!.inputs[2]!)!.data!], [-3, -5]);
  });

  test("what the layer is subtracted from stays", () => {
    leaves(foldScale, chain(tensors([1], [4]), [dense, node("sub", ["c", "y"], "z", NONE)]));
  });
});

describe("use integers", () => {
  const borders = (values: readonly Tensor[], middle: Node): Sketch =>
    chain(
      [int8("x", [1, 2]), float("f", [1, 2]), ...values, float("g", [1, 2]), int8("z", [1, 2], 0.1, 5)],
      [node("dequantize", ["x"], "f"), middle, node("quantize", ["g"], "z")],
    );

  test("an operator between a dequantisation and a quantisation computes in int8", () => {
    const graph = apply(useIntegers, borders([], node("leaky_relu", ["f"], "g", { alpha: 0.5 })));
    const leaky = graph.nodes.find(({ op }) => op === "leaky_relu")!;
    assert.deepEqual(leaky.inputs, ["x"]);
    assert.equal(graph.tensors.get(leaky.outputs[0]!)!.dtype, "int8");
    assert.deepEqual(
      graph.tensors.get(leaky.outputs[0]!)!.quantization,
      int8("z", [1, 2], 0.1, 5).quantization,
    );
  });

  test("weights of float are refused", () => {
    const weights = floatConstant("w", [2, 2], [1, 2, 3, 4]);
    assert.throws(
      () => useIntegers(graphOf(borders([weights], node("fully_connected", ["f", "w"], "g", DENSE)))),
      /weights w: expected quantised ones between quantised tensors, found float32/,
    );
  });
});
