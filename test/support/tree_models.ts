/** Models of one node of trees, made attribute by attribute. */
import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import {
  type AttributeProtoSchema,
  AttributeProto_AttributeType as AttributeType,
  ModelProtoSchema,
} from "onnx-buf";

type Attribute = MessageInitShape<typeof AttributeProtoSchema>;
type Value =
  | number
  | string
  | readonly number[]
  | readonly string[]
  | { readonly floats: readonly number[] }
  | { readonly bytes: readonly number[] }
  | { readonly reals: readonly number[] };

const encode = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array(Buffer.from(text, "utf8"));

function attribute(name: string, value: Value): Attribute {
  if (typeof value === "number") return { name, type: AttributeType.INT, i: BigInt(value) };
  if (typeof value === "string") return { name, type: AttributeType.STRING, s: encode(value) };
  if ("floats" in value) return { name, type: AttributeType.FLOATS, floats: [...value.floats] };
  // Tensors: of uint8 and of float.
  if ("bytes" in value)
    return {
      name,
      type: AttributeType.TENSOR,
      t: { dims: [BigInt(value.bytes.length)], dataType: 2, int32Data: [...value.bytes] },
    };
  if ("reals" in value)
    return {
      name,
      type: AttributeType.TENSOR,
      t: { dims: [BigInt(value.reals.length)], dataType: 1, floatData: [...value.reals] },
    };
  return typeof value[0] === "string"
    ? { name, type: AttributeType.STRINGS, strings: value.map((text) => encode(String(text))) }
    : { name, type: AttributeType.INTS, ints: value.map((n) => BigInt(n)) };
}

const border = (name: string, elemType: number, columns: number) => ({
  name,
  type: {
    value: {
      case: "tensorType" as const,
      value: {
        elemType,
        shape: {
          dim: [
            { value: { case: "dimParam" as const, value: "rows" } },
            { value: { case: "dimValue" as const, value: BigInt(columns) } },
          ],
        },
      },
    },
  },
});

export type Attributes = Readonly<Record<string, Value>>;

/** x [rows, features] to y [rows, columns]. */
export function treeModel(op: string, columns: number, attributes: Attributes, features = 2): Uint8Array {
  const isClassifier = op.endsWith("Classifier");
  const label = {
    name: "label",
    type: {
      value: {
        case: "tensorType" as const,
        value: { elemType: 7, shape: { dim: [{ value: { case: "dimParam" as const, value: "rows" } }] } },
      },
    },
  };
  return toBinary(
    ModelProtoSchema,
    create(ModelProtoSchema, {
      irVersion: 9n,
      opsetImport: [
        { domain: "", version: 17n },
        { domain: "ai.onnx.ml", version: op === "TreeEnsemble" ? 5n : 3n },
      ],
      graph: {
        name: "trees",
        node: [
          {
            name: "trees",
            opType: op,
            domain: "ai.onnx.ml",
            input: ["x"],
            output: isClassifier ? ["label", "y"] : ["y"],
            attribute: Object.entries(attributes).map(([name, value]) => attribute(name, value)),
          },
        ],
        input: [border("x", 1, features)],
        output: [...(isClassifier ? [label] : []), border("y", 1, columns)],
      },
    }),
  );
}
