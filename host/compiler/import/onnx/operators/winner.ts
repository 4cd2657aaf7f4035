import type { Translation } from "../builder.ts";
import { addIntervals, GREATEST } from "./intervals.ts";

/** Scores [1, classes] and a number: 1 for the greatest score, the number for all others. See patterns/boosting.ts. */
export const winner: Translation = {
  type: "thimble.Winner",
  translate(node) {
    const scores = node.tensor(0);
    const other = node.floats(1).numbers[0]!;
    const below = node.add("subtract_max", [scores], {});
    const list = Array.from({ length: scores.shape.at(-1)! }, (_, feature) => ({
      feature,
      low: 0,
      high: GREATEST,
    }));
    const isGreatest = addIntervals(node, below, list, { openLow: false, openHigh: false });
    const rise = node.addConstant(node.nameOf("rise"), [], [1 - other]);
    const rest = node.addConstant(node.nameOf("rest"), [], [other]);
    const scaled = node.add("mul", [isGreatest, rise], { activation: "none" });
    return [node.add("add", [scaled, rest], { activation: "none" })];
  },
};
