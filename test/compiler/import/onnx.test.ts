/**
 * The ONNX importer: the exported models in test/models against the results stored beside them, each
 * operator on a model made here against ONNX Runtime, what is refused and how, and damaged files.
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import {
  AttributeProto_AttributeType as AttributeType,
  TensorProto_DataType as DataType,
  TensorProto_DataLocation,
} from "onnx-buf";
import { importOnnx } from "../../../host/compiler/import/onnx/index.ts";
import { operators } from "../../../host/compiler/import/onnx/operators/index.ts";
import { elements, type Graph, ModelError, tensorOf } from "../../../host/ir/graph.ts";
import { checkGraph } from "../../../host/ops/spec.ts";
import { evaluateGraph } from "../../../host/runtime/engines/reference.ts";
import {
  type Attribute,
  float,
  floats,
  floatTensor,
  generator,
  int,
  int64Tensor,
  ints,
  ml,
  type NodeInit,
  node,
  onnx,
  type Parts,
  refusal,
  type Size,
  string,
  strings,
  type TensorInit,
  tensorAttribute,
  utf8,
  type ValueInit,
  value,
} from "../../support/onnx.ts";

const TOLERANCE = 1e-5;
const MODELS = "test/models";

const load = (bytes: Uint8Array, name = "made"): Graph => checkGraph(importOnnx(bytes, name), "import");

function assertClose(actual: ArrayLike<number>, expected: ArrayLike<number>, what: string): void {
  assert.equal(actual.length, expected.length, `${what}: length`);
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs(actual[i]! - expected[i]!);
    assert.ok(difference <= TOLERANCE, `${what}[${i}]: expected ${expected[i]}, found ${actual[i]}`);
  }
}

// ---- Exported models

interface Expected {
  readonly inputs: readonly (readonly number[])[];
  readonly outputs: {
    readonly probabilities: readonly (readonly number[])[];
    readonly label?: readonly unknown[];
  };
}

describe("models exported from elsewhere", () => {
  const files = readdirSync(MODELS).filter((file) => file.endsWith(".onnx"));
  assert.ok(files.length >= 6);
  for (const file of files) {
    test(file, () => {
      const name = file.replace(".onnx", "");
      const expected: Expected = JSON.parse(readFileSync(join(MODELS, `${name}.expected.json`), "utf8"));
      const graph = load(readFileSync(join(MODELS, file)), name);
      assert.equal(graph.name, name);
      assert.equal(graph.inputs.length, 1);
      assert.equal(graph.outputs.length, 1);
      expected.inputs.forEach((row, i) => {
        const output = evaluateGraph(graph, [Float32Array.from(row)]).get(graph.outputs[0]!)!;
        assertClose(output, expected.outputs.probabilities[i]!, `row ${i}`);
        const label = expected.outputs.label?.[i];
        if (label === undefined) return;
        const { labels } = tensorOf(graph, graph.outputs[0]!);
        assert.equal(labels?.[output.indexOf(Math.max(...output))], String(label), `label of row ${i}`);
      });
    });
  }

  test("names and class names are those of the file", () => {
    const zipmap = load(readFileSync(join(MODELS, "logistic_regression_zipmap.onnx")));
    assert.deepEqual(zipmap.outputs, ["output_probability"]);
    const dense = load(readFileSync(join(MODELS, "wine_dense.onnx")));
    assert.deepEqual(
      dense.nodes.map(({ name }) => name),
      ["MatMul", "Add", "Relu", "MatMul1", "Add1", "Relu1"],
    );
    assert.deepEqual(tensorOf(dense, "probabilities").labels, ["0", "1", "2"]);
  });
});

// ---- Operators

const matrix = floatTensor("w", [3, 2], [1, -2, 0.5, 0.25, -1, 3]);
const transposed = floatTensor("w", [2, 3], [1, 0.5, -1, -2, 0.25, 3]);
const classifier = (post: string, rows: number, classes: number): Record<string, Attribute> => ({
  coefficients: floats([0.5, -1, 0.25, 1, 2, -0.5, -2, 0.75, 1].slice(0, rows * 3)),
  intercepts: floats([0.3, -0.2, 0.1].slice(0, rows)),
  classlabels_ints: ints([4, 5, 6].slice(0, classes)),
  post_transform: string(post),
  multi_class: int(0),
});
const scores = [value("y", [undefined, undefined])];

/** A model with input x and output y, by operator and case. ONNX Runtime says what comes out. */
const CASES: Readonly<Record<string, Parts>> = {
  "Add: bias": { nodes: [node("Add", ["x", "b"], ["y"])], constants: [floatTensor("b", [3], [1, -2, 3])] },
  "Add: scalar": { nodes: [node("Add", ["b", "x"], ["y"])], constants: [floatTensor("b", [], [1.5])] },
  "Sub: constant minus x": {
    nodes: [node("Sub", ["b", "x"], ["y"])],
    constants: [floatTensor("b", [1, 3], [1, -2, 3])],
  },
  "Mul: x squared": { nodes: [node("Mul", ["x", "x"], ["y"])] },
  Relu: { nodes: [node("Relu", ["x"], ["y"])] },
  Sigmoid: { nodes: [node("Sigmoid", ["x"], ["y"])] },
  Tanh: { nodes: [node("Tanh", ["x"], ["y"])] },
  "Softmax: default axis": { nodes: [node("Softmax", ["x"], ["y"])] },
  "Softmax: axis 1": { nodes: [node("Softmax", ["x"], ["y"], { axis: int(1) })] },
  "Softmax: version 11, flattening": {
    nodes: [node("Softmax", ["x"], ["y"])],
    inputs: [value("x", ["N", 1, 3])],
    outputs: [value("y", [undefined, 1, 3])],
    opset: 11,
  },
  "Softmax: version 9": { nodes: [node("Softmax", ["x"], ["y"], { axis: int(1) })], opset: 9 },
  "Identity and Cast": {
    nodes: [
      node("Identity", ["x"], ["i"]),
      node("Cast", ["i"], ["c"], { to: int(DataType.FLOAT) }),
      node("Relu", ["c"], ["y"]),
    ],
  },
  "Identity: the output is the input": { nodes: [node("Identity", ["x"], ["y"])] },
  "Dropout: version 10": {
    nodes: [node("Dropout", ["x"], ["d"], { ratio: float(0.5) }), node("Relu", ["d"], ["y"])],
    opset: 10,
  },
  "Dropout: version 13, with a ratio": {
    nodes: [node("Dropout", ["x", "ratio"], ["d"]), node("Relu", ["d"], ["y"])],
    constants: [floatTensor("ratio", [], [0.5])],
  },
  Flatten: {
    nodes: [node("Flatten", ["x"], ["f"]), node("MatMul", ["f", "w"], ["y"])],
    inputs: [value("x", ["N", 3, 1])],
    constants: [matrix],
  },
  "Flatten: negative axis": {
    nodes: [node("Flatten", ["x"], ["y"], { axis: int(-1) })],
    inputs: [value("x", ["N", 2, 3])],
  },
  "Reshape: 0 and -1": {
    nodes: [node("Reshape", ["x", "shape"], ["y"])],
    inputs: [value("x", ["N", 2, 3])],
    constants: [int64Tensor("shape", [0, -1])],
  },
  "Concat: p and 1 - p": {
    nodes: [node("Sub", ["one", "x"], ["q"]), node("Concat", ["q", "x"], ["y"], { axis: int(1) })],
    constants: [floatTensor("one", [1], [1])],
  },
  "Constant: tensor, floats and float": {
    nodes: [
      node("Constant", [], ["a"], { value: tensorAttribute(floatTensor("", [3], [1, 2, 3])) }),
      node("Constant", [], ["b"], { value_floats: floats([3, 2, 1]) }),
      node("Constant", [], ["c"], { value_float: float(0.5) }),
      node("Add", ["x", "a"], ["xa"]),
      node("Mul", ["xa", "b"], ["xb"]),
      node("Sub", ["xb", "c"], ["y"]),
    ],
  },
  "Constant: a shape in integers": {
    nodes: [
      node("Constant", [], ["shape"], { value_ints: ints([3, -1]) }),
      node("Reshape", ["x", "shape"], ["y"]),
    ],
  },
  MatMul: { nodes: [node("MatMul", ["x", "w"], ["y"])], constants: [matrix] },
  "MatMul: rank 3": {
    nodes: [node("MatMul", ["x", "w"], ["y"])],
    inputs: [value("x", ["N", 2, 3])],
    outputs: [value("y", [undefined, 2, 2])],
    constants: [matrix],
  },
  "MatMul: the same weights twice": {
    nodes: [
      node("MatMul", ["x", "q"], ["h"]),
      node("MatMul", ["h", "q"], ["k"]),
      node("Add", ["k", "q"], ["z"]),
      node("Mul", ["z", "q"], ["y"]),
    ],
    outputs: [value("y", [3, 3])],
    constants: [floatTensor("q", [3, 3], [1, 2, 3, 0.5, -1, 0, 0.25, 1, -1])],
  },
  Gemm: { nodes: [node("Gemm", ["x", "w"], ["y"])], constants: [matrix] },
  "Gemm: transB, alpha, beta, bias [n]": {
    nodes: [node("Gemm", ["x", "w", "b"], ["y"], { transB: int(1), alpha: float(0.5), beta: float(2) })],
    constants: [transposed, floatTensor("b", [2], [1, -1])],
  },
  "Gemm: bias [1, n]": {
    nodes: [node("Gemm", ["x", "w", "b"], ["y"], { transA: int(0), transB: int(0) })],
    constants: [matrix, floatTensor("b", [1, 2], [1, -1])],
  },
  "Gemm: scalar bias, tensors in bytes": {
    nodes: [node("Gemm", ["x", "w", "b"], ["y"])],
    constants: [
      { ...matrix, floatData: [], rawData: new Uint8Array(Float32Array.from(matrix.floatData!).buffer) },
      floatTensor("b", [], [0.75]),
    ],
  },
  "LinearClassifier: one row, LOGISTIC": {
    nodes: [ml("LinearClassifier", ["x"], ["label", "y"], classifier("LOGISTIC", 1, 2))],
    outputs: scores,
  },
  "LinearRegressor: two targets": {
    nodes: [
      ml("LinearRegressor", ["x"], ["y"], {
        coefficients: floats([1, 2, 3, -1, 0.5, 0.25]),
        intercepts: floats([0.5, -0.5]),
        targets: int(2),
      }),
    ],
  },
  Scaler: {
    nodes: [ml("Scaler", ["x"], ["y"], { offset: floats([1, 0, -1]), scale: floats([2, 0.5, 1]) })],
  },
  "Scaler: one number for all": {
    nodes: [ml("Scaler", ["x"], ["y"], { offset: floats([0.5]), scale: floats([3]) })],
  },
  "Normalizer: L1": { nodes: [ml("Normalizer", ["x"], ["y"], { norm: string("L1") })] },
  "Normalizer: L2": { nodes: [ml("Normalizer", ["x"], ["y"], { norm: string("L2") })] },
  Binarizer: { nodes: [ml("Binarizer", ["x"], ["y"], { threshold: float(0.25) })] },
  Imputer: {
    nodes: [
      ml("Imputer", ["x"], ["y"], {
        imputed_value_floats: floats([1, 2, 3]),
        replaced_value_float: float(Number.NaN),
      }),
    ],
  },
  FeatureVectorizer: {
    nodes: [
      node("Relu", ["x"], ["r"]),
      ml("FeatureVectorizer", ["x", "r"], ["y"], { inputdimensions: ints([3, 3]) }),
    ],
  },
  OneHotEncoder: {
    nodes: [ml("OneHotEncoder", ["x"], ["y"], { cats_int64s: ints([-1, 0, 1]), zeros: int(1) })],
    outputs: [value("y", [undefined, 3, 3])],
  },
  "Normalizer: after LOGISTIC of two classes": {
    nodes: [
      ml("LinearClassifier", ["x"], ["label", "p"], classifier("LOGISTIC", 1, 2)),
      ml("Normalizer", ["p"], ["y"], { norm: string("L1") }),
    ],
    outputs: scores,
  },
  "Normalizer: after Softmax": {
    nodes: [node("Softmax", ["x"], ["p"]), ml("Normalizer", ["p"], ["y"], { norm: string("L1") })],
  },
  ...Object.fromEntries(
    [2, 3].flatMap((rows) =>
      ["NONE", "LOGISTIC", "SOFTMAX"].map((post) => [
        `LinearClassifier: ${rows} rows, ${post}`,
        {
          nodes: [ml("LinearClassifier", ["x"], ["label", "y"], classifier(post, rows, rows))],
          outputs: scores,
        },
      ]),
    ),
  ),
};

type Results = Readonly<Record<string, { readonly dims: readonly number[]; readonly data: unknown }>>;

const ort = await import("onnxruntime-node").catch((error: unknown) => `ONNX Runtime is missing: ${error}`);

describe("operators, against ONNX Runtime", { skip: typeof ort === "string" && ort }, () => {
  for (const [title, parts] of Object.entries(CASES)) {
    test(title, async () => {
      assert.ok(typeof ort !== "string");
      const bytes = onnx(parts);
      const graph = load(bytes);
      const session = await ort.InferenceSession.create(bytes, { logSeverityLevel: 4 });
      const { shape } = tensorOf(graph, "x");
      const random = generator(title.length);
      for (let row = 0; row < 5; row++) {
        const x = Float32Array.from({ length: elements(shape) }, random);
        const results: Results = await session.run({ x: new ort.Tensor("float32", x, [...shape]) }, ["y"]);
        const expected = results.y!;
        assert.deepEqual(tensorOf(graph, "y").shape, expected.dims);
        const actual = evaluateGraph(graph, [x]).get("y")!;
        assertClose(actual, expected.data as Float32Array, `row ${row}`);
      }
    });
  }

  test("every operator of ai.onnx.ml has a case here, in the zoo or among the trees; for others see onnx/operators.test.ts", () => {
    const used = new Set(Object.values(CASES).flatMap(({ nodes }) => nodes.map(({ opType }) => opType)));
    const missing = [...operators.keys()].filter(
      (type) => type.startsWith("ai.onnx.ml.") && !used.has(type.split(".").at(-1)),
    );
    // ONNX Runtime in Node can't read what ZipMap makes; the others are in test/zoo and onnx/operators/.
    const elsewhere = [
      "ArrayFeatureExtractor",
      "LabelEncoder",
      "SVMClassifier",
      "SVMRegressor",
      "TreeEnsemble",
      "TreeEnsembleClassifier",
      "TreeEnsembleRegressor",
      "ZipMap",
    ];
    assert.deepEqual(missing.map((type) => type.split(".").at(-1)).sort(), elsewhere);
  });
});

describe("what becomes of the graph", () => {
  test("constants keep their names, dense weights are [outputs, depth] and hold alpha", () => {
    const gemm = (attributes: Record<string, Attribute>, weights: TensorInit): Graph =>
      load(
        onnx({
          nodes: [node("Gemm", ["x", "w", "b"], ["y"], attributes)],
          constants: [weights, floatTensor("b", [2], [1, -1])],
        }),
      );
    for (const graph of [
      gemm({ alpha: float(2), beta: float(3) }, matrix),
      gemm({ alpha: float(2), beta: float(3), transB: int(1) }, transposed),
    ]) {
      assert.deepEqual(tensorOf(graph, "w").shape, [2, 3]);
      assert.deepEqual([...tensorOf(graph, "w").data!], [2, 1, -2, -4, 0.5, 6]);
      assert.deepEqual([...tensorOf(graph, "b").data!], [3, -3]);
    }
  });

  test("one row of a binary classifier becomes two of opposite signs", () => {
    const graph = load(onnx(CASES["LinearClassifier: one row, LOGISTIC"]!));
    const weights = tensorOf(graph, graph.nodes[0]!.inputs[1]!);
    assert.deepEqual([...weights.data!], [-0.5, 1, -0.25, 0.5, -1, 0.25]);
    assert.deepEqual(tensorOf(graph, "y").labels, ["4", "5"]);
    assert.deepEqual(
      graph.nodes.map(({ name, op }) => [name, op]),
      [
        ["LinearClassifier_0", "fully_connected"],
        ["LinearClassifier_0/logistic", "logistic"],
      ],
    );
  });

  test("a constant that several nodes read is one tensor", () => {
    const graph = load(onnx(CASES["MatMul: the same weights twice"]!));
    const constants = [...graph.tensors.values()].filter(({ data }) => data);
    assert.deepEqual(constants.map(({ name }) => name).sort(), ["q", "q#1", "q#2"]);
  });

  test("a batch that is named, missing, 0 or -1 becomes 1, a fixed one stays", () => {
    const batch = (size: Size): number =>
      tensorOf(load(onnx({ nodes: [node("Relu", ["x"], ["y"])], inputs: [value("x", [size, 3])] })), "y")
        .shape[0]!;
    assert.deepEqual(["N", undefined, 0, -1, 4].map(batch), [1, 1, 1, 1, 4]);
  });

  test("nodes keep unique names, others are called by operator and number", () => {
    const graph = load(
      onnx({
        nodes: [
          node("Relu", ["x"], ["a"], {}, "act"),
          node("Relu", ["a"], ["b"], {}, "twice"),
          node("Tanh", ["b"], ["c"], {}, "twice"),
          node("Relu", ["c"], ["d"]),
          node("Relu", ["d"], ["y"], {}, "Relu_3"),
        ],
      }),
    );
    assert.deepEqual(
      graph.nodes.map(({ name }) => name),
      ["act", "Relu_1", "Tanh_2", "Relu_3_", "Relu_3"],
    );
  });

  test("an operator set may be listed twice, and be newer than any we know", () => {
    const opsets = (...versions: bigint[]): Uint8Array =>
      onnx({
        nodes: [node("Relu", ["x"], ["y"])],
        model: { opsetImport: versions.map((version) => ({ domain: "", version })) },
      });
    for (const versions of [[9n], [22n, 22n], [9n, 22n], [99n]])
      assert.equal(load(opsets(...versions)).nodes.length, 1);
    assert.match(refusal(opsets(6n)), /operator set ai\.onnx: expected version 7 or later, found 6/);
    assert.match(refusal(opsets()), /node Relu_0 \(Relu\): no operator set of domain ai\.onnx is imported/);
  });

  test("initializers that are listed as inputs, as before IR version 4, are constants", () => {
    const graph = load(
      onnx({
        nodes: [node("MatMul", ["x", "w"], ["y"])],
        inputs: [value("x", ["N", 3]), value("w", [3, 2])],
        constants: [matrix],
      }),
    );
    assert.deepEqual(graph.inputs, ["x"]);
  });

  test("constants of double, int32 and bytes", () => {
    const double = { ...matrix, dataType: DataType.DOUBLE, floatData: [], doubleData: matrix.floatData! };
    const raw = new Uint8Array(Float64Array.from(matrix.floatData!).buffer);
    for (const weights of [double, { ...matrix, dataType: DataType.DOUBLE, floatData: [], rawData: raw }]) {
      const graph = load(onnx({ nodes: [node("MatMul", ["x", "w"], ["y"])], constants: [weights] }));
      assert.deepEqual([...tensorOf(graph, "w").data!], transposed.floatData);
    }
    const shape = { name: "s", dims: [2n], dataType: DataType.INT32, int32Data: [3, -1] };
    const graph = load(onnx({ nodes: [node("Reshape", ["x", "s"], ["y"])], constants: [shape] }));
    assert.deepEqual(tensorOf(graph, "y").shape, [3, 1]);
  });

  test("two outputs of one tensor, and an output that is read", () => {
    const graph = load(
      onnx({
        nodes: [node("Relu", ["x"], ["a"]), node("Identity", ["a"], ["b"]), node("Tanh", ["b"], ["c"])],
        outputs: ["a", "b", "c"].map((name) => value(name, [undefined, 3])),
      }),
    );
    const trace = evaluateGraph(graph, [Float32Array.of(-1, 0, 2)]);
    assert.deepEqual(
      graph.outputs.map((name) => [...trace.get(name)!].map(Math.round)),
      [
        [0, 0, 2],
        [0, 0, 2],
        [0, 0, 1],
      ],
    );
  });
});

describe("labels of classifiers", () => {
  const side = (classes: TensorInit, more: NodeInit[] = []): Parts => ({
    nodes: [
      node("Softmax", ["x"], ["p"]),
      node("Identity", ["p"], ["y"]),
      node("ArgMax", ["y"], ["index"], { axis: int(1) }),
      ml("ArrayFeatureExtractor", ["classes", "index"], ["picked"]),
      node("Reshape", ["picked", "flat"], ["label"]),
      ...more,
    ],
    outputs: [value("label", [undefined], DataType.STRING), value("y", [undefined, 3])],
    constants: [classes, int64Tensor("flat", [-1])],
  });
  const names = {
    name: "classes",
    dims: [3n],
    dataType: DataType.STRING,
    stringData: ["a", "b", "ö"].map(utf8),
  };

  test("ArgMax and ArrayFeatureExtractor give their class names to the scores", () => {
    const graph = load(onnx(side(names)));
    assert.deepEqual(graph.outputs, ["y"]);
    assert.deepEqual(tensorOf(graph, "y").labels, ["a", "b", "ö"]);
    assert.deepEqual(
      graph.nodes.map(({ op }) => op),
      ["softmax"],
    );
  });

  test("class names must be as many as scores", () => {
    const two = { ...names, dims: [2n], stringData: ["a", "b"].map(utf8) };
    assert.match(
      refusal(onnx(side(two))),
      /Identity_1 \(Identity\): expected 3 class labels for \[1,3\], found 2/,
    );
  });

  test("string labels, ZipMap and an Identity on the label", () => {
    const zipped: ValueInit = { name: "z", type: { value: { case: "sequenceType", value: {} } } };
    const attributes = { ...classifier("SOFTMAX", 3, 0), classlabels_strings: strings(["r", "g", "b"]) };
    const graph = load(
      onnx({
        nodes: [
          ml("LinearClassifier", ["x"], ["l", "p"], attributes),
          ml("Normalizer", ["p"], ["n"], { norm: string("L1") }),
          node("Identity", ["l"], ["label"]),
          ml("ZipMap", ["n"], ["z"], { classlabels_strings: strings(["r", "g", "b"]) }),
        ],
        outputs: [value("label", [undefined], DataType.STRING), zipped],
      }),
    );
    assert.deepEqual(graph.outputs, ["z"]);
    assert.deepEqual(tensorOf(graph, "z").labels, ["r", "g", "b"]);
  });

  test("class names follow the scores through an activation", () => {
    const graph = load(
      onnx({
        nodes: [
          ml("LinearClassifier", ["x"], ["l", "s"], classifier("NONE", 3, 3)),
          node("Softmax", ["s"], ["y"]),
        ],
      }),
    );
    assert.deepEqual(tensorOf(graph, "y").labels, ["4", "5", "6"]);
  });

  test("a label that is needed, and an integer output that is no label, are refused", () => {
    const linear = ml("LinearClassifier", ["x"], ["l", "p"], classifier("SOFTMAX", 3, 3));
    const needed = onnx({ nodes: [linear, node("Cast", ["l"], ["y"], { to: int(DataType.FLOAT) })] });
    assert.match(
      refusal(needed),
      /1 of 2 nodes are not supported: Cast_1 \(Cast\): l is not computed by a module/,
    );
    const other = onnx({
      nodes: [node("Relu", ["x"], ["y"]), node("Shape", ["x"], ["s"])],
      outputs: [value("y", [undefined, 3]), value("s", [2], DataType.INT64)],
    });
    // A constant output tells nothing.
    assert.deepEqual(importOnnx(other, "m").outputs, ["y"]);
  });

  test("a label alone becomes the scores that it is read from", () => {
    const linear = ml("LinearClassifier", ["x"], ["l", "p"], classifier("SOFTMAX", 3, 3));
    const graph = load(onnx({ nodes: [linear], outputs: [value("l", [undefined], DataType.INT64)] }));
    assert.deepEqual(graph.outputs, ["p"]);
    assert.equal(tensorOf(graph, "p").labels?.length, 3);
  });
});

// ---- What is refused

const one = (init: NodeInit, ...constants: TensorInit[]): Uint8Array => onnx({ nodes: [init], constants });
const withGraph = (graph: Parts["graph"]): Uint8Array =>
  onnx({ nodes: [node("Relu", ["x"], ["y"])], ...(graph && { graph }) });
const withInput = (...inputs: ValueInit[]): Uint8Array =>
  onnx({ nodes: [node("Relu", ["x"], ["y"])], inputs });
const withTensor = (change: TensorInit): Uint8Array =>
  one(node("MatMul", ["x", "w"], ["y"]), { ...matrix, ...change });

const REFUSED: readonly (readonly [title: string, bytes: () => Uint8Array, message: RegExp])[] = [
  ["nothing", () => new Uint8Array(), /^expected an ONNX model with a graph, found none$/],
  ["text", () => utf8("this is not a model"), /^expected an ONNX model/],
  [
    "all unsupported nodes at once, and none of those that follow them",
    () =>
      onnx({
        nodes: [
          node("GridSample", ["x"], ["a"], {}, "sample_1"),
          node("Relu", ["a"], ["b"], {}, "relu_1"),
          node("Unique", ["b"], ["c"]),
          node("Softmax", ["x"], ["d"], { axis: int(2) }),
          { ...node("Gelu", ["d"], ["e"]), domain: "ai.onnx.ml" },
          node("Add", ["c", "e"], ["y"]),
        ],
      }),
    /^4 of 6 nodes are not supported: sample_1 \(GridSample\): operator not supported; Unique_2 \(Unique\): operator not supported; Softmax_3 \(Softmax\): axis 2: expected an axis of 2 dimensions; Gelu_4 \(Gelu\): operator not supported$/,
  ],
  [
    "an attribute that nothing asks for",
    () => one(node("Relu", ["x"], ["y"], { leak: float(1) })),
    /Relu_0 \(Relu\): attribute leak is not supported/,
  ],
  [
    "an attribute of another type",
    () => one(node("Softmax", ["x"], ["y"], { axis: float(1) })),
    /attribute axis: expected INT, found FLOAT/,
  ],
  [
    "SOFTMAX_ZERO",
    () => one(ml("LinearClassifier", ["x"], ["l", "y"], classifier("SOFTMAX_ZERO", 3, 3))),
    /post_transform SOFTMAX_ZERO: expected NONE, LOGISTIC or SOFTMAX/,
  ],
  [
    "PROBIT",
    () => one(ml("LinearClassifier", ["x"], ["l", "y"], classifier("PROBIT", 2, 2))),
    /post_transform PROBIT: expected NONE, LOGISTIC or SOFTMAX/,
  ],
  [
    "one row without LOGISTIC",
    () => one(ml("LinearClassifier", ["x"], ["l", "y"], classifier("NONE", 1, 2))),
    /post_transform NONE with one row of coefficients: expected LOGISTIC/,
  ],
  [
    "coefficients that are no rows",
    () => one(ml("LinearClassifier", ["x"], ["l", "y"], { coefficients: floats([1, 2]) })),
    /expected rows of 3 coefficients, found 2 in all/,
  ],
  [
    "as many labels as rows",
    () => one(ml("LinearClassifier", ["x"], ["l", "y"], classifier("SOFTMAX", 3, 2))),
    /expected 3 class labels for \[1,3\], found 2/,
  ],
  [
    "Normalizer by another norm",
    () => one(ml("Normalizer", ["x"], ["y"], { norm: string("L3") })),
    /norm L3: expected L1, L2 or MAX/,
  ],
  [
    "Imputer of a number",
    () =>
      one(
        ml("Imputer", ["x"], ["y"], {
          imputed_value_floats: floats([1]),
          replaced_value_float: float(-1),
        }),
      ),
    /replaced_value_float -1: expected numbers in place of NaN/,
  ],
  [
    "two computed tensors whose rows and columns do not fit",
    () => onnx({ nodes: [node("MatMul", ["x", "x"], ["y"])] }),
    /MatMul_0 \(MatMul\): expected a second matrix of 3 rows, found 1 in \[1,3\]/,
  ],
  [
    "a depth that does not fit",
    () => one(node("MatMul", ["x", "w"], ["y"]), floatTensor("w", [2, 2], [1, 2, 3, 4])),
    /MatMul_0 \(MatMul\): expected weights \[outputs, depth\] whose depth divides the 3 input values, found \[2,2\]/,
  ],
  [
    "shapes that do not broadcast",
    () => one(node("Add", ["x", "b"], ["y"]), floatTensor("b", [2], [1, 2])),
    /Add_0 \(Add\): shapes \[1,3\] and \[2\] do not broadcast/,
  ],
  [
    "a shape that does not fit",
    () => one(node("Reshape", ["x", "s"], ["y"]), int64Tensor("s", [2, -1])),
    /\[1,3\] does not reshape to \[2,-1\]/,
  ],
  [
    "integers where floats are needed",
    () => one(node("Add", ["x", "b"], ["y"]), int64Tensor("b", [1])),
    /input b: expected FLOAT or DOUBLE, found INT64/,
  ],
  [
    "a cast to integers",
    () => one(node("Cast", ["x"], ["y"], { to: int(DataType.INT64) })),
    /cast to INT64: expected FLOAT or DOUBLE/,
  ],
  [
    "training mode",
    () =>
      one(node("Dropout", ["x", "", "t"], ["y"]), {
        name: "t",
        dims: [],
        dataType: DataType.BOOL,
        int32Data: [1],
      }),
    /training mode is not supported/,
  ],
  ["a missing input", () => one(node("Relu", [""], ["y"])), /Relu_0 \(Relu\): input 0 is missing/],
  ["a wrong order", () => one(node("Relu", ["z"], ["y"])), /z is not computed before it is used/],
  ["a ring", () => one(node("Relu", ["y"], ["y"])), /y is not computed before it is used/],
  [
    "a second value",
    () => onnx({ nodes: [node("Relu", ["x"], ["y"]), node("Tanh", ["x"], ["y"])] }),
    /Tanh_1 \(Tanh\): y has a value already/,
  ],
  [
    "an output without a value",
    () => one(node("Relu", ["x"], ["z"])),
    /^y is not computed before it is used$/,
  ],
  [
    "a constant output",
    () => one(node("Constant", [], ["y"], { value_float: float(1) })),
    /^expected outputs that depend on the input, found the same answer whatever the input \(y = 1\)/,
  ],
  [
    "an open size",
    () => withInput(value("x", ["N", "features"])),
    /^input x: axis 1: expected a fixed size \(only the batch may vary\), found features$/,
  ],
  [
    "complex inputs",
    () => withInput(value("x", ["N", 3], DataType.COMPLEX64)),
    /^input x: expected numbers or strings, found COMPLEX64; export the model with a float32 input$/,
  ],
  [
    "giant inputs",
    () => withInput(value("x", [2 ** 40, 2 ** 40])),
    /^input x: expected at most 16777216 elements/,
  ],
  ["no input", () => withInput(), /^expected an input, found none$/],
  [
    "two inputs of one name",
    () => withInput(value("x", [1, 3]), value("x", [1, 3])),
    /^x has a value already$/,
  ],
  [
    "giant constants",
    () => withTensor({ dims: [2n ** 40n, 2n ** 20n] }),
    /^tensor w: expected a shape of at most/,
  ],
  ["negative sizes", () => withTensor({ dims: [-3n, -2n] }), /^tensor w: expected a shape of at most/],
  [
    "too few values",
    () => withTensor({ dims: [4000n, 4000n] }),
    /^tensor w: expected 16000000 values of FLOAT .* found 6$/,
  ],
  [
    "too few bytes",
    () => withTensor({ rawData: utf8("abc") }),
    /^tensor w: expected 24 bytes of FLOAT for \[3,2\], found 3$/,
  ],
  [
    "unknown types",
    () => withTensor({ dataType: DataType.FLOAT8E5M2 }),
    /^tensor w: type FLOAT8E5M2: expected one of FLOAT,/,
  ],
  [
    "numbers that are none",
    () => withTensor({ floatData: [1, 2, Number.NaN, 4, 5, 6] }),
    /constant w: expected finite float32 numbers, found NaN/,
  ],
  [
    "external data",
    () => withTensor({ dataLocation: TensorProto_DataLocation.EXTERNAL }),
    /^tensor w: external data: expected a location in the folder of the model.s file, found none/,
  ],
  [
    "a result far greater than the file",
    () =>
      onnx({
        nodes: [node("Add", ["x", "z"], ["y"])],
        inputs: [value("x", [2 ** 20, 1]), value("z", [1, 2 ** 20])],
      }),
    /Add_0 \(Add\): expected an output of at most 16777216 elements, found \[1048576,1048576\]/,
  ],
  [
    "functions",
    () => onnx({ nodes: [], model: { functions: [{ name: "f" }] } }),
    /^functions are not supported, found 1$/,
  ],
  [
    "training information",
    () => onnx({ nodes: [], model: { trainingInfo: [{}] } }),
    /^training information is not supported$/,
  ],
  [
    "sparse initializers",
    () => withGraph({ sparseInitializer: [{}] }),
    /^sparse initializers are not supported, found 1$/,
  ],
  [
    "subgraphs",
    () => one(node("If", ["x"], ["y"], { then_branch: { type: AttributeType.GRAPH, g: {} } })),
    /If_0 \(If\): operator not supported/,
  ],
  [
    "line breaks in names",
    () => one(node("Bad\nOp", ["x"], ["y"])),
    /Bad Op_0 \(Bad Op\): operator not supported/,
  ],
];

describe("what is refused, in one line", () => {
  for (const [title, bytes, message] of REFUSED) {
    test(title, () => assert.match(refusal(bytes()), message));
  }
});

describe("damaged files", () => {
  /** One of: cut off, some bits flipped, some bytes replaced; by a seed that names the case. */
  function damage(file: Uint8Array, seed: number): Uint8Array {
    const random = generator(seed);
    const below = (limit: number): number => Math.floor(((random() + 2) / 4) * limit);
    for (let i = 0; i < 4; i++) random();
    if (seed % 3 === 0) return file.slice(0, below(file.length));
    const copy = file.slice();
    for (let n = below(8); n >= 0; n--) {
      const at = below(file.length);
      copy[at] = seed % 3 === 1 ? copy[at]! ^ (1 << below(8)) : below(256);
    }
    return copy;
  }

  for (const file of ["wine_dense.onnx", "logistic_regression_zipmap.onnx"]) {
    test(`${file}: 1000 times a graph that holds together or a ModelError`, () => {
      const bytes = new Uint8Array(readFileSync(join(MODELS, file)));
      let refused = 0;
      for (let seed = 0; seed < 1000; seed++) {
        let graph: Graph;
        try {
          graph = importOnnx(damage(bytes, seed), file);
        } catch (error) {
          assert.ok(
            error instanceof ModelError,
            `seed ${seed}: ${error instanceof Error ? error.stack : error}`,
          );
          assert.ok(!/[\n\r]/.test(error.message), `seed ${seed}: ${error.message}`);
          refused++;
          continue;
        }
        assert.doesNotThrow(() => checkGraph(graph, "import"), `seed ${seed}`);
      }
      assert.ok(refused > 500 && refused < 1000, `${refused} refused`);
    });
  }
});
