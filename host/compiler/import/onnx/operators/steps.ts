import { ModelError } from "../../../../ir/graph.ts";
import type { Translation } from "../builder.ts";
import { dense } from "./dense.ts";
import { addIntervals, column, GREATEST } from "./intervals.ts";

/**
 * x [1, 1], places and heights [steps]: the height at the place that is nearest to x, the lower one of two; see
 * patterns/steps.ts. It is the first height, and what each next one is above it where x is past the middle.
 */
export const steps: Translation = {
  type: "thimble.Steps",
  translate(node) {
    const [places, heights] = [node.floats(1).numbers, node.floats(2).numbers];
    const rises = Array.from({ length: heights.length - 1 }, (_, i) => ({
      middle: Math.fround((places[i]! + places[i + 1]!) / 2),
      rise: heights[i + 1]! - heights[i]!,
    })).filter(({ rise }) => rise !== 0);
    if (rises.length === 0) throw new ModelError("expected heights that differ, found one");
    const list = rises.map(({ middle }) => ({ feature: 0, low: middle, high: GREATEST }));
    const above = addIntervals(node, column(node, 0), list, { openLow: true, openHigh: false });
    const weights = { name: node.nameOf("rises"), values: rises.map(({ rise }) => rise) };
    return [dense(node, above, 1, weights, { name: node.nameOf("first"), values: [heights[0]!] })];
  },
};
