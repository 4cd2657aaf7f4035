/** Each operator of networks on a model made here, imported and simplified, against ONNX Runtime. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { TensorProto_DataType as DataType } from "onnx-buf";
import { importOnnx } from "../../../../host/compiler/import/onnx/index.ts";
import { operators } from "../../../../host/compiler/import/onnx/operators/index.ts";
import { simplify } from "../../../../host/compiler/passes/index.ts";
import { elements, tensorOf } from "../../../../host/ir/graph.ts";
import { checkGraph } from "../../../../host/ops/spec.ts";
import { evaluateGraph } from "../../../../host/runtime/engines/reference.ts";
import {
  type Attribute,
  float,
  floatTensor,
  generator,
  int,
  int64Tensor,
  ints,
  type NodeInit,
  node,
  onnx,
  string,
  type TensorInit,
  tensorAttribute,
  value,
} from "../../../support/onnx.ts";
import { ATTENTION_CASES } from "./attention_cases.ts";
import { RECURRENT_CASES } from "./recurrent_cases.ts";

interface Case {
  readonly nodes: readonly NodeInit[];
  readonly constants?: readonly TensorInit[];
  /** Shape of the input x; [1, 2, 3] by default. */
  readonly input?: readonly number[];
  readonly opset?: number;
  readonly output?: DataType;
}

type Attributes = Readonly<Record<string, Attribute>>;

/** A node with the input x and the output y, and constants beside x. */
const one = (
  op: string,
  attributes: Attributes = {},
  constants: readonly TensorInit[] = [],
  rest: Partial<Case> = {},
): Case => ({
  nodes: [node(op, ["x", ...constants.map(({ name }) => name ?? "")], ["y"], { ...attributes })],
  constants,
  ...rest,
});

/** Values from -1 to 1, none of them 0. */
const list = (name: string, shape: number[]): TensorInit => {
  const random = generator(name.length + elements(shape));
  return floatTensor(
    name,
    shape,
    Array.from({ length: elements(shape) }, () => random() / 2 || 0.5),
  );
};

const integers = int64Tensor;
const scalar = (name: string, x: number): TensorInit => floatTensor(name, [], [x]);
const image = { input: [1, 4, 7, 6] };
const twice = ints([2, 2]);

/** sqrt(|x| + 1) and the like: `op` on positive values. */
const positive = (op: string): Case => ({
  nodes: [node("Abs", ["x"], ["a"]), node("Add", ["a", "half"], ["b"]), node(op, ["b"], ["y"])],
  constants: [scalar("half", 0.5)],
});

/** y = x + (a constant that is computed of sizes), in integers until the end. */
const folded = (nodes: readonly NodeInit[], constants: readonly TensorInit[] = []): Case => ({
  nodes: [...nodes, node("Cast", ["c"], ["f"], { to: int(DataType.FLOAT) }), node("Add", ["x", "f"], ["y"])],
  constants,
});

/** Of 2 < 3 and the like. */
const comparison = (op: string): Case =>
  folded([node(op, ["p", "q"], ["c"])], [integers("p", [1, 2, 3]), integers("q", [3, 2, 1])]);

const logical = (op: string): Case =>
  folded(
    [node("Less", ["p", "q"], ["l"]), node("Equal", ["p", "q"], ["e"]), node(op, ["l", "e"], ["c"])],
    [integers("p", [1, 2, 3]), integers("q", [3, 2, 1])],
  );

const functionsOfOne = "Abs Ceil Cos Erf Exp Floor HardSwish Neg Round Sign Sin Softplus Softsign Mish".split(
  " ",
);
const reductions =
  "ReduceL1 ReduceL2 ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceSum ReduceSumSquare".split(" ");

const CASES: Readonly<Record<string, Case>> = {
  ...ATTENTION_CASES,
  ...RECURRENT_CASES,
  ...Object.fromEntries(functionsOfOne.map((op) => [op, one(op, {}, [], { opset: 18 })])),
  ...Object.fromEntries(["Log", "Reciprocal", "Sqrt"].map((op) => [op, positive(op)])),
  Celu: one("Celu", { alpha: float(2) }),
  Elu: one("Elu", { alpha: float(0.5) }),
  Selu: one("Selu"),
  HardSigmoid: one("HardSigmoid", { alpha: float(0.3) }),
  ThresholdedRelu: one("ThresholdedRelu", { alpha: float(0.5) }),
  LeakyRelu: one("LeakyRelu", { alpha: float(0.2) }),
  PRelu: one("PRelu", {}, [list("slope", [4, 1, 1])], image),
  "Gelu: exact": one("Gelu", {}, [], { opset: 20 }),
  "Gelu: tanh": one("Gelu", { approximate: string("tanh") }, [], { opset: 20 }),
  "Clip: relu6": one("Clip", {}, [scalar("min", 0), scalar("max", 6)]),
  "Clip: only a maximum": {
    nodes: [node("Clip", ["x", "", "max"], ["y"])],
    constants: [scalar("max", 0.5)],
  },
  "Clip: attributes": one("Clip", { min: float(-0.5), max: float(0.25) }, [], { opset: 9 }),
  "Div: by a constant": one("Div", {}, [list("d", [3])]),
  "Div: of tensors": {
    nodes: [node("Exp", ["x"], ["e"]), node("Div", ["x", "e"], ["y"])],
  },
  ...Object.fromEntries(
    [2, 3, 1, -1].map((exponent) => [`Pow: ${exponent}`, one("Pow", {}, [scalar("e", exponent)])]),
  ),
  "Pow: 0.5": { ...positive("Pow"), nodes: [node("Exp", ["x"], ["e"]), node("Pow", ["e", "half"], ["y"])] },
  "Max: three": one("Max", {}, [list("a", [3]), list("bb", [2, 1])]),
  "Min: two": one("Min", {}, [list("a", [1, 2, 3])]),
  "Sum: three": one("Sum", {}, [list("a", [3]), list("bb", [2, 3])]),
  "Mean: two": one("Mean", {}, [list("a", [1, 2, 3])]),
  "BatchNormalization: alone": one(
    "BatchNormalization",
    { epsilon: float(0.01) },
    [list("s", [4]), list("sh", [4]), list("mea", [4]), floatTensor("v", [4], [1, 2, 0.5, 0.1])],
    image,
  ),
  "Conv: groups and SAME_LOWER": one(
    "Conv",
    { group: int(2), auto_pad: string("SAME_LOWER"), strides: ints([2, 1]) },
    [list("w", [6, 2, 3, 2]), list("bias", [6])],
    image,
  ),
  "Conv: dilation": one("Conv", { dilations: ints([1, 2]) }, [list("w", [6, 4, 3, 2])], image),
  "Conv: two filters for each channel": one(
    "Conv",
    { group: int(4), pads: ints([1, 0, 2, 1]) },
    [list("w", [8, 1, 3, 3])],
    image,
  ),
  "Conv: one row": one("Conv", { kernel_shape: ints([3]), pads: ints([2, 0]) }, [list("w", [5, 4, 3])], {
    input: [1, 4, 9],
  }),
  "ConvTranspose: groups, output_padding": one(
    "ConvTranspose",
    { group: int(2), strides: twice, output_padding: ints([1, 0]), pads: ints([1, 0, 0, 1]) },
    [list("w", [4, 3, 3, 2]), list("bias", [6])],
    image,
  ),
  "ConvTranspose: output_shape": one(
    "ConvTranspose",
    { strides: twice, output_shape: ints([14, 13]), auto_pad: string("SAME_UPPER") },
    [list("w", [4, 2, 3, 3])],
    image,
  ),
  "ConvTranspose: one row": one("ConvTranspose", { strides: ints([3]) }, [list("w", [2, 3, 4])], {
    input: [1, 2, 5],
  }),
  "MaxPool: ceil_mode": one(
    "MaxPool",
    { kernel_shape: ints([3, 2]), strides: twice, ceil_mode: int(1), pads: ints([1, 0, 1, 0]) },
    [],
    image,
  ),
  "MaxPool: dilation": one("MaxPool", { kernel_shape: twice, dilations: ints([2, 3]) }, [], image),
  "MaxPool: one row": one("MaxPool", { kernel_shape: ints([3]), auto_pad: string("SAME_UPPER") }, [], {
    input: [1, 2, 8],
  }),
  "AveragePool: padding counts": one(
    "AveragePool",
    { kernel_shape: ints([3, 3]), strides: twice, count_include_pad: int(1), pads: ints([1, 1, 1, 1]) },
    [],
    image,
  ),
  "AveragePool: padding does not count": one(
    "AveragePool",
    { kernel_shape: ints([3, 2]), pads: ints([1, 0, 0, 1]) },
    [],
    image,
  ),
  GlobalAveragePool: one("GlobalAveragePool", {}, [], image),
  GlobalMaxPool: one("GlobalMaxPool", {}, [], image),
  "Softmax: axis 1 of four": one("Softmax", { axis: int(1) }, [], image),
  "Softmax: version 11, three axes": one("Softmax", { axis: int(1) }, [], { ...image, opset: 11 }),
  "LogSoftmax: axis 2": one("LogSoftmax", { axis: int(2) }, [], image),
  "Transpose: default": one("Transpose"),
  "Transpose: of weights": {
    nodes: [node("Transpose", ["w"], ["t"]), node("MatMul", ["x", "t"], ["y"])],
    constants: [list("w", [4, 3])],
  },
  "MatMul: constant on the left": {
    nodes: [node("MatMul", ["w", "x"], ["y"])],
    constants: [list("w", [4, 2])],
  },
  "Gemm: transA and a matrix C": {
    nodes: [node("Gemm", ["x", "w", "c"], ["y"], { transA: int(1), alpha: float(0.5), beta: float(2) })],
    constants: [list("w", [2, 4]), list("cc", [3, 4])].map((t, i) => ({ ...t, name: "wc"[i]! })),
    input: [2, 3],
  },
  "Squeeze and Unsqueeze": {
    nodes: [node("Unsqueeze", ["x", "axes"], ["u"]), node("Squeeze", ["u", "first"], ["y"])],
    constants: [integers("axes", [0, -1]), integers("first", [0])],
  },
  "Squeeze: attributes": one("Squeeze", { axes: ints([0]) }, [], { opset: 11 }),
  "Slice: backwards": one("Slice", {}, [
    integers("starts", [-1, 0]),
    integers("ends", [-100, 2]),
    integers("axes", [2, 1]),
    integers("steps", [-2, 1]),
  ]),
  "Slice: attributes": one("Slice", { starts: ints([1]), ends: ints([3]), axes: ints([2]) }, [], {
    opset: 9,
  }),
  "Split and Concat": {
    nodes: [
      node("Split", ["x", "sizes"], ["a", "b"], { axis: int(2) }),
      node("Concat", ["b", "a"], ["y"], { axis: int(-1) }),
    ],
    constants: [integers("sizes", [1, 2])],
  },
  "Gather: a list": one("Gather", { axis: int(2) }, [integers("i", [2, 0, -1])]),
  "Gather: one": one("Gather", { axis: int(1) }, [{ ...integers("i", [1]), dims: [] }]),
  Tile: one("Tile", {}, [integers("repeats", [1, 2, 3])]),
  Expand: one("Expand", {}, [integers("shape", [2, 1, 2, 3])]),
  "DepthToSpace: DCR": one("DepthToSpace", { blocksize: int(2) }, [], image),
  "DepthToSpace: CRD": one("DepthToSpace", { blocksize: int(2), mode: string("CRD") }, [], image),
  SpaceToDepth: one("SpaceToDepth", { blocksize: int(2) }, [], { input: [1, 2, 4, 6] }),
  "Pad: constant and axes": one(
    "Pad",
    {},
    [integers("pads", [1, 2, 0, 1]), scalar("fill", 0.5), integers("axes", [1, -1])],
    { opset: 18 },
  ),
  "Pad: attributes, negative": one("Pad", { pads: ints([0, 0, -1, 0, 1, 0]), value: float(2) }, [], {
    opset: 10,
  }),
  ...Object.fromEntries(
    ["edge", "reflect"].map((mode) => [
      `Pad: ${mode}`,
      one("Pad", { mode: string(mode) }, [integers("pads", [0, 1, 2, 0, 1, 1])]),
    ]),
  ),
  ...Object.fromEntries(
    ["half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric"].flatMap((mode) =>
      ["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"].map((rounding) => [
        `Resize: ${mode}, ${rounding}`,
        {
          nodes: [
            node("Resize", ["x", "", "", "sizes"], ["y"], {
              coordinate_transformation_mode: string(mode),
              nearest_mode: string(rounding),
            }),
          ],
          constants: [integers("sizes", [1, 4, 10, 3])],
          ...image,
        },
      ]),
    ),
  ),
  ...Object.fromEntries(
    ["half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners", "asymmetric"].flatMap(
      (mode) =>
        [
          [4, 10, 3],
          [4, 1, 13],
        ].map((sizes) => [
          `Resize: linear, ${mode}, to ${sizes}`,
          {
            nodes: [
              node("Resize", ["x", "", "", "sizes"], ["y"], {
                coordinate_transformation_mode: string(mode),
                mode: string("linear"),
              }),
            ],
            constants: [integers("sizes", [1, ...sizes])],
            ...image,
            opset: 19,
          },
        ]),
    ),
  ),
  "Resize: linear, by scales": {
    nodes: [node("Resize", ["x", "", "scales"], ["y"], { mode: string("linear") })],
    constants: [floatTensor("scales", [4], [1, 1, 1.6, 0.7])],
    ...image,
  },
  "Upsample: linear": one(
    "Upsample",
    { mode: string("linear") },
    [floatTensor("scales", [4], [1, 1, 2, 3])],
    { ...image, opset: 9 },
  ),
  Upsample: one("Upsample", {}, [floatTensor("scales", [4], [1, 1, 2, 3])], { ...image, opset: 9 }),
  ...Object.fromEntries(
    reductions.flatMap((op) => [
      [`${op}: pixels`, one(op, { axes: ints([2, 3]) }, [], { ...image, opset: 12 })],
      [`${op}: all`, one(op, { keepdims: int(0) }, [], { opset: 12 })],
    ]),
  ),
  Sigmoid: one("Sigmoid"),
  ReduceLogSum: {
    nodes: [node("Exp", ["x"], ["e"]), node("ReduceLogSum", ["e"], ["y"], { axes: ints([1]) })],
    opset: 12,
  },
  "ReduceSum: axes are an input": one("ReduceSum", { keepdims: int(0) }, [integers("axes", [1, -1])]),
  ArgMax: one("ArgMax", { axis: int(1), keepdims: int(0) }, [], { ...image, output: DataType.INT64 }),
  ArgMin: one("ArgMin", { axis: int(-1) }, [], { ...image, output: DataType.INT64 }),
  Swish: one("Swish", { alpha: float(1.5) }, [], { opset: 24 }),
  "Shape, Gather, ConstantOfShape and Range": {
    nodes: [
      node("Shape", ["x"], ["s"]),
      node("Gather", ["s", "last"], ["n"]),
      node("Size", ["x"], ["all"]),
      node("Div", ["all", "n"], ["rows"]),
      node("Range", ["zero", "n", "one"], ["r"]),
      node("ConstantOfShape", ["s"], ["ones"], { value: tensorAttribute(integers("", [1])) }),
      node("Add", ["ones", "r"], ["sum"]),
      node("Mul", ["sum", "rows"], ["c"]),
      node("Cast", ["c"], ["f"], { to: int(DataType.FLOAT) }),
      node("Add", ["x", "f"], ["y"]),
    ],
    constants: ["last", "zero", "one"].map((name, i) => ({
      ...integers(name, [[2, 0, 1][i]!]),
      dims: [],
    })),
  },
  "ReduceProd and Sub": folded(
    [
      node("Shape", ["x"], ["s"]),
      node("ReduceProd", ["s"], ["n"], { keepdims: int(1) }),
      node("Sub", ["n", "p"], ["c"]),
    ],
    [integers("p", [1, 2, 3])],
  ),
  Mod: folded([node("Mod", ["p", "q"], ["c"])], [integers("p", [7, -7, 5]), integers("q", [3, 3, 5])]),
  Where: folded(
    [node("Greater", ["p", "q"], ["g"]), node("Where", ["g", "p", "q"], ["c"])],
    [integers("p", [1, 2, 3]), integers("q", [3, 2, 1])],
  ),
  Not: folded(
    [node("Equal", ["p", "q"], ["e"]), node("Not", ["e"], ["c"])],
    [integers("p", [1, 2, 3]), integers("q", [3, 2, 1])],
  ),
  ...Object.fromEntries(["Greater", "GreaterOrEqual", "LessOrEqual"].map((op) => [op, comparison(op)])),
  ...Object.fromEntries(["And", "Or"].map((op) => [op, logical(op)])),
};

const ort = await import("onnxruntime-node").catch((error: unknown) => `ONNX Runtime is missing: ${error}`);
type Results = Readonly<Record<string, { readonly dims: readonly number[]; readonly data: unknown }>>;

describe("operators of networks, against ONNX Runtime", { skip: typeof ort === "string" && ort }, () => {
  for (const [title, { nodes, constants = [], input = [1, 2, 3], opset, output }] of Object.entries(CASES)) {
    test(title, async () => {
      assert.ok(typeof ort !== "string");
      const elemType = output ?? DataType.FLOAT;
      const bytes = onnx({
        nodes: [...nodes],
        constants: [...constants],
        inputs: [value("x", [...input])],
        graph: { output: [{ name: "y", type: { value: { case: "tensorType", value: { elemType } } } }] },
        ...(opset !== undefined && { opset }),
      });
      const imported = checkGraph(importOnnx(bytes, "made"), "import");
      const session = await ort.InferenceSession.create(bytes, { logSeverityLevel: 4 });
      const random = generator(title.length);
      for (let row = 0; row < 3; row++) {
        const x = Float32Array.from({ length: elements(input) }, random);
        const results: Results = await session.run({ x: new ort.Tensor("float32", x, input) }, ["y"]);
        const expected = Array.from(results["y"]!.data as ArrayLike<number | bigint>, Number);
        for (const graph of [imported, simplify(imported)]) {
          assert.deepEqual(tensorOf(graph, "y").shape, results["y"]!.dims);
          const actual = evaluateGraph(graph, [x]).get("y")!;
          expected.forEach((number, i) => {
            const difference = Math.abs(actual[i]! - number) / Math.max(1, Math.abs(number));
            assert.ok(difference < 1e-5, `row ${row}: y[${i}]: expected ${number}, found ${actual[i]}`);
          });
        }
      }
    });
  }

  test("every operator has a case here, in quantized.test.ts or in test/compiler/import", () => {
    const elsewhere =
      "Concat Constant DequantizeLinear Dropout Flatten Identity QuantizeLinear Relu Reshape Tanh".split(" ");
    const used = new Set(Object.values(CASES).flatMap(({ nodes }) => nodes.map(({ opType }) => opType)));
    const missing = [...operators.keys()]
      // Classic ones, and what patterns make of several nodes, have models of their own: test/zoo.
      .filter((type) => !/^(ai\.onnx\.ml|thimble)\./.test(type))
      .map((type) => type.replace("ai.onnx.", ""))
      .filter((op) => !used.has(op) && !elsewhere.includes(op));
    assert.deepEqual(missing, []);
  });
});
