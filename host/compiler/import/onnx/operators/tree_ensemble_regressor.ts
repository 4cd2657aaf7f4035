import { ModelError } from "../../../../ir/graph.ts";
import type { Translation } from "../builder.ts";
import { numbersOf, readForest } from "./tree_attributes.ts";
import { checkTransform, scaleLeaves, sumTrees, transformed } from "./tree_sums.ts";

export const treeEnsembleRegressor: Translation = {
  type: "ai.onnx.ml.TreeEnsembleRegressor",
  summary: "the same, SUM and AVERAGE; not PROBIT",
  translate(node) {
    const targets = node.attributes.int("n_targets", 1);
    const aggregate = node.attributes.string("aggregate_function", "SUM");
    const transform = node.attributes.string("post_transform", "NONE");
    const given = Array.from(numbersOf(node, "base_values"));
    checkTransform(transform);
    if (aggregate !== "SUM" && aggregate !== "AVERAGE")
      throw new ModelError(`aggregate_function ${aggregate}: expected SUM or AVERAGE`);
    if (!(targets >= 1 && targets <= 128))
      throw new ModelError(`n_targets: expected 1 to 128, found ${targets}`);
    if (given.length !== 0 && given.length !== targets)
      throw new ModelError(`base_values: expected ${targets} numbers, found ${given.length}`);
    const { trees } = readForest(node, "target");
    const all = aggregate === "AVERAGE" ? scaleLeaves(trees, 1 / trees.length) : trees;
    const base = given.length > 0 ? given : Array<number>(targets).fill(0);
    return [transformed(node, sumTrees(node, all, base), transform)];
  },
};
