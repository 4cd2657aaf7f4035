import { ModelError } from "../../../ir/graph.ts";
import { BUILTIN_OPERATORS } from "./builtin_operators.ts";
import { FlatBuffer, type Table } from "./flatbuffer.ts";

/** The part of the TFLite schema (version 3) that a single subgraph needs, as plain values. */
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

function readTensor(file: FlatBuffer, table: Table, buffers: readonly Table[]): TfliteTensor {
  const name = file.text(table, 3).slice(0, MAX_NAME);
  const type = file.int8(table, 1);
  const bufferIndex = file.uint32(table, 2);
  const buffer = buffers[bufferIndex];
  if (bufferIndex > 0 && !buffer) {
    throw new ModelError(`tensor ${name}: expected a buffer below ${buffers.length}, found ${bufferIndex}`);
  }
  const quantization = file.child(table, 4);
  return {
    name,
    shape: file.int32s(table, 0),
    type: TENSOR_TYPES[type] ?? `type ${type}`,
    data: buffer ? file.data(buffer, 0) : new Uint8Array(),
    scales: quantization ? file.float32s(quantization, 2) : [],
    zeroPoints: quantization ? file.int64s(quantization, 3) : [],
    quantizedDimension: quantization ? file.int32(quantization, 6) : 0,
    isVariable: file.int8(table, 5) !== 0,
    isSparse: file.child(table, 6) !== undefined,
  };
}

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
  };
}

/** Reads a .tflite file. Throws ModelError where it is truncated, malformed, or not one graph. */
export function readTflite(bytes: Uint8Array): TfliteModel {
  if (bytes.length < 8 || Buffer.from(bytes.subarray(4, 8)).toString("latin1") !== "TFL3") {
    throw new ModelError("offset 4: expected the TFLite identifier TFL3");
  }
  const file = new FlatBuffer(bytes);
  const model = file.root();
  const version = file.uint32(model, 0);
  if (version !== 3) throw new ModelError(`expected schema version 3, found ${version}`);
  const subgraphs = file.children(model, 2, MAX_OPERATORS);
  if (subgraphs.length !== 1) throw new ModelError(`expected one subgraph, found ${subgraphs.length}`);
  const codes = file.children(model, 1, MAX_OPERATORS);
  const buffers = file.children(model, 4, MAX_BUFFERS);
  const subgraph = subgraphs[0]!;
  const tensors = file.children(subgraph, 0, MAX_TENSORS);
  const operators = file.children(subgraph, 3, MAX_OPERATORS);
  return {
    tensors: tensors.map((table) => readTensor(file, table, buffers)),
    operators: operators.map((table, index) => ({
      index,
      type: operatorType(file, codes[file.uint32(table, 0)]),
      inputs: file.int32s(table, 1),
      outputs: file.int32s(table, 2),
      options: optionsOf(file, table),
    })),
    inputs: file.int32s(subgraph, 1),
    outputs: file.int32s(subgraph, 2),
  };
}
