/**
 * Real values of features to a tensor's integers: the steps of firmware/SPEC.md, section 2.2, and of
 * firmware/core/values.c, each rounded to float32.
 */
import { type Integers, nearest, type Scale } from "./plain_values.ts";

/** What happens to a feature's values, in float32: `Scaling` of one feature. `missing` is left out where there is none. */
export type Column = [
  offset: number,
  factor: number,
  edges?: readonly number[] | null,
  missing?: number | null,
];

const single = Math.fround;

/** How many of ascending numbers lie below x. */
export function countBelow(numbers: readonly number[], x: number): number {
  let from = 0;
  for (let to = numbers.length; from < to; ) {
    const middle = (from + to) >> 1;
    if (numbers[middle]! < x) from = middle + 1;
    else to = middle;
  }
  return from;
}

/** The number of a value's bin: see `Scaling`. */
export const binOf = (edges: readonly number[], x: number): number =>
  countBelow(edges, x) - ((edges.length + 1) >> 1);

/** A tensor and what happens to the values of its last axis, in turns. */
export interface Scaled extends Scale {
  readonly columns: readonly Column[];
}

/**
 * The real values from number `from` on as integers: as many as `target` has. A value that is not a number, of which
 * its column says nothing, is real zero. Allocates nothing.
 */
export function writeReal(values: ArrayLike<number>, from: number, target: Integers, scaled: Scaled): void {
  const { columns, zeroPoint } = scaled;
  const most = nearest(Number.POSITIVE_INFINITY, scaled, target);
  for (let i = 0; i < target.length; i++) {
    const column = columns[i % columns.length]!;
    const edges = column[2];
    const missing = column[3];
    let x = single(values[from + i]!);
    if (Number.isNaN(x)) x = missing ?? x;
    x = single(single(x - column[0]) * column[1]);
    if (edges && !Number.isNaN(x)) x = binOf(edges, x);
    // The greatest integer is that of a missing value.
    const reserved = +(missing === null);
    const unknown = reserved ? most : zeroPoint;
    target[i] = Number.isNaN(x) ? unknown : Math.min(most - reserved, nearest(x, scaled, target));
  }
}
