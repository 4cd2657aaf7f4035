import type { Context, Translation } from "../builder.ts";
import { dense } from "./dense.ts";
import { addIntervals, column, GREATEST, type Interval, LEAST } from "./intervals.ts";

/** Bins from one edge up to the next; the first and the last have no other side. */
function binsOf(node: Context): Interval[] {
  const edges = Array.from(node.floats(1).numbers, Math.fround);
  return [LEAST, ...edges].map((low, i) => ({ feature: 0, low, high: edges[i] ?? GREATEST }));
}

/** x and edges: see patterns/bins.ts. */
export const bins: Translation = {
  type: "thimble.Bins",
  translate: (node) => [
    addIntervals(node, column(node, 0), binsOf(node), { openLow: false, openHigh: true }),
  ],
};

/** The number of a bin is the count of edges up to x. */
export const digitize: Translation = {
  type: "thimble.Digitize",
  translate(node) {
    const steps = binsOf(node)
      .slice(1)
      .map((bin) => ({ ...bin, high: GREATEST }));
    const passed = addIntervals(node, column(node, 0), steps, { openLow: false, openHigh: false });
    return [dense(node, passed, 1, { name: node.nameOf("steps"), values: steps.map(() => 1) })];
  },
};
