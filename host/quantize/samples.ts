import type { Vector } from "../engines/engine.ts";
import { type Graph, perTensor, type Tensor, tensorOf } from "../ir/graph.ts";
import { typeRange } from "../ops/activation.ts";
import { clamp, roundHalfAway } from "../ops/fixed_point.ts";

/** Real values for one inference, one array per graph input. */
export type Sample = readonly Float32Array[];

/** A row of a data file holds all inputs one after the other. */
export function splitRow(row: Float32Array, sizes: readonly number[]): Sample {
  let start = 0;
  return sizes.map((size) => {
    start += size;
    return row.subarray(start - size, start);
  });
}

/** Real values to the bytes of an 8-bit tensor: round(x / scale) + zero point, saturated. */
export function quantizeToBytes(values: Float32Array, tensor: Tensor): Uint8Array {
  const { scale, zeroPoint } = perTensor(tensor);
  const { min, max } = typeRange(tensor);
  return Uint8Array.from(
    values,
    (x) => clamp(roundHalfAway(Math.fround(x / scale)) + zeroPoint, min, max) & 0xff,
  );
}

export const toInputBytes = (graph: Graph, sample: Sample): Vector =>
  graph.inputs.map((name, i) => quantizeToBytes(sample[i]!, tensorOf(graph, name)));

/** The bytes of an 8-bit tensor as real values. */
export function dequantizeBytes(
  bytes: Uint8Array,
  scale: number,
  zeroPoint: number,
  dtype: string,
): Float32Array {
  const values = dtype === "uint8" ? bytes : new Int8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Float32Array.from(values, (q) => (q - zeroPoint) * scale);
}
