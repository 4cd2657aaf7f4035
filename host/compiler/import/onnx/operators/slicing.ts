import { elements, ModelError, type Shape, type Tensor } from "../../../../ir/graph.ts";
import { type Context, isConstantValue, type Value } from "../builder.ts";
import { pickElements } from "../fold.ts";

/** From `begin` in steps of `stride` to before `end`, for each axis; -1 is before the first. */
export interface Slice {
  readonly begin: readonly number[];
  readonly end: readonly number[];
  readonly strides: readonly number[];
}

export const wholeSlice = (shape: Shape): Slice => ({
  begin: shape.map(() => 0),
  end: shape,
  strides: shape.map(() => 1),
});

/** The whole of all other axes. */
export const alongAxis = (slice: Slice, axis: number, begin: number, end: number, stride = 1): Slice => ({
  begin: slice.begin.with(axis, begin),
  end: slice.end.with(axis, end),
  strides: slice.strides.with(axis, stride),
});

/** Indices that a slice takes along one axis. */
function positions({ begin, end, strides }: Slice, axis: number): number[] {
  const count = Math.max(0, Math.ceil((end[axis]! - begin[axis]!) / strides[axis]!));
  return Array.from({ length: count }, (_, i) => begin[axis]! + i * strides[axis]!);
}

const isWhole = (shape: Shape, slice: Slice): boolean =>
  JSON.stringify(slice) === JSON.stringify(wholeSlice(shape));

/** A computed tensor's slice, or the tensor itself. */
export function slicedTensor(node: Context, tensor: Tensor, slice: Slice): Tensor {
  if (isWhole(tensor.shape, slice)) return tensor;
  if (tensor.shape.some((_, axis) => positions(slice, axis).length === 0))
    throw new ModelError(`a slice of [${tensor.shape}] is empty: empty tensors are not supported`);
  return node.add("strided_slice", [tensor], { ...slice });
}

export function sliced(node: Context, value: Value, slice: Slice): Value {
  if (!isConstantValue(value)) return slicedTensor(node, value, slice);
  if (isWhole(value.shape, slice)) return value;
  const taken = value.shape.map((_, axis) => positions(slice, axis));
  const shape = taken.map(({ length }) => length);
  return pickElements(node.outputName(0), value, shape, gridIndices(value.shape, taken));
}

/** Where the elements lie that have one of the `taken` positions along each axis, in order. */
export function gridIndices(shape: Shape, taken: readonly (readonly number[])[]): number[] {
  const strides = shape.map((_, axis) => elements(shape.slice(axis + 1)));
  return taken.reduce<number[]>(
    (list, indices, axis) => list.flatMap((base) => indices.map((i) => base + i * strides[axis]!)),
    [0],
  );
}

/** Joins tensors; a single one stays what it is. */
export const joined = (node: Context, parts: readonly Tensor[], axis: number): Tensor =>
  parts.length === 1 ? parts[0]! : node.add("concatenation", parts, { axis });
