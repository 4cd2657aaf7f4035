/** Operators of transformers, beside the operators that other networks have too. */
import {
  type Attribute,
  float,
  floatTensor,
  generator,
  int,
  ints,
  type NodeInit,
  node,
  string,
  type TensorInit,
} from "../../../support/onnx.ts";

interface AttentionCase {
  readonly nodes: readonly NodeInit[];
  readonly constants?: readonly TensorInit[];
  readonly input?: readonly number[];
  readonly opset?: number;
}

const list = (name: string, dims: number[]): TensorInit => {
  const random = generator(name.length + dims.length);
  const count = dims.reduce((product, n) => product * n, 1);
  return floatTensor(
    name,
    dims,
    Array.from({ length: count }, () => 0.5 + random() / 2),
  );
};

const with0 = (op: string, constants: readonly TensorInit[], attributes: Record<string, Attribute> = {}) => [
  node(op, ["x", ...constants.map(({ name }) => name!)], ["y"], attributes),
];

const STEPS = [1, 4, 6];
const IMAGE = [1, 4, 3, 5];
const row = [list("scale", [6]), list("shift", [6])];
const channels = [list("scale", [4]), list("shift", [4])];
const groups = [list("scale", [2]), list("shift", [2])];
const matrix = [list("scale", [4, 6])];

export const ATTENTION_CASES: Readonly<Record<string, AttentionCase>> = {
  LayerNormalization: { nodes: with0("LayerNormalization", row), constants: row, input: STEPS },
  "LayerNormalization: two axes, no shift": {
    nodes: with0("LayerNormalization", matrix, { axis: int(1), epsilon: float(0.01) }),
    constants: matrix,
    input: STEPS,
  },
  "LayerNormalization: its deviation": {
    nodes: [node("LayerNormalization", ["x", "scale"], ["z", "m", "y"])],
    constants: row.slice(0, 1),
    input: STEPS,
  },
  "LayerNormalization: a computed shift": {
    nodes: [
      node("ReduceMean", ["x"], ["s"], { axes: ints([0, 1]), keepdims: int(0) }),
      node("LayerNormalization", ["x", "scale", "s"], ["y"]),
    ],
    constants: row.slice(0, 1),
    input: STEPS,
  },
  RMSNormalization: {
    nodes: with0("RMSNormalization", row.slice(0, 1), { epsilon: float(0.1) }),
    constants: row.slice(0, 1),
    input: STEPS,
    opset: 23,
  },
  SimplifiedLayerNormalization: {
    nodes: with0("SimplifiedLayerNormalization", row.slice(0, 1)),
    constants: row.slice(0, 1),
    input: STEPS,
  },
  InstanceNormalization: {
    nodes: with0("InstanceNormalization", channels, { epsilon: float(0.1) }),
    constants: channels,
    input: IMAGE,
  },
  "GroupNormalization: numbers for each channel": {
    nodes: with0("GroupNormalization", channels, { num_groups: int(2) }),
    constants: channels,
    input: IMAGE,
    opset: 21,
  },
  "GroupNormalization: numbers for each group": {
    nodes: with0("GroupNormalization", groups, { num_groups: int(2) }),
    constants: groups,
    input: IMAGE,
    opset: 18,
  },
  "MatMul: of two tensors": {
    nodes: [
      node("Transpose", ["x"], ["t"]),
      node("MatMul", ["x", "t"], ["s"]),
      node("Softmax", ["s"], ["p"]),
      node("MatMul", ["p", "x"], ["y"]),
    ],
    input: [4, 6],
  },
  "MatMul: heads, and a batch of constants": {
    nodes: [node("MatMul", ["x", "b"], ["h"]), node("MatMul", ["h", "vector"], ["y"])],
    constants: [list("b", [2, 6, 3]), list("vector", [3])],
    input: [2, 4, 6],
  },
  "MatMul: vectors": {
    nodes: [node("Exp", ["x"], ["e"]), node("MatMul", ["x", "e"], ["y"])],
    input: [6],
  },
  "Gemm: of two tensors": {
    nodes: [
      node("Exp", ["x"], ["e"]),
      node("Gemm", ["x", "e", "c"], ["y"], { transA: int(1), alpha: float(0.5), beta: float(2) }),
    ],
    constants: [list("c", [3])],
    input: [3, 3],
  },
  ...Object.fromEntries(
    ["bth,hnk->btnk", "bth,hnk->nbkt", "hnk,bth->btnk"].map((equation) => [
      `Einsum: ${equation}, weights`,
      {
        nodes: [
          node("Einsum", equation.startsWith("h") ? ["w", "x"] : ["x", "w"], ["y"], {
            equation: string(equation),
          }),
        ],
        constants: [list("w", [6, 2, 3])],
        input: STEPS,
      },
    ]),
  ),
  ...Object.fromEntries(
    ["abcd,ebcd->cae", "abcd,abed", "abcd,abcd->bd", "abcd,ae->bcde"].map((equation, i) => [
      `Einsum: ${equation}`,
      {
        nodes: [
          node("Sin", ["x"], ["s"]),
          ...(i === 3 ? [node("ReduceMean", ["s"], ["t"], { axes: ints([1, 2]), keepdims: int(0) })] : []),
          node("Einsum", ["x", i === 3 ? "t" : "s"], ["y"], { equation: string(equation) }),
        ],
        input: [2, 3, 4, 5],
      },
    ]),
  ),
  "Einsum: of one": {
    nodes: [node("Einsum", ["x"], ["y"], { equation: string("abcd->dba") })],
    input: IMAGE,
  },
  "Pow: -0.5": {
    nodes: [node("Exp", ["x"], ["e"]), node("Pow", ["e", "half"], ["y"])],
    constants: [floatTensor("half", [], [-0.5])],
  },
};
