import type { Translation } from "../builder.ts";

/** A softmax of scores that are this many times further apart leaves all to the greatest, or to equal ones the same. */
const STEEP = 2 ** 16;

/** Scores [1, classes] and a number: 1 for the greatest score, the number for all others. See patterns/boosting.ts. */
export const winner: Translation = {
  type: "thimble.Winner",
  translate(node) {
    const other = node.floats(1).numbers[0]!;
    const isGreatest = node.add("softmax", [node.tensor(0)], { beta: STEEP });
    const rise = node.addConstant(node.nameOf("rise"), [], [1 - other]);
    const rest = node.addConstant(node.nameOf("rest"), [], [other]);
    const scaled = node.add("mul", [isGreatest, rise], { activation: "none" });
    return [node.add("add", [scaled, rest], { activation: "none" })];
  },
};
