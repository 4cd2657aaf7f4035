import { type Graph, writers } from "../../ir/graph.ts";
import { operatorOf } from "../../ops/index.ts";
import type { Precision } from "../../ops/scales.ts";

/**
 * Tensors that distances to stored rows are taken of have 16 bits: samples are often the stored rows themselves, each its own
 * nearest, and show nothing of what 8 bits would do to others. The stored rows have as many in any case.
 */
export function nearestPrecision(
  graph: Graph,
  precision: ReadonlyMap<string, Precision>,
): ReadonlyMap<string, Precision> {
  const all = new Map(precision);
  const writtenBy = writers(graph);
  for (const { op, inputs } of graph.nodes) {
    const distances = op === "neighbours" ? writtenBy.get(inputs[0]!) : undefined;
    if (distances?.op !== "quadratic") continue;
    const from = distances.inputs[0]!;
    const writer = writtenBy.get(from);
    if (!writer || operatorOf(writer.op).types.includes("int16")) all.set(from, "int16");
  }
  return all;
}
