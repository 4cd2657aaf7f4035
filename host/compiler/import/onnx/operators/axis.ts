import { ModelError } from "../../../../ir/graph.ts";

/** An axis attribute as a number from 0; negative ones count from the end. `limit` is the first too great. */
export function axisWithin(axis: number, rank: number, limit = rank): number {
  const positive = axis < 0 ? axis + rank : axis;
  if (positive < 0 || positive >= limit)
    throw new ModelError(`axis ${axis}: expected an axis of ${rank} dimensions`);
  return positive;
}
