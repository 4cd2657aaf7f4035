import { identity } from "../../ir/axes.ts";
import type { Attributes, Node, Shape } from "../../ir/graph.ts";

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

/** Operators of one value each, whatever the axes. */
const UNARY = new Set(
  "relu leaky_relu hard_swish logistic tanh clip unary_function quantize dequantize".split(" "),
);
/** Operators of two tensors that broadcast. */
const BINARY = new Set("add sub mul div maximum minimum prelu".split(" "));
const REDUCTIONS = new Set("mean reduce_max reduce_min reduce_sum".split(" "));

export const isUnary = ({ op }: Node): boolean => UNARY.has(op);
export const isBinary = ({ op }: Node): boolean => BINARY.has(op);

/** Numbers of the axes of the view as those of its source; undefined is an axis of size 1 that it lacks. */
export type AxisMap = readonly (number | undefined)[];

const ints = (attributes: Attributes, name: string): readonly number[] => attributes[name] as number[];

/** One number for each axis of the source, `fallback` where the view has none; undefined where one would be lost. */
function spread(
  list: readonly number[],
  axes: AxisMap,
  rank: number,
  fallback: (i: number) => number,
  neutral: (value: number) => boolean,
): number[] | undefined {
  const result = Array.from({ length: rank }, (_, i) => fallback(i));
  for (const [i, value] of list.entries()) {
    const axis = axes[i];
    if (axis !== undefined) result[axis] = value;
    else if (!neutral(value)) return undefined;
  }
  return result;
}

/** Attributes of a node that reads the source instead of the view; undefined where that is not the same. */
export function permuteAttributes(node: Node, axes: AxisMap, source: Shape): Attributes | undefined {
  const { op, attributes } = node;
  const rank = source.length;
  if (op === "pad") {
    const side = (name: string) =>
      spread(
        ints(attributes, name),
        axes,
        rank,
        () => 0,
        (n) => n === 0,
      );
    const [before, after] = [side("before"), side("after")];
    return before && after && { ...attributes, before, after };
  }
  if (op === "strided_slice") {
    const side = (name: string, fallback: number) =>
      spread(
        ints(attributes, name),
        axes,
        rank,
        () => fallback,
        () => true,
      )!;
    return { begin: side("begin", 0), end: side("end", 1), strides: side("strides", 1) };
  }
  if (op === "concatenation") {
    const axis = axes[attributes["axis"] as number];
    return axis === undefined ? undefined : { axis };
  }
  if (REDUCTIONS.has(op)) {
    const reduced = ints(attributes, "axes").flatMap((axis) => axes[axis] ?? []);
    return { axes: reduced.sort((a, b) => a - b), keepDims: true };
  }
  if (op === "arg_max" || op === "arg_min") {
    const axis = axes[attributes["axis"] as number];
    return axis === undefined ? undefined : { axis, keepDims: true };
  }
  if (op === "softmax" || op === "log_softmax")
    return axes.at(-1) === rank - 1 && rank > 0 ? attributes : undefined;
  return undefined;
}
