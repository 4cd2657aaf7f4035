import { identity } from "../../ir/axes.ts";
import type { Shape } from "../../ir/graph.ts";

/**
 * A tensor that stands for another: the values of `source` with its axes permuted, then under another
 * shape. Element (i, j, ...) of the permuted one is that of `source` with axis permutation[k] at the k-th.
 */
export interface View {
  readonly source: string;
  readonly permutation: readonly number[];
  readonly shape: Shape;
}

/**
 * For each axis of `shape` the axis of `of` that it is, where the two differ in axes of size 1 only.
 * Those of size 1 are none then, unless the shapes are the same.
 */
export function matchAxes(shape: Shape, of: Shape): (number | undefined)[] | undefined {
  if (shape.join() === of.join()) return identity(shape.length);
  const long = identity(of.length).filter((axis) => of[axis] !== 1);
  const matched = shape.map((n) => (n === 1 ? undefined : long.shift()));
  const fits = shape.every((n, i) => n === 1 || of[matched[i] ?? -1] === n);
  return fits && long.length === 0 ? matched : undefined;
}
