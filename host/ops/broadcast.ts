import {
  allocate,
  type DType,
  elements,
  ModelError,
  type Shape,
  type Tensor,
  type TensorData,
} from "../ir/graph.ts";

/** Shape of the result of an element-wise operator, by the rules of NumPy. */
export function broadcastShape(node: string, a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const m = a[i - rank + a.length] ?? 1;
    const n = b[i - rank + b.length] ?? 1;
    if (m !== n && m !== 1 && n !== 1) {
      throw new ModelError(`node ${node}: shapes [${a}] and [${b}] do not broadcast`);
    }
    return m === 1 ? n : m;
  });
}

/** Element strides of a dense tensor of `shape` seen with the (larger) shape `as`; 0 = repeated. */
export function broadcastStrides(shape: Shape, as: Shape): number[] {
  let stride = 1;
  const strides = shape.map(() => 0);
  for (let i = shape.length - 1; i >= 0; i--) {
    strides[i] = shape[i] === 1 ? 0 : stride;
    stride *= shape[i]!;
  }
  return [...Array<number>(as.length - shape.length).fill(0), ...strides];
}

/** Where each element of a result lies, in memory order: `strides` has one step for each axis of `sizes`. */
export function strideIndices(sizes: Shape, strides: readonly number[], offset = 0): Int32Array {
  let indices = Int32Array.of(offset);
  // From the last axis to the first: what was found so far is repeated, each time one step further.
  for (let axis = sizes.length - 1; axis >= 0; axis--) {
    const [size, stride, inner] = [sizes[axis]!, strides[axis]!, indices];
    indices = new Int32Array(size * inner.length);
    for (let i = 0, at = 0; i < size; i++)
      for (let j = 0; j < inner.length; j++) indices[at++] = inner[j]! + i * stride;
  }
  return indices;
}

/** Index into the smaller operand for each element of the result, in memory order. */
export const broadcastIndices = (shape: Shape, as: Shape): Int32Array =>
  strideIndices(as, broadcastStrides(shape, as));

/** The elements of `data` that lie at these indices. */
export function gather(data: TensorData, indices: Int32Array, dtype: DType): TensorData {
  const result = allocate(dtype, indices.length);
  for (let i = 0; i < indices.length; i++) result[i] = data[indices[i]!]!;
  return result;
}

/** An operand with one value for each of the result's. */
export const broadcastValues = (data: TensorData, { dtype, shape }: Tensor, as: Shape): TensorData =>
  data.length === elements(as) ? data : gather(data, broadcastIndices(shape, as), dtype);

export interface Loops {
  readonly sizes: readonly number[];
  /** One array of strides for each operand. */
  readonly strides: readonly (readonly number[])[];
}

/**
 * The fewest nested loops that walk all operands: neighbouring axes merge where every operand's
 * stride continues. Padded in front to `rank` loops; undefined where it takes more.
 */
export function mergeLoops(
  sizes: readonly number[],
  strides: readonly (readonly number[])[],
  rank: number,
): Loops | undefined {
  const merged: { size: number; strides: number[] }[] = [];
  sizes.forEach((size, axis) => {
    if (size === 1) return;
    const own = strides.map((operand) => operand[axis]!);
    const last = merged.at(-1);
    if (last?.strides.every((stride, i) => stride === own[i]! * size)) {
      last.size *= size;
      last.strides = own;
    } else {
      merged.push({ size, strides: own });
    }
  });
  if (merged.length > rank) return undefined;
  const front = Array.from({ length: rank - merged.length }, () => ({
    size: 1,
    strides: strides.map(() => 0),
  }));
  const loops = [...front, ...merged];
  return {
    sizes: loops.map((loop) => loop.size),
    strides: strides.map((_, operand) => loops.map((loop) => loop.strides[operand]!)),
  };
}
