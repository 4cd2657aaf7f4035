import { byteSize, elements, type Shape, type Tensor, type TensorData } from "../ir/graph.ts";
import { gather, mergeLoops, strideIndices } from "./broadcast.ts";
import type { Lowering } from "./lowering.ts";

/** Operators that only move values: the kernel strided_copy serves them all. */

/** Where the elements of a dense result come from: one stride in the input for each axis of the result. */
export interface Movement {
  readonly offset: number;
  readonly sizes: Shape;
  readonly strides: readonly number[];
}

/** Element strides of a dense tensor. */
export const denseStrides = (shape: Shape): number[] =>
  shape.map((_, axis) => elements(shape.slice(axis + 1)));

const MAX_LOOPS = 5;

const loopsOf = ({ sizes, strides }: Movement) => mergeLoops(sizes, [strides], MAX_LOOPS);

/** Whether the kernel can do it; a ModelError is the caller's to word. */
export const isMovable = (movement: Movement): boolean => loopsOf(movement) !== undefined;

export function evaluateMovement(
  { offset, sizes, strides }: Movement,
  x: TensorData,
  output: Tensor,
): TensorData {
  return gather(x, strideIndices(sizes, strides, offset), output.dtype);
}

/** Whether all elements stay where they are, as where only axes of one value are moved. */
const isView = ({ offset, sizes, strides }: Movement, input: Tensor): boolean =>
  offset === 0 &&
  elements(sizes) === elements(input.shape) &&
  denseStrides(sizes).every((stride, axis) => sizes[axis] === 1 || stride === strides[axis]);

/** The kernel arguments for the loops, which count in bytes: one kernel for all types. */
export function movementArguments(movement: Movement, elementBytes: number): Record<string, number> {
  const { sizes, strides } = loopsOf(movement)!;
  const numbered = (prefix: string, list: readonly number[]) =>
    Object.fromEntries(list.map((value, i) => [`${prefix}${i}`, value]));
  const bytes = strides[0]!.map((stride) => stride * elementBytes);
  return { elementBytes, ...numbered("size", sizes), ...numbered("stride", bytes) };
}

export function lowerMovement(movement: Movement, input: Tensor, output: Tensor, to: Lowering): void {
  if (isView(movement, input)) {
    to.alias(output, input);
    return;
  }
  const elementBytes = byteSize({ dtype: input.dtype, shape: [] });
  to.call("strided_copy", {
    input: to.at(input, movement.offset * elementBytes),
    output,
    ...movementArguments(movement, elementBytes),
  });
}
