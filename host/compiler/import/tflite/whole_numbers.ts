/** Types of a file and ours, among them those of whole numbers, which stand for themselves. */
import {
  type DType,
  elements,
  type Graph,
  ModelError,
  type Quantization,
  quantized,
  type Shape,
  withTensors,
} from "../../../ir/graph.ts";
import { operatorOf } from "../../../ops/index.ts";
import type { TfliteTensor } from "./schema.ts";

export const DTYPES: Readonly<Record<string, DType>> = {
  FLOAT32: "float32",
  INT8: "int8",
  UINT8: "uint8",
  INT16: "int16",
  INT32: "int32",
  UINT32: "uint32",
  // Pairs: see `shapeOf`.
  UINT64: "uint32",
  // Bytes of 0 and 1.
  BOOL: "int8",
};

/** Integers of 64 bits without a sign are pairs of 32 bits, the low one first, as they lie in memory. */
export const shapeOf = ({ type, shape }: TfliteTensor): Shape => (type === "UINT64" ? [...shape, 2] : shape);

/** Biases of 16-bit layers are of 64 bits in most files; here they have 32, as do all sums' constants. */
export function narrowed({ name, shape, data }: TfliteTensor): Int32Array {
  const found = data.length;
  if (found !== 8 * elements(shape))
    throw new ModelError(
      `tensor ${name}: expected ${8 * elements(shape)} bytes for [${shape}], found ${found}`,
    );
  const wide = new BigInt64Array(data.slice().buffer);
  const wrong = wide.find((value) => value !== BigInt.asIntN(32, value));
  if (wrong !== undefined)
    throw new ModelError(`tensor ${name}: expected int64 values that fit 32 bits, found ${wrong}`);
  return Int32Array.from(wide, Number);
}

const WHOLE: Quantization = quantized(1, 0);

/** Tensors without a scale that only operators of whole numbers touch, or such as move values, stand for themselves. */
export function withWholeNumbers(graph: Graph): Graph {
  if (!graph.nodes.some(({ op }) => operatorOf(op).unscaled)) return graph;
  const scaled = new Set(
    graph.nodes
      .filter(({ op }) => !operatorOf(op).unscaled && operatorOf(op).quantization.output.kind !== "same")
      .flatMap(({ inputs, outputs }) => [...inputs, ...outputs]),
  );
  const narrow: readonly DType[] = ["int8", "uint8", "int16"];
  const whole = [...graph.tensors.values()].filter(
    ({ name, dtype, quantization }) => narrow.includes(dtype) && !quantization && !scaled.has(name),
  );
  return withTensors(
    graph,
    whole.map((tensor) => ({ ...tensor, quantization: WHOLE })),
  );
}
