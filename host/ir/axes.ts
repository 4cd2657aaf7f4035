import { elements, type Shape, type TensorData } from "./graph.ts";

/** Orders of axes: a permutation says for each axis of the result which one of the original it is. */

export const identity = (rank: number): number[] => Array.from({ length: rank }, (_, i) => i);

export const permute = <T>(list: readonly T[], permutation: readonly number[]): T[] =>
  permutation.map((axis) => list[axis]!);

export function invert(permutation: readonly number[]): number[] {
  const inverse = permutation.map(() => 0);
  permutation.forEach((axis, i) => {
    inverse[axis] = i;
  });
  return inverse;
}

/** Whether the permuted tensor's values lie in the order in which they lay before: no long axis moves. */
export function leavesOrder(shape: Shape, permutation: readonly number[]): boolean {
  const long = permutation.filter((axis) => shape[axis] !== 1);
  return long.every((axis, i) => i === 0 || axis > long[i - 1]!);
}

/** Where each value of the permuted tensor lies in the original, in memory order of the permuted one. */
export function permutedIndices(shape: Shape, permutation: readonly number[]): number[] {
  const strides = shape.map((_, axis) => elements(shape.slice(axis + 1)));
  return permutation.reduce<number[]>(
    (list, axis) =>
      list.flatMap((base) => Array.from({ length: shape[axis]! }, (_, i) => base + i * strides[axis]!)),
    [0],
  );
}

/** Constant values with their axes permuted. */
export function permuteData<T extends TensorData | Float64Array>(
  data: T,
  shape: Shape,
  permutation: readonly number[],
): T {
  const result = data.slice() as T;
  permutedIndices(shape, permutation).forEach((index, i) => {
    result[i] = data[index]!;
  });
  return result;
}

/** Numbers of the axes of a view as those of its source; undefined is an axis of size 1 that the source lacks. */
export type AxisMap = readonly (number | undefined)[];

/** One number for each axis of the source, `fallback` where the view has none; numbers of axes that the source lacks are left out. */
export function placeAxes(list: readonly number[], axes: AxisMap, rank: number, fallback: number): number[] {
  const result = new Array<number>(rank).fill(fallback);
  list.forEach((value, i) => {
    const axis = axes[i];
    if (axis !== undefined) result[axis] = value;
  });
  return result;
}

/** As `placeAxes`; undefined where a number other than `fallback` would be left out. */
export function spreadAxes(
  list: readonly number[],
  axes: AxisMap,
  rank: number,
  fallback: number,
): number[] | undefined {
  const isLost = list.some((value, i) => axes[i] === undefined && value !== fallback);
  return isLost ? undefined : placeAxes(list, axes, rank, fallback);
}
