/** Parts that the nodes of tree ensembles share: from trees to an operator of ours, and what follows its sums. */
import { ModelError, type Tensor } from "../../../../ir/graph.ts";
import { NODE_COLUMNS } from "../../../../ops/tree_nodes.ts";
import type { Context } from "../builder.ts";
import { distinctNodes, isLeaf, leafMapper, type Tree } from "./tree.ts";
import { ForestTables } from "./tree_forest.ts";

function checkNode(node: Tree, features: number, targets: number): void {
  if (isLeaf(node)) {
    const wrong = [...node.values.keys()].find((target) => !(target >= 0 && target < targets));
    if (wrong !== undefined)
      throw new ModelError(`a leaf of target ${wrong}: expected one of ${targets} targets`);
  } else if (!(node.feature >= 0 && node.feature < features))
    throw new ModelError(`a split of feature ${node.feature}: expected one of ${features} features`);
}

export const scaleLeaves = (trees: readonly Tree[], factor: number): Tree[] =>
  trees.map(leafMapper((values) => new Map([...values].map(([target, x]) => [target, x * factor]))));

/** The sums of all trees, [1, targets], beginning with `base`. */
export function sumTrees(node: Context, trees: readonly Tree[], base: readonly number[]): Tensor {
  const tensor = node.tensor(0);
  const features = tensor.shape.at(-1) ?? 0;
  if (tensor.shape.length < 1 || tensor.shape.length > 2 || features === 0)
    throw new ModelError(`input ${tensor.name}: expected [batch, features], found [${tensor.shape}]`);
  const input = tensor.shape.length === 2 ? tensor : node.add("reshape", [tensor], { shape: [1, features] });
  for (const tree of distinctNodes(trees)) checkNode(tree, features, base.length);
  const tables = new ForestTables(base.length);
  for (const tree of trees) tables.add(tree);
  const { nodes, leaves, sets } = tables;
  return node.add(
    "tree_ensemble",
    [
      input,
      node.addTable(node.nameOf("nodes"), [nodes.length / NODE_COLUMNS, NODE_COLUMNS], nodes),
      node.addConstant(node.nameOf("leaves"), [leaves.length / base.length, base.length], leaves),
      node.addConstant(node.nameOf("base"), [base.length], base),
      ...(sets.length > 0 ? [node.addTable(node.nameOf("sets"), [sets.length], sets)] : []),
    ],
    {},
  );
}

const POST_TRANSFORMS = ["NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO"] as const;

export function checkTransform(transform: string): void {
  if (!(POST_TRANSFORMS as readonly string[]).includes(transform))
    throw new ModelError(`post_transform ${transform}: expected one of ${POST_TRANSFORMS.join(", ")}`);
}

/** Scores after post_transform. */
export function transformed(node: Context, scores: Tensor, transform: string): Tensor {
  if (transform === "NONE") return scores;
  if (transform === "LOGISTIC") return node.add("logistic", [scores], {});
  // SOFTMAX_ZERO differs where a score is exactly 0, which no sum of a trained forest is.
  const probabilities = node.add("softmax", [scores], { beta: 1 });
  node.markDistribution(probabilities);
  return probabilities;
}
