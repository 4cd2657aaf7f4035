import { ModelError } from "../../../../ir/graph.ts";
import type { Context, Translation } from "../builder.ts";
import { distinctNodes, isLeaf, leafMapper, type Tree } from "./tree.ts";
import { type Forest, numbersOf, readForest } from "./tree_attributes.ts";
import { checkTransform, sumTrees, transformed } from "./tree_sums.ts";

interface Scores {
  readonly trees: readonly Tree[];
  readonly base: readonly number[];
}

/**
 * Two classes whose leaves all add to column 0, which then is the score s of the second class. ONNX Runtime makes
 * 1 - s and s of it where no weight is negative (a forest's share of votes), otherwise -s and s
 * (TreeAggregatorClassifier::FinalizeScores and write_scores). Two columns of leaves give either.
 */
function twoColumns({ trees, weights }: Forest, given: readonly number[], transform: string): Scores {
  const base = given.at(-1) ?? 0;
  const isShare = weights.every((weight) => weight >= 0) && transform !== "LOGISTIC";
  const columns = (values: ReadonlyMap<number, number>): ReadonlyMap<number, number> => {
    const score = [...values.values()][0] ?? 0;
    return new Map([
      [0, -score],
      [1, score],
    ]);
  };
  return {
    trees: trees.map(leafMapper(columns)),
    base: [(isShare ? 1 : 0) - base, base],
  };
}

/** A sample without a leaf of the second class has scores that ONNX Runtime makes in yet another way. */
const everyLeaf = (tree: Tree, holds: (values: ReadonlyMap<number, number>) => boolean): boolean =>
  [...distinctNodes([tree])].every((node) => !isLeaf(node) || holds(node.values));

function scoresOf(node: Context, forest: Forest, classes: number, transform: string): Scores {
  const given = Array.from(numbersOf(node, "base_values"));
  if (classes === 2 && !forest.targets.has(1)) return twoColumns(forest, given, transform);
  if (classes === 2 && !forest.trees.some((tree) => everyLeaf(tree, (values) => values.has(1))))
    throw new ModelError("expected a tree all of whose leaves add to the second of two classes, found none");
  if (given.length !== 0 && given.length !== classes)
    throw new ModelError(`base_values: expected ${classes} numbers, found ${given.length}`);
  return { trees: forest.trees, base: given.length > 0 ? given : Array<number>(classes).fill(0) };
}

/** Outputs: the label, which a module leaves to the host (see labels.ts), and the scores. */
export const treeEnsembleClassifier: Translation = {
  type: "ai.onnx.ml.TreeEnsembleClassifier",
  summary: "random and extra forests, boosting, XGBoost, LightGBM; not PROBIT",
  translate(node) {
    const strings = node.attributes.strings("classlabels_strings");
    const integers = node.attributes.ints("classlabels_int64s").map(String);
    const labels = strings.length > 0 ? strings : integers;
    const transform = node.attributes.string("post_transform", "NONE");
    checkTransform(transform);
    if (labels.length < 2) throw new ModelError(`expected at least 2 class labels, found ${labels.length}`);
    const forest = readForest(node, "class");
    if (transform === "SOFTMAX_ZERO" && forest.targets.size < labels.length)
      throw new ModelError("post_transform SOFTMAX_ZERO: expected leaves of every class");
    const { trees, base } = scoresOf(node, forest, labels.length, transform);
    const scores = sumTrees(node, trees, base);
    return [undefined, node.label(transformed(node, scores, transform), labels)];
  },
};
