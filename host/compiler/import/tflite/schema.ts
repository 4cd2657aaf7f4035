import { ModelError } from "../../../ir/graph.ts";
import { BUILTIN_OPERATORS } from "./builtin_operators.ts";
import { FlatBuffer, type Table } from "./flatbuffer.ts";
import { readFlexMap } from "./flexbuffer.ts";

/** The part of the TFLite schema (version 3) that kernels compute with, as plain values. */
export interface TfliteTensor {
  readonly name: string;
  readonly shape: readonly number[];
  /** Name of the schema's TensorType. */
  readonly type: string;
  /** Empty for tensors that are computed. */
  readonly data: Uint8Array;
  readonly scales: readonly number[];
  readonly zeroPoints: readonly number[];
  readonly quantizedDimension: number;
  readonly isVariable: boolean;
  readonly isSparse: boolean;
  /** The reason for which its values are not to be had. */
  readonly fault?: string;
}

export interface TfliteOperator {
  readonly index: number;
  /** Name of the schema's BuiltinOperator, or "CUSTOM(name)". */
  readonly type: string;
  /** Tensor numbers; -1 is an omitted optional input. */
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly options: Options;
}

export interface TfliteModel {
  readonly tensors: readonly TfliteTensor[];
  readonly operators: readonly TfliteOperator[];
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}

/** Fields of an operator's options table by their number in the schema. */
export interface Options {
  int(id: number, fallback?: number): number;
  byte(id: number, fallback?: number): number;
  float(id: number, fallback?: number): number;
  /** Those of a custom operator, by name. */
  custom(): ReadonlyMap<string, number>;
}

const TENSOR_TYPES = [
  "FLOAT32", "FLOAT16", "INT32", "UINT8", "INT64", "STRING", "BOOL", "INT16", "COMPLEX64", "INT8", "FLOAT64",
  "COMPLEX128", "UINT64", "RESOURCE", "VARIANT", "UINT32", "UINT16", "INT4", "BFLOAT16",
]; // biome-ignore format: a table

/** A model larger than this is for no microcontroller, and its parsing would only cost memory. */
const MAX_OPERATORS = 4096;
const MAX_TENSORS = 16384;
/** One for each tensor, one that is empty, and some of metadata. */
const MAX_BUFFERS = 2 * MAX_TENSORS;
/** The part of a name that a message may need; converters join the names of all layers that they fuse. */
const MAX_NAME = 1000;

/** Where a buffer's bytes lie: within it, or after the FlatBuffer at an offset of the file, which is more than 1 then. */
function dataOf(file: FlatBuffer, buffer: Table): Uint8Array {
  const data = file.data(buffer, 0);
  const [offset, size] = [file.uint64(buffer, 1), file.uint64(buffer, 2)];
  return data.length === 0 && offset > 1 && size > 0 ? file.outside(offset, size) : data;
}

function readData(
  file: FlatBuffer,
  table: Table,
  buffers: readonly Table[],
): Pick<TfliteTensor, "data" | "fault"> {
  const data = new Uint8Array();
  const external = file.uint32(table, 10);
  if (external > 0)
    return { data, fault: `expected its values in this file, found external buffer ${external}` };
  const index = file.uint32(table, 2);
  const buffer = buffers[index];
  if (buffer) return { data: dataOf(file, buffer) };
  return index === 0
    ? { data }
    : { data, fault: `expected a buffer below ${buffers.length}, found ${index}` };
}

function readTensor(file: FlatBuffer, table: Table, buffers: readonly Table[]): TfliteTensor {
  const type = file.int8(table, 1);
  const quantization = file.child(table, 4);
  return {
    name: file.text(table, 3).slice(0, MAX_NAME),
    shape: file.int32s(table, 0),
    type: TENSOR_TYPES[type] ?? `type ${type}`,
    ...readData(file, table, buffers),
    scales: quantization ? file.float32s(quantization, 2) : [],
    zeroPoints: quantization ? file.int64s(quantization, 3) : [],
    quantizedDimension: quantization ? file.int32(quantization, 6) : 0,
    isVariable: file.int8(table, 5) !== 0,
    isSparse: file.child(table, 6) !== undefined,
  };
}

/** Stands for a tensor that no operator of the subgraph names: nothing of it is read, whatever it is. */
const UNUSED: TfliteTensor = {
  name: "",
  shape: [],
  type: "unused",
  data: new Uint8Array(),
  scales: [],
  zeroPoints: [],
  quantizedDimension: 0,
  isVariable: false,
  isSparse: false,
};

/** Newer files name the operator in field 3, older ones in the byte of field 0. */
function operatorType(file: FlatBuffer, code: Table | undefined): string {
  if (!code) return "an operator code that the file does not define";
  const number = Math.max(file.int8(code, 0), file.int32(code, 3));
  const name = BUILTIN_OPERATORS[number] ?? `BUILTIN(${number})`;
  return name === "CUSTOM" ? `CUSTOM(${file.text(code, 1)})` : name;
}

function optionsOf(file: FlatBuffer, table: Table): Options {
  const options = file.child(table, 4);
  return {
    int: (id, fallback = 0) => (options ? file.int32(options, id, fallback) : fallback),
    byte: (id, fallback = 0) => (options ? file.int8(options, id, fallback) : fallback),
    float: (id, fallback = 0) => (options ? file.float32(options, id, fallback) : fallback),
    custom: () => readFlexMap(file.data(table, 5)),
  };
}

/**
 * Reads a .tflite file: what TensorFlow Lite Micro computes with, which is the first subgraph. Others are for operators
 * that call them. Throws ModelError where the file is truncated or malformed.
 */
export function readTflite(bytes: Uint8Array): TfliteModel {
  if (bytes.length < 8 || Buffer.from(bytes.subarray(4, 8)).toString("latin1") !== "TFL3") {
    throw new ModelError("offset 4: expected the TFLite identifier TFL3");
  }
  const file = new FlatBuffer(bytes);
  const model = file.root();
  const version = file.uint32(model, 0);
  if (version !== 3) throw new ModelError(`expected schema version 3, found ${version}`);
  const subgraphs = file.children(model, 2, MAX_OPERATORS);
  if (subgraphs.length === 0) throw new ModelError("expected a subgraph, found none");
  const codes = file.children(model, 1, MAX_OPERATORS);
  const buffers = file.children(model, 4, MAX_BUFFERS);
  const subgraph = subgraphs[0]!;
  const tensors = file.children(subgraph, 0, MAX_TENSORS);
  const operators = file.children(subgraph, 3, MAX_OPERATORS);
  const borders = { inputs: file.int32s(subgraph, 1), outputs: file.int32s(subgraph, 2) };
  const nodes = operators.map((table, index) => ({
    index,
    type: operatorType(file, codes[file.uint32(table, 0)]),
    inputs: file.int32s(table, 1),
    outputs: file.int32s(table, 2),
    options: optionsOf(file, table),
  }));
  const used = new Set([borders, ...nodes].flatMap(({ inputs, outputs }) => [...inputs, ...outputs]));
  return {
    tensors: tensors.map((table, i) => (used.has(i) ? readTensor(file, table, buffers) : UNUSED)),
    operators: nodes,
    ...borders,
  };
}
