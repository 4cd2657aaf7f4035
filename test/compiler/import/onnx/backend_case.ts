/** One test of the ONNX backend suite: a folder of a model, its inputs and the outputs that are right. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  AttributeProto_AttributeType,
  TensorProto_DataType as DataType,
  type ModelProto,
  ModelProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  type TensorProto,
  TensorProtoSchema,
  type TensorShapeProto,
  TensorShapeProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from "onnx-buf";
import { type Constant, readConstant } from "../../../../host/compiler/import/onnx/constant.ts";

export interface BackendCase {
  readonly name: string;
  readonly model: ModelProto;
  /** By the name of the input; undefined where the values are no tensors. */
  readonly inputs: ReadonlyMap<string, TensorProto> | undefined;
  readonly outputs: ReadonlyMap<string, TensorProto>;
}

function readTensors(
  folder: string,
  kind: string,
  infos: readonly ValueInfoProto[],
): Map<string, TensorProto> {
  const named = infos.map(({ name }, i): [string, TensorProto] => {
    const bytes = readFileSync(join(folder, `${kind}_${i}.pb`));
    return [name, { ...fromBinary(TensorProtoSchema, new Uint8Array(bytes)), name }];
  });
  return new Map(named);
}

export function readCase(folder: string, name: string): BackendCase {
  const model = fromBinary(ModelProtoSchema, new Uint8Array(readFileSync(join(folder, name, "model.onnx"))));
  const data = join(folder, name, "test_data_set_0");
  const hasData = existsSync(data) && readdirSync(data).length > 0;
  return {
    name,
    model,
    inputs: hasData ? readTensors(data, "input", model.graph!.input) : undefined,
    outputs: hasData ? readTensors(data, "output", model.graph!.output) : new Map(),
  };
}

/** Kinds of values that the model reads and writes, by ONNX's names. */
export function typesOf({ model }: BackendCase): string[] {
  return [...model.graph!.input, ...model.graph!.output].map(({ type }) => {
    if (type?.value.case === "tensorType") return DataType[type.value.value.elemType] ?? "unknown";
    return type?.value.case?.replace("Type", "") ?? "none";
  });
}

export const operatorsOf = ({ model }: BackendCase): string[] => [
  ...new Set(model.graph!.node.map(({ domain, opType }) => `${domain || "ai.onnx"}.${opType}`)),
];

/** An input that a model of constants gets, for there to be anything to compute: all its outputs plus 0. */
export const ZERO = "thimble_zero";

function plusZero(name: string): NodeProto[] {
  const to = { name: "to", type: AttributeProto_AttributeType.INT, i: BigInt(DataType.FLOAT) };
  return [
    create(NodeProtoSchema, { opType: "Cast", input: [name], output: [`${name}_float`], attribute: [to] }),
    create(NodeProtoSchema, { opType: "Add", input: [`${name}_float`, ZERO], output: [`${name}_sum`] }),
  ];
}

function tensorInfo(name: string, shape?: TensorShapeProto): ValueInfoProto {
  const value = { elemType: DataType.FLOAT, ...(shape && { shape }) };
  return create(ValueInfoProtoSchema, { name, type: { value: { case: "tensorType", value } } });
}

/**
 * The model with some inputs made constants, of the values that the test has for them. Where none is left the
 * outputs become sums: what is constant is then computed at import.
 */
export function withConstants({ model, inputs }: BackendCase, names: ReadonlySet<string>): Uint8Array {
  const graph = model.graph!;
  const initializer = [...graph.initializer, ...[...names].map((name) => inputs!.get(name)!)];
  const input = graph.input.filter(({ name }) => !names.has(name));
  const isFolded = input.length === 0;
  const changed = create(ModelProtoSchema, {
    ...model,
    graph: {
      ...graph,
      initializer,
      input: isFolded ? [tensorInfo(ZERO, create(TensorShapeProtoSchema))] : input,
      ...(isFolded && {
        node: [...graph.node, ...graph.output.flatMap(({ name }) => plusZero(name))],
        output: graph.output.map(({ name }) => tensorInfo(`${name}_sum`)),
      }),
    },
  });
  return toBinary(ModelProtoSchema, changed);
}

export const constantOf = (tensor: TensorProto): Constant => readConstant(tensor, tensor.name);
