/** Small ONNX models made by tests. */
import assert from "node:assert/strict";
import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import {
  type AttributeProtoSchema,
  AttributeProto_AttributeType as AttributeType,
  TensorProto_DataType as DataType,
  ModelProtoSchema,
  type NodeProtoSchema,
  type TensorProtoSchema,
  type ValueInfoProtoSchema,
} from "onnx-buf";
import { importOnnx } from "../../host/compiler/import/onnx/index.ts";
import { ModelError } from "../../host/ir/graph.ts";

export type Attribute = MessageInitShape<typeof AttributeProtoSchema>;
export type NodeInit = MessageInitShape<typeof NodeProtoSchema>;
export type TensorInit = Exclude<MessageInitShape<typeof TensorProtoSchema>, { $typeName: string }>;
export type ValueInit = MessageInitShape<typeof ValueInfoProtoSchema>;
export type ModelInit = MessageInitShape<typeof ModelProtoSchema>;
export type Size = number | string | undefined;

export const utf8 = (string: string): Uint8Array<ArrayBuffer> => Uint8Array.from(Buffer.from(string));
export const int = (i: number): Attribute => ({ type: AttributeType.INT, i: BigInt(i) });
export const float = (f: number): Attribute => ({ type: AttributeType.FLOAT, f });
export const string = (s: string): Attribute => ({ type: AttributeType.STRING, s: utf8(s) });
export const ints = (list: number[]): Attribute => ({ type: AttributeType.INTS, ints: list.map(BigInt) });
export const floats = (list: number[]): Attribute => ({ type: AttributeType.FLOATS, floats: list });
export const strings = (list: string[]): Attribute => ({
  type: AttributeType.STRINGS,
  strings: list.map(utf8),
});
export const tensorAttribute = (t: TensorInit): Attribute => ({ type: AttributeType.TENSOR, t });

export function node(
  opType: string,
  input: string[],
  output: string[],
  attributes: Record<string, Attribute> = {},
  name = "",
): NodeInit {
  const attribute = Object.entries(attributes).map(([key, value]) => ({ ...value, name: key }));
  return { opType, input, output, name, attribute, domain: "" };
}

export const ml = (...rest: Parameters<typeof node>): NodeInit => ({
  ...node(...rest),
  domain: "ai.onnx.ml",
});

export const floatTensor = (name: string, dims: number[], floatData: number[]): TensorInit => ({
  name,
  dims: dims.map(BigInt),
  dataType: DataType.FLOAT,
  floatData,
});

export const int64Tensor = (name: string, list: number[]): TensorInit => ({
  name,
  dims: [BigInt(list.length)],
  dataType: DataType.INT64,
  int64Data: list.map(BigInt),
});

export function value(name: string, sizes: Size[], elemType = DataType.FLOAT): ValueInit {
  const dim = sizes.map((size) => {
    if (typeof size === "number") return { value: { case: "dimValue" as const, value: BigInt(size) } };
    if (typeof size === "string") return { value: { case: "dimParam" as const, value: size } };
    return {};
  });
  return { name, type: { value: { case: "tensorType", value: { elemType, shape: { dim } } } } };
}

export interface Parts {
  readonly nodes: NodeInit[];
  readonly inputs?: ValueInit[];
  readonly outputs?: ValueInit[];
  readonly constants?: TensorInit[];
  readonly opset?: number;
  readonly model?: ModelInit;
  readonly graph?: NonNullable<ModelInit["graph"]>;
}

/** By default x is [N, 3] and the output y any float tensor. */
export function onnx({ nodes, inputs, outputs, constants, opset = 17, model, graph }: Parts): Uint8Array {
  const message = create(ModelProtoSchema, {
    irVersion: 8n,
    opsetImport: [
      { domain: "", version: BigInt(opset) },
      { domain: "ai.onnx.ml", version: 1n },
    ],
    graph: {
      name: "made",
      node: nodes,
      input: inputs ?? [value("x", ["N", 3])],
      output: outputs ?? [value("y", [undefined, undefined])],
      initializer: constants ?? [],
      ...graph,
    },
    ...model,
  } as ModelInit);
  return toBinary(ModelProtoSchema, message);
}

/** Numbers within -2..2, the same in every run (Numerical Recipes' generator). */
export function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 30 - 2;
  };
}

/** The one line with which an ONNX file is refused. */
export function refusal(bytes: Uint8Array): string {
  try {
    importOnnx(bytes, "made");
  } catch (error) {
    assert.ok(error instanceof ModelError, `expected a ModelError, found ${error}`);
    assert.ok(!error.message.includes("\n"), error.message);
    return error.message;
  }
  throw new assert.AssertionError({ message: "expected a refusal, found a graph" });
}
