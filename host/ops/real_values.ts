/**
 * Real values to a tensor's integers and back, and what they decide: the steps of firmware/SPEC.md, section 2.2, and of
 * firmware/core/values.c, each rounded to float32. The browser's runtime is made of this file, so it is short.
 */
import type { BorderTensor } from "./border.ts";
import { argmax, thresholdOf } from "./decision.ts";

/** Integers of a tensor, as they lie in memory. */
export type Integers = Int8Array | Uint8Array | Int16Array | Int32Array;

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

/**
 * The real values from number `from` on as integers: as many as `target` has. A value that is not a number, of which
 * its column says nothing, is real zero. Allocates nothing.
 */
export function writeReal(
  values: ArrayLike<number>,
  from: number,
  target: Integers,
  columns: readonly Column[],
  { scale, zeroPoint }: Pick<BorderTensor, "scale" | "zeroPoint">,
): void {
  const steps = 2 ** (8 * target.BYTES_PER_ELEMENT);
  const most = target instanceof Uint8Array ? 255 : steps / 2 - 1;
  for (let i = 0; i < target.length; i++) {
    const column = columns[i % columns.length]!;
    const edges = column[2];
    const missing = column[3];
    let x = single(values[from + i]!);
    if (Number.isNaN(x)) x = missing ?? x;
    x = single(single(x - column[0]) * column[1]);
    if (edges && !Number.isNaN(x)) x = binOf(edges, x);
    x = single(x / scale);
    // The greatest integer is that of a missing value.
    const reserved = +(missing === null);
    const q = zeroPoint + Math.sign(x) * Math.floor(Math.abs(x) + 0.5);
    const unknown = reserved ? most : zeroPoint;
    target[i] = Number.isNaN(x) ? unknown : Math.max(most + 1 - steps, Math.min(most - reserved, q));
  }
}

/** Integers as real values, in `target` from number `to` on. */
export function readReal(
  source: Integers,
  target: Float32Array,
  to: number,
  { scale, zeroPoint }: Pick<BorderTensor, "scale" | "zeroPoint">,
): void {
  for (const x of source) target[to++] = single(x - zeroPoint) * scale;
}

export interface Decided {
  readonly classNumber: number;
  /** The value that decides: the greatest, that of a detector, or the error of an autoencoder. */
  readonly score: number;
  readonly label?: string | undefined;
}

/** How an output decides; `names` are those of the classes. */
interface Decider {
  readonly decision?: BorderTensor["decision"];
  readonly threshold?: number | undefined;
  readonly names?: readonly string[] | undefined;
}

/** The mean squared difference; infinite where it is not a number. */
function meanSquare(values: Float32Array, others: ArrayLike<number>): number {
  let sum = 0;
  for (const [i, x] of values.entries()) {
    const difference = single(x - single(others[i]!));
    sum = single(sum + single(difference * difference));
  }
  const mean = single(sum / values.length);
  return Number.isNaN(mean) ? Number.POSITIVE_INFINITY : mean;
}

/**
 * The decision of an output by its real values; undefined where it decides nothing. An autoencoder's, the mean squared
 * difference to the values of the first input, needs these.
 */
export function decideReal(
  output: Decider,
  values: Float32Array,
  input?: ArrayLike<number>,
): Decided | undefined {
  const { decision = "none", names } = output;
  if (decision === "none" || (decision === "error" && input?.length !== values.length)) return undefined;
  const best = decision === "greatest" ? argmax(values) : +(decision === "second");
  const score = decision === "error" ? meanSquare(values, input!) : values[best]!;
  const above = +(score > thresholdOf(output));
  const classNumber = decision === "greatest" ? best : decision === "index" ? score >>> 0 : above;
  return { classNumber, score, label: names?.[classNumber] };
}
