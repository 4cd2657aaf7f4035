/** Each rule of spec.ts is broken once: the message names the stage, and the node or tensor at fault. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Graph, MAX_RANK, ModelError, type Node, type Tensor } from "../../host/ir/graph.ts";
import { checkGraph, checkQuantized, checkWork } from "../../host/ops/spec.ts";
import {
  CONV,
  DENSE,
  float,
  floatConstant,
  graphOf,
  int8,
  int8Weights,
  int32Bias,
  node,
  type Sketch,
  unchecked,
} from "../support/graphs.ts";

/** x -> dense -> y -> softmax -> z */
const good: Sketch = {
  tensors: [
    int8("x", [1, 4]),
    int8Weights("w", [3, 4]),
    int32Bias("b", 3),
    int8("y", [1, 3]),
    int8("z", [1, 3]),
  ],
  nodes: [
    node("fully_connected", ["x", "w", "b"], "y", DENSE, "dense"),
    node("softmax", ["y"], "z", { beta: 1 }, "classes"),
  ],
  inputs: ["x"],
  outputs: ["z"],
};

const withTensor = (tensor: Tensor): Sketch => ({
  ...good,
  tensors: [...good.tensors.filter(({ name }) => name !== tensor.name), tensor],
});
const withNode = (changed: Partial<Node>, which = 0): Sketch => ({
  ...good,
  nodes: good.nodes.map((each, i) => (i === which ? { ...each, ...changed } : each)),
});
const withDense = (attributes: Node["attributes"]): Sketch =>
  withNode({ attributes: { ...DENSE, ...attributes } });
const quantization = (scales: number[], zeroPoints: number[], axis = 0) => ({ scales, zeroPoints, axis });

function refuses(sketch: Sketch | Graph, message: string, check = checkGraph): void {
  const graph =
    "tensors" in sketch && sketch.tensors instanceof Map ? (sketch as Graph) : unchecked(sketch as Sketch);
  assert.throws(
    () => check(graph, "a stage"),
    (error: Error) => {
      assert.ok(error instanceof ModelError, error.stack);
      assert.equal(error.message, message);
      return true;
    },
  );
}

test("a good graph is given back as it is", () => {
  const graph = unchecked(good);
  assert.equal(checkGraph(graph, "a stage"), graph);
  assert.equal(checkQuantized(graph, "a stage"), graph);
});

describe("rule 1: unique names, and every name exists", () => {
  test("two nodes of one name", () => {
    refuses(withNode({ name: "dense" }, 1), "after a stage: two nodes are named dense");
  });
  test("a tensor under another name", () => {
    const graph = unchecked(good);
    const tensors = new Map(graph.tensors).set("other", graph.tensors.get("x")!);
    refuses({ ...graph, tensors }, "after a stage: tensor x is filed under other");
  });
  test("an input that nothing declares", () => {
    refuses(
      withNode({ inputs: ["x", "w", "nothing"] }),
      "after a stage: node dense: input nothing is not computed before it",
    );
  });
  test("an output that nothing declares", () => {
    refuses(withNode({ outputs: ["nothing"] }), "after a stage: node dense: output nothing is not declared");
  });
  test("graph inputs and outputs that nothing declares", () => {
    refuses(
      { ...good, inputs: ["x", "nothing"] },
      "after a stage: graph input or output nothing is not declared",
    );
    refuses(
      { ...good, outputs: ["nothing"] },
      "after a stage: graph input or output nothing is not declared",
    );
  });
  test("a graph input listed twice", () => {
    refuses({ ...good, inputs: ["x", "x"] }, "after a stage: an input is listed twice");
  });
});

describe("rule 2: shapes, and constants that fit their tensors", () => {
  for (const shape of [
    [0, 4],
    [-1, 4],
    [1.5, 4],
    [Number.NaN, 4],
    [2 ** 40, 2 ** 40],
  ]) {
    test(`shape [${shape}]`, () => {
      refuses(
        withTensor(int8("x", shape)),
        `after a stage: tensor x: expected a shape of positive whole numbers, found [${shape}]`,
      );
    });
  }
  test("more axes than a kernel has loops for", () => {
    const message = `after a stage: tensor x: expected at most ${MAX_RANK} axes, found ${MAX_RANK + 1}`;
    refuses(withTensor(int8("x", Array(MAX_RANK + 1).fill(1))), message);
  });
  test("a constant of another size", () => {
    refuses(
      withTensor({ ...int8Weights("w", [3, 4]), data: new Int8Array(11) }),
      "after a stage: tensor w: expected 12 values for [3,4], found 11",
    );
  });
  test("a constant of another type", () => {
    for (const data of [new Uint8Array(12), new Float32Array(12)]) {
      refuses(
        withTensor({ ...int8Weights("w", [3, 4]), data }),
        `after a stage: tensor w: expected data of type int8, found ${data.constructor.name}`,
      );
    }
  });
});

describe("rule 3: execution order", () => {
  test("a node before the one that it reads", () => {
    refuses(
      { ...good, nodes: good.nodes.toReversed() },
      "after a stage: node classes: input y is not computed before it",
    );
  });
  test("a node that reads itself", () => {
    refuses(
      withNode({ inputs: ["y", "w", "b"] }),
      "after a stage: node dense: input y is not computed before it",
    );
  });
  test("an output that no node writes", () => {
    refuses({ ...good, nodes: good.nodes.slice(0, 1) }, "after a stage: output z is never computed");
  });
  test("no input, no output, or more than an engine takes", () => {
    const message = (inputs: number, outputs: number): string =>
      `after a stage: expected 1 to 64 inputs and as many outputs, found ${inputs} and ${outputs}`;
    refuses({ ...good, nodes: [], outputs: [] }, message(1, 0));
    refuses({ ...good, nodes: [], inputs: [], outputs: ["w"] }, message(0, 1));
    const many = Array.from({ length: 65 }, (_, i) => int8(`in${i}`, [1]));
    const inputs = [...good.inputs, ...many.map(({ name }) => name)];
    refuses({ ...good, tensors: [...good.tensors, ...many], inputs }, message(66, 1));
  });
});

describe("rule 4: one writer", () => {
  test("two writers", () => {
    refuses(withNode({ outputs: ["y"] }, 1), "after a stage: node classes: output y has a value already");
  });
  test("a node that writes a constant", () => {
    refuses(withNode({ outputs: ["w"] }, 1), "after a stage: node classes: output w has a value already");
  });
  test("a node that writes a graph input", () => {
    refuses(withNode({ outputs: ["x"] }, 1), "after a stage: node classes: output x has a value already");
  });
  test("a graph input that is a constant", () => {
    refuses({ ...good, inputs: ["x", "w"] }, "after a stage: graph input w is a constant");
  });
});

describe("rule 5: operators", () => {
  test("an unknown operator", () => {
    refuses(withNode({ op: "sort" }), "after a stage: node dense: unknown operator sort");
  });
  test("too few inputs, too many, or a needed one left out", () => {
    const message = (found: number) =>
      `after a stage: node dense: fully_connected takes 2 to 3 inputs, found ${found}`;
    refuses(withNode({ inputs: ["x"] }), message(1));
    refuses(withNode({ inputs: ["x", "w", "b", "b"] }), message(4));
    refuses(withNode({ inputs: ["x", "", "b"] }), "after a stage: node dense: input 1 is missing");
  });
  test("an optional input may be left out", () => {
    checkGraph(unchecked(withNode({ inputs: ["x", "w", ""] })), "a stage");
  });
  test("attributes that are missing, of another type, or unknown", () => {
    refuses(
      withNode({ attributes: { keepDims: false } }),
      "node dense: attribute activation: expected none | relu | relu6 | relu_n1_to_1, found undefined",
    );
    refuses(
      withDense({ activation: "gelu" }),
      'node dense: attribute activation: expected none | relu | relu6 | relu_n1_to_1, found "gelu"',
    );
    refuses(withDense({ keepDims: 1 }), "node dense: attribute keepDims: expected boolean, found 1");
    refuses(withDense({ beta: 1 }), "node dense: unknown attribute beta");
    refuses(
      withNode({ attributes: { beta: Number.NaN } }, 1),
      "node classes: attribute beta: expected number, found NaN",
    );
  });
  test("an output declared with another shape", () => {
    refuses(
      withTensor(int8("y", [3])),
      "after a stage: node dense: output y: expected shape [1,3], found [3]",
    );
  });
  test("another number of outputs", () => {
    refuses(
      { ...withNode({ outputs: ["y", "v"] }), tensors: [...good.tensors, int8("v", [1, 3])] },
      "after a stage: node dense: expected 1 outputs, found 2",
    );
  });
  test("inputs of another type than the output", () => {
    const message = (input: string, expected: string, found: string): string =>
      `after a stage: node dense: input ${input}: expected ${expected} for an output of int8, found ${found}`;
    refuses(withTensor(float("x", [1, 4])), message("x", "int8", "float32"));
    refuses(withTensor(float("b", [3])), "after a stage: node dense: input b is not computed before it");
    refuses(withTensor(floatConstant("b", [3], [1, 2, 3])), message("b", "int32", "float32"));
  });
  test("quantisations between other types than they know", () => {
    const between = (op: string, from: Tensor, to: Tensor): Sketch => ({
      tensors: [from, to],
      nodes: [node(op, [from.name], to.name, {}, "change")],
      inputs: [from.name],
      outputs: [to.name],
    });
    const message = (change: string): string => `after a stage: node change: ${change} is not supported`;
    refuses(between("quantize", int8("x", [1]), float("y", [1])), message("quantize from int8 to float32"));
    refuses(
      between("dequantize", float("x", [1]), float("y", [1])),
      message("dequantize from float32 to float32"),
    );
    checkGraph(unchecked(between("dequantize", int8("x", [1]), float("y", [1]))), "a stage");
  });
  test("inputs that do not fit together", () => {
    refuses(
      withTensor(int8Weights("w", [3, 5])),
      "node dense: expected weights [outputs, depth] whose depth divides the 4 input values, found [3,5]",
    );
  });
  for (const op of ["conv2d", "depthwise_conv2d"]) {
    test(`a ${op} with a bias of another length`, () => {
      const { groups, ...window } = CONV;
      const attributes = op === "conv2d" ? { ...window, groups } : { ...window, depthMultiplier: 1 };
      const weights = int8Weights("w", op === "conv2d" ? [2, 1, 1, 2] : [1, 1, 1, 2]);
      const sketch = {
        tensors: [int8("x", [1, 2, 2, 2]), weights, int32Bias("b", 1), int8("y", [1, 2, 2, 2])],
        nodes: [node(op, ["x", "w", "b"], "y", attributes, "conv")],
        inputs: ["x"],
        outputs: ["y"],
      };
      refuses(sketch, "node conv: expected a bias of 2 values, found [1]");
    });
  }
});

describe("rule 6: quantisation", () => {
  test("another number of scales than slices", () => {
    refuses(
      withTensor({ ...int8Weights("w", [3, 4]), quantization: quantization([1, 1], [0, 0]) }),
      "after a stage: tensor w: expected 3 scales and zero points, found 2 and 2",
    );
    refuses(
      withTensor({ ...int8Weights("w", [3, 4]), quantization: quantization([1, 1, 1], [0, 0, 0], 1) }),
      "after a stage: tensor w: expected 4 scales and zero points, found 3 and 3",
    );
    refuses(
      withTensor({ ...int8("x", [1, 4]), quantization: quantization([1], []) }),
      "after a stage: tensor x: expected 1 scales and zero points, found 1 and 0",
    );
    refuses(
      withTensor({ ...int8("x", [1, 4]), quantization: quantization([1, 1], [0, 0], 7) }),
      "after a stage: tensor x: expected undefined scales and zero points, found 2 and 2",
    );
  });
  for (const scale of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
    test(`scale ${scale}`, () => {
      refuses(withTensor(int8("x", [1, 4], scale)), "after a stage: tensor x: expected positive scales");
    });
  }
  for (const zeroPoint of [-129, 128, 0.5]) {
    test(`zero point ${zeroPoint}`, () => {
      refuses(
        withTensor(int8("x", [1, 4], 1, zeroPoint)),
        `after a stage: tensor x: expected zero points within -128..127, found ${zeroPoint}`,
      );
    });
  }
  test("zero points of uint8", () => {
    const uint8 = (zeroPoint: number): Sketch => ({
      tensors: [{ ...int8("x", [1], 1, zeroPoint), dtype: "uint8" }, int8("y", [1])],
      nodes: [node("quantize", ["x"], "y")],
      inputs: ["x"],
      outputs: ["y"],
    });
    checkGraph(unchecked(uint8(255)), "a stage");
    refuses(uint8(-1), "after a stage: tensor x: expected zero points within 0..255, found -1");
  });
});

describe("a quantised graph", () => {
  test("has no float tensor", () => {
    const sketch = { tensors: [float("x", [2]), float("y", [2])], inputs: ["x"], outputs: ["y"] };
    refuses(
      { ...sketch, nodes: [node("logistic", ["x"], "y")] },
      "after a stage: tensor x: expected int8, found float32",
      checkQuantized,
    );
  });
  test("has a scale on every 8-bit tensor, one on computed ones", () => {
    const message = "after a stage: tensor y: expected one scale and zero point";
    refuses(withTensor({ name: "y", dtype: "int8", shape: [1, 3] }), message, checkQuantized);
    const perChannel = { ...int8("y", [1, 3]), quantization: quantization([1, 1, 1], [0, 0, 0], 1) };
    refuses(withTensor(perChannel), message, checkQuantized);
  });
  test("may keep tensors that nothing uses", () => {
    checkQuantized(unchecked(withTensor(floatConstant("unused", [1], [1]))), "a stage");
  });
});

describe("too much work", () => {
  const refusesWork = (graph: Graph, message: string): void =>
    assert.throws(() => checkWork(graph), new ModelError(message));

  test("multiply-accumulates", () => {
    const dense = (batch: number): Graph =>
      graphOf({
        tensors: [float("x", [batch, 1024]), float("w", [1024, 1024]), float("y", [batch, 1024])],
        nodes: [node("fully_connected", ["x", "w"], "y", DENSE)],
        inputs: ["x", "w"],
        outputs: ["y"],
      });
    assert.equal(checkWork(dense(256)).name, "test");
    refusesWork(dense(257), `expected at most ${2 ** 28} multiply-accumulates, found ${257 * 2 ** 20}`);
  });

  test("layers", () => {
    const chain = (count: number): Graph => {
      const names = Array.from({ length: count + 1 }, (_, i) => `t${i}`);
      return graphOf({
        tensors: names.map((name) => float(name, [1])),
        nodes: names.slice(1).map((name, i) => node("logistic", [names[i]!], name)),
        inputs: ["t0"],
        outputs: [names.at(-1)!],
      });
    };
    checkWork(chain(2048));
    refusesWork(chain(2049), "expected at most 2048 layers, found 2049");
  });

  test("values", () => {
    const relu = (size: number): Graph =>
      graphOf({
        tensors: [float("x", [size]), float("y", [size])],
        nodes: [node("logistic", ["x"], "y")],
        inputs: ["x"],
        outputs: ["y"],
      });
    checkWork(relu(2 ** 22));
    refusesWork(relu(2 ** 22 + 1), `expected at most ${2 ** 23} values in all tensors, found ${2 ** 23 + 2}`);
  });
});
