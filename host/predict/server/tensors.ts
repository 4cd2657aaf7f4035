/** Tensors of the Open Inference Protocol, version 2: as lists in JSON, or as bytes behind it. */
import { isObject, type Json, type JsonObject, Refused, shown } from "../../fleet/server/message.ts";

type Read = (view: DataView, at: number) => number;

/** Types of numbers, with their bytes, little-endian. */
const TYPES: ReadonlyMap<string, readonly [bytes: number, read: Read]> = new Map([
  ["BOOL", [1, (view, at) => (view.getUint8(at) === 0 ? 0 : 1)]],
  ["UINT8", [1, (view, at) => view.getUint8(at)]],
  ["INT8", [1, (view, at) => view.getInt8(at)]],
  ["UINT16", [2, (view, at) => view.getUint16(at, true)]],
  ["INT16", [2, (view, at) => view.getInt16(at, true)]],
  ["UINT32", [4, (view, at) => view.getUint32(at, true)]],
  ["INT32", [4, (view, at) => view.getInt32(at, true)]],
  ["UINT64", [8, (view, at) => Number(view.getBigUint64(at, true))]],
  ["INT64", [8, (view, at) => Number(view.getBigInt64(at, true))]],
  ["FP32", [4, (view, at) => view.getFloat32(at, true)]],
  ["FP64", [8, (view, at) => view.getFloat64(at, true)]],
]);

export interface InputTensor {
  readonly shape: readonly number[];
  /** Value number `i`, as float32. */
  readonly at: (i: number) => number;
}

const fail = (message: string): never => {
  throw new Refused(400, message);
};

function shapeOf(value: Json | undefined, name: string): number[] {
  const isShape = Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && (n as number) >= 0);
  return isShape
    ? (value as number[])
    : fail(`${name}: shape: expected whole numbers, found ${shown(value)}`);
}

/** Numbers of a list in JSON, of lists within it as well; null is NaN, which JSON has no word for. */
function fromList(data: Json | undefined, count: number, name: string): InputTensor["at"] {
  const found: readonly Json[] = Array.isArray(data)
    ? data.flat(Number.POSITIVE_INFINITY)
    : fail(`${name}: data: expected a list of ${count} numbers, found ${shown(data)}`);
  if (found.length !== count) fail(`${name}: data: expected ${count} values, found ${found.length}`);
  return (i) => {
    const value = found[i]!;
    if (typeof value === "number") return Math.fround(value);
    if (value === null) return Number.NaN;
    return typeof value === "boolean"
      ? Number(value)
      : fail(`${name}[${i}]: expected a number, found ${shown(value)}`);
  };
}

/** Takes the bytes of tensors one after the other. */
export interface Bytes {
  readonly rest: DataView;
  taken: number;
}

/** An input of a request. Throws Refused (400). */
export function inputTensor(input: JsonObject, name: string, bytes: Bytes): InputTensor {
  const shape = shapeOf(input["shape"], name);
  const count = shape.reduce((product, n) => product * n, 1);
  const datatype = input["datatype"];
  const type = typeof datatype === "string" ? TYPES.get(datatype) : undefined;
  if (!type)
    return fail(`${name}: datatype: expected ${[...TYPES.keys()].join(", ")}, found ${shown(datatype)}`);
  const parameters = input["parameters"];
  const size = isObject(parameters) ? parameters["binary_data_size"] : undefined;
  if (size === undefined) return { shape, at: fromList(input["data"], count, name) };
  const [each, read] = type;
  if (size !== count * each)
    fail(`${name}: binary_data_size: expected ${count * each}, found ${shown(size)}`);
  const from = bytes.taken;
  bytes.taken += count * each;
  if (bytes.taken > bytes.rest.byteLength)
    fail(`${name}: expected ${count * each} bytes behind the JSON, found ${bytes.rest.byteLength - from}`);
  return { shape, at: (i) => Math.fround(read(bytes.rest, from + i * each)) };
}

export interface OutputTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array | readonly string[];
}

/** A text in binary data has its length before it, in four bytes. */
function textBytes(text: string): Buffer {
  const bytes = Buffer.from(text);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(bytes.length);
  return Buffer.concat([length, bytes]);
}

export function outputBytes({ data }: OutputTensor): Buffer {
  return data instanceof Float32Array
    ? Buffer.from(data.buffer, data.byteOffset, data.byteLength)
    : Buffer.concat(data.map(textBytes));
}

export const datatypeOf = ({ data }: OutputTensor): string =>
  data instanceof Float32Array ? "FP32" : "BYTES";
