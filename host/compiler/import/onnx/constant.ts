import { type TensorProto, TensorProto_DataLocation, TensorProto_DataType } from "onnx-buf";
import { elements, ModelError, type Quantization, type Shape } from "../../../ir/graph.ts";
import { fromBfloat, fromHalf } from "../../../ir/half.ts";
import { checkRank, MAX_ELEMENTS } from "../importer.ts";

/** A constant as the file has it: an initializer, or a tensor in an attribute. */
export interface Constant {
  readonly name: string;
  /** Name of ONNX's data type, such as "FLOAT" or "INT64". */
  readonly type: string;
  readonly shape: Shape;
  /** In the order of the file; integers are exact up to 2^53. Empty for strings. */
  readonly numbers: Float64Array;
  readonly strings: readonly string[];
  /** Scale and zero point of a constant that was integer: its integers can be recovered exactly. */
  readonly quantization?: Quantization;
}

interface Encoding {
  readonly bytes: number;
  read(view: DataView, at: number): number;
  /** The field of numbers that may stand in for raw_data. */
  typed(tensor: TensorProto): readonly (number | bigint)[];
}

const ENCODINGS: Readonly<Record<string, Encoding>> = {
  FLOAT: { bytes: 4, read: (view, at) => view.getFloat32(at, true), typed: (t) => t.floatData },
  DOUBLE: { bytes: 8, read: (view, at) => view.getFloat64(at, true), typed: (t) => t.doubleData },
  FLOAT16: {
    bytes: 2,
    read: (view, at) => fromHalf(view.getUint16(at, true)),
    typed: (t) => t.int32Data.map(fromHalf),
  },
  BFLOAT16: {
    bytes: 2,
    read: (view, at) => fromBfloat(view.getUint16(at, true)),
    typed: (t) => t.int32Data.map(fromBfloat),
  },
  INT64: { bytes: 8, read: (view, at) => Number(view.getBigInt64(at, true)), typed: (t) => t.int64Data },
  INT32: { bytes: 4, read: (view, at) => view.getInt32(at, true), typed: (t) => t.int32Data },
  INT16: { bytes: 2, read: (view, at) => view.getInt16(at, true), typed: (t) => t.int32Data },
  UINT16: { bytes: 2, read: (view, at) => view.getUint16(at, true), typed: (t) => t.int32Data },
  UINT32: { bytes: 4, read: (view, at) => view.getUint32(at, true), typed: (t) => t.uint64Data },
  UINT64: { bytes: 8, read: (view, at) => Number(view.getBigUint64(at, true)), typed: (t) => t.uint64Data },
  INT8: { bytes: 1, read: (view, at) => view.getInt8(at), typed: (t) => t.int32Data },
  UINT8: { bytes: 1, read: (view, at) => view.getUint8(at), typed: (t) => t.int32Data },
  BOOL: { bytes: 1, read: (view, at) => view.getUint8(at), typed: (t) => t.int32Data },
};

export const typeName = (type: number): string => TensorProto_DataType[type] ?? `number ${type}`;

const FLOATS = ["FLOAT", "DOUBLE", "FLOAT16", "BFLOAT16"];

/** Types that become float32 here; a module's numbers are narrower than most. */
export const isFloat = (type: string): boolean => FLOATS.includes(type);

export const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString("utf8");

function shapeOf(tensor: TensorProto): Shape {
  const shape = tensor.dims.map(Number);
  checkRank(shape);
  if (shape.some((n) => n < 0) || !(elements(shape) <= MAX_ELEMENTS)) {
    throw new ModelError(`expected a shape of at most ${MAX_ELEMENTS} elements, found [${shape}]`);
  }
  return shape;
}

/** Bytes that a tensor has as raw data. Throws ModelError where its shape or type is wrong. */
export function byteLength(tensor: TensorProto): number {
  const type = typeName(tensor.dataType);
  return elements(shapeOf(tensor)) * encodingOf(type).bytes;
}

function encodingOf(type: string): Encoding {
  const encoding = ENCODINGS[type];
  if (encoding) return encoding;
  throw new ModelError(
    `type ${type}: expected one of ${Object.keys(ENCODINGS).join(", ")}, STRING; convert the model to float32`,
  );
}

/** The sizes are compared before anything is allocated: a small file may claim any shape. */
function readNumbers(tensor: TensorProto, type: string, shape: Shape): Float64Array {
  const encoding = encodingOf(type);
  const { rawData } = tensor;
  const typed = encoding.typed(tensor);
  const [found, expected, unit] =
    rawData.length > 0
      ? [rawData.length, elements(shape) * encoding.bytes, "bytes"]
      : [typed.length, elements(shape), "values"];
  if (found !== expected)
    throw new ModelError(`expected ${expected} ${unit} of ${type} for [${shape}], found ${found}`);
  if (rawData.length === 0) return Float64Array.from(typed, Number);
  const view = new DataView(rawData.buffer, rawData.byteOffset, rawData.byteLength);
  return Float64Array.from({ length: elements(shape) }, (_, i) => encoding.read(view, i * encoding.bytes));
}

function readStrings(tensor: TensorProto, shape: Shape): string[] {
  if (tensor.stringData.length !== elements(shape)) {
    throw new ModelError(
      `expected ${elements(shape)} strings for [${shape}], found ${tensor.stringData.length}`,
    );
  }
  return tensor.stringData.map(text);
}

/** Throws ModelError where the tensor is malformed, or keeps its data in another file or in pieces. */
export function readConstant(tensor: TensorProto, name: string): Constant {
  try {
    if (tensor.dataLocation === TensorProto_DataLocation.EXTERNAL || tensor.externalData.length > 0) {
      throw new ModelError(
        "external data: expected a location in the folder of the model's file, found none (Python: onnx.save(onnx.load(file), file) keeps all data within it)",
      );
    }
    if (tensor.segment) throw new ModelError("tensors in segments are not supported");
    const type = typeName(tensor.dataType);
    const shape = shapeOf(tensor);
    return type === "STRING"
      ? { name, type, shape, numbers: new Float64Array(), strings: readStrings(tensor, shape) }
      : { name, type, shape, numbers: readNumbers(tensor, type, shape), strings: [] };
  } catch (error) {
    if (error instanceof ModelError) throw new ModelError(`tensor ${name}: ${error.message}`);
    throw error;
  }
}

/** The names of a constant's elements where they name classes. */
export const classNames = (constant: Constant): readonly string[] =>
  constant.type === "STRING" ? constant.strings : Array.from(constant.numbers, String);
