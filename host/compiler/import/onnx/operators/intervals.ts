import { ModelError, type Tensor } from "../../../../ir/graph.ts";
import type { Context } from "../builder.ts";

/** The comparison with constants that several operators share: 1 where a number is in an interval, else 0. */
export interface Interval {
  readonly feature: number;
  readonly low: number;
  readonly high: number;
}

/** Ends that no number is beyond. */
export const LEAST = -(2 - 2 ** -23) * 2 ** 127;
export const GREATEST = -LEAST;

export function addIntervals(
  node: Context,
  input: Tensor,
  list: readonly Interval[],
  ends: { readonly openLow: boolean; readonly openHigh: boolean },
): Tensor {
  if (list.length === 0) throw new ModelError("expected something to compare with, found nothing");
  const constant = (role: "low" | "high"): Tensor =>
    node.addConstant(
      node.nameOf(role),
      [list.length],
      list.map((interval) => interval[role]),
    );
  const features = list.map(({ feature }) => feature);
  return node.add("intervals", [input, constant("low"), constant("high")], { features, ...ends });
}

/** A tensor of one column, as encoders take it, as rows of one feature. */
export function column(node: Context, i: number): Tensor {
  const tensor = node.tensor(i);
  const rows = tensor.shape[0] ?? 1;
  const total = tensor.shape.reduce((product, n) => product * n, 1);
  if (total !== rows || rows !== 1)
    throw new ModelError(`input ${tensor.name}: expected one number, found [${tensor.shape}]`);
  return tensor.shape.length === 2 ? tensor : node.add("reshape", [tensor], { shape: [1, 1] });
}
