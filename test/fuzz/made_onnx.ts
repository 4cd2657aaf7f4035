/** Small ONNX models with the operators that the exported ones in test/models do not have. */
import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import {
  type AttributeProtoSchema,
  AttributeProto_AttributeType as AttributeType,
  TensorProto_DataType as DataType,
  ModelProtoSchema,
  type NodeProtoSchema,
  type TensorProtoSchema,
} from "onnx-buf";
import type { Model } from "./corpus.ts";

type Attribute = MessageInitShape<typeof AttributeProtoSchema>;
type Node = MessageInitShape<typeof NodeProtoSchema>;
type Tensor = MessageInitShape<typeof TensorProtoSchema>;

const int = (i: number): Attribute => ({ type: AttributeType.INT, i: BigInt(i) });
const ints = (list: number[]): Attribute => ({ type: AttributeType.INTS, ints: list.map(BigInt) });
const float = (f: number): Attribute => ({ type: AttributeType.FLOAT, f });
const floats = (list: number[]): Attribute => ({ type: AttributeType.FLOATS, floats: list });
const text = (s: string): Attribute => ({ type: AttributeType.STRING, s: new Uint8Array(Buffer.from(s)) });

function node(op: string, inputs: string, output: string, attributes: Record<string, Attribute> = {}): Node {
  const [domain, opType] = op.startsWith("ml.") ? ["ai.onnx.ml", op.slice(3)] : ["", op];
  const attribute = Object.entries(attributes).map(([name, value]) => ({ ...value, name }));
  return { opType, domain, input: inputs.split(" ").filter(Boolean), output: output.split(" "), attribute };
}

const tensor = (name: string, dims: number[], floatData: number[]): Tensor => ({
  name,
  dims: dims.map(BigInt),
  dataType: DataType.FLOAT,
  floatData,
});

const shape = (name: string, sizes: number[]): Tensor => ({
  name,
  dims: [BigInt(sizes.length)],
  dataType: DataType.INT64,
  int64Data: sizes.map(BigInt),
});

function value(name: string, sizes: number[]) {
  const dim = sizes.map((size) => ({ value: { case: "dimValue" as const, value: BigInt(size) } }));
  const tensorType = { elemType: DataType.FLOAT, shape: { dim } };
  return { name, type: { value: { case: "tensorType" as const, value: tensorType } } };
}

function model(name: string, input: number[], nodes: Node[], constants: Tensor[]): Model {
  const bytes = toBinary(
    ModelProtoSchema,
    create(ModelProtoSchema, {
      irVersion: 8n,
      opsetImport: [
        { domain: "", version: 17n },
        { domain: "ai.onnx.ml", version: 1n },
      ],
      graph: {
        name,
        node: nodes,
        input: [value("x", input)],
        output: [value("y", [1, 2])],
        initializer: constants,
      },
    }),
  );
  return { name, format: "onnx", bytes: new Uint8Array(bytes) };
}

export const madeModels = (): Model[] => [
  model(
    "made_shapes.onnx",
    [1, 2, 3],
    [
      node("Flatten", "x", "f", { axis: int(1) }),
      node("Reshape", "x s", "r"),
      node("Constant", "", "c", { value_floats: floats([1, 2, 3, 4, 5, 6]) }),
      node("Sub", "f c", "a"),
      node("Mul", "r a", "b"),
      node("Concat", "a b k", "j", { axis: int(1) }),
      node("Tanh", "j", "t"),
      node("Dropout", "t", "d", { ratio: float(0.5) }),
      node("Cast", "d", "e", { to: int(DataType.FLOAT) }),
      node("MatMul", "e w", "m"),
      node("Add", "m p", "n"),
      node("Softmax", "n", "y", { axis: int(-1) }),
    ],
    [
      shape("s", [1, -1]),
      tensor("k", [1, 2], [0.5, -9]),
      tensor(
        "w",
        [14, 2],
        Array.from({ length: 28 }, (_, i) => Math.sin(i)),
      ),
      tensor("p", [2], [0.1, -0.1]),
    ],
  ),
  model(
    "made_regressor.onnx",
    [1, 3],
    [
      node("ml.Scaler", "x", "a", { offset: floats([1, 0, -1]), scale: floats([2, 0.5, 1]) }),
      node("ml.LinearRegressor", "a", "y", {
        coefficients: floats([1, 2, 3, -1, 0.5, 0.25]),
        intercepts: floats([0.5, -0.5]),
        targets: int(2),
      }),
    ],
    [],
  ),
  model(
    "made_classifier.onnx",
    [1, 3],
    [
      node("Gemm", "x w p", "a", { alpha: float(0.5), beta: float(2), transB: int(1) }),
      node("Relu", "a", "b"),
      node("ml.LinearClassifier", "b", "l q", {
        coefficients: floats([1, -2, 3, 0.5]),
        intercepts: floats([0.5, -0.5]),
        classlabels_ints: ints([3, 4]),
        post_transform: text("SOFTMAX"),
      }),
      node("ml.Normalizer", "q", "o", { norm: text("L1") }),
      node("Identity", "o", "i"),
      node("Sigmoid", "i", "y"),
    ],
    [tensor("w", [2, 3], [1, 0.5, -1, -2, 0.25, 3]), tensor("p", [2], [0.1, -0.1])],
  ),
];
