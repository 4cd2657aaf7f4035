import { ModelError } from "../../../../ir/graph.ts";
import type { Context, Translation } from "../builder.ts";
import { checkLengths } from "./tree_attributes.ts";
import { MAX_DEPTH, MODES, type Tree } from "./tree_forest.ts";
import { scaleLeaves, sumTrees } from "./tree_sums.ts";

const AVERAGE = 0;
const SUM = 1;

function numbers(node: Context, name: string): ArrayLike<number> {
  const tensor = node.attributes.tensor(name);
  if (!tensor) throw new ModelError(`attribute ${name} is missing`);
  return tensor.numbers;
}

/** Leaves are numbered apart from splits here, and each is one weight of one target. */
function readTrees(node: Context): Tree[] {
  const { attributes } = node;
  attributes.ignore("nodes_hitrates");
  if (attributes.has("membership_values"))
    throw new ModelError("attribute membership_values: BRANCH_MEMBER is not supported");
  const features = attributes.ints("nodes_featureids");
  const missing = attributes.ints("nodes_missing_value_tracks_true");
  const nodes = {
    nodes_modes: numbers(node, "nodes_modes"),
    nodes_splits: numbers(node, "nodes_splits"),
    nodes_truenodeids: attributes.ints("nodes_truenodeids"),
    nodes_trueleafs: attributes.ints("nodes_trueleafs"),
    nodes_falsenodeids: attributes.ints("nodes_falsenodeids"),
    nodes_falseleafs: attributes.ints("nodes_falseleafs"),
  };
  checkLengths(nodes, features.length);
  const targets = attributes.ints("leaf_targetids");
  const weights = numbers(node, "leaf_weights");
  checkLengths({ leaf_weights: weights }, targets.length);
  const seen = new Set<number>();
  const leaf = (id: number): Tree => {
    if (targets[id] === undefined)
      throw new ModelError(`expected ${targets.length} leaves, found number ${id}`);
    return { values: new Map([[targets[id], weights[id]!]]) };
  };
  const split = (id: number, depth: number): Tree => {
    if (features[id] === undefined)
      throw new ModelError(`expected ${features.length} nodes, found number ${id}`);
    if (seen.has(id)) throw new ModelError(`node ${id}: expected one node that leads to it, found two`);
    if (depth > MAX_DEPTH) throw new ModelError(`node ${id}: expected trees of at most ${MAX_DEPTH} levels`);
    seen.add(id);
    const mode = MODES[nodes.nodes_modes[id]!];
    if (!mode)
      throw new ModelError(`node ${id}: mode ${nodes.nodes_modes[id]}: expected one of ${MODES.join(", ")}`);
    const child = (isLeaf: number, to: number): Tree => (isLeaf === 1 ? leaf(to) : split(to, depth + 1));
    return {
      feature: features[id],
      mode,
      threshold: nodes.nodes_splits[id]!,
      missingIsTrue: missing[id] === 1,
      whenTrue: child(nodes.nodes_trueleafs[id]!, nodes.nodes_truenodeids[id]!),
      whenFalse: child(nodes.nodes_falseleafs[id]!, nodes.nodes_falsenodeids[id]!),
    };
  };
  return attributes.ints("tree_roots").map((root) => split(root, 0));
}

/** What takes the place of both others from version 5 of ai.onnx.ml on. */
export const treeEnsemble: Translation = {
  type: "ai.onnx.ml.TreeEnsemble",
  summary: "the same, of operator set 5; no BRANCH_MEMBER",
  translate(node) {
    const targets = node.attributes.int("n_targets", 1);
    const aggregate = node.attributes.int("aggregate_function", SUM);
    const transform = node.attributes.int("post_transform", 0);
    // ONNX says 1 is SOFTMAX and 2 LOGISTIC; ONNX Runtime 1.30 computes the other of the two.
    if (transform !== 0) throw new ModelError(`post_transform ${transform}: expected 0 (NONE)`);
    if (aggregate !== SUM && aggregate !== AVERAGE)
      throw new ModelError(`aggregate_function ${aggregate}: expected 0 (AVERAGE) or 1 (SUM)`);
    if (!(targets >= 1 && targets <= 128))
      throw new ModelError(`n_targets: expected 1 to 128, found ${targets}`);
    const trees = readTrees(node);
    if (trees.length === 0) throw new ModelError("tree_roots: expected at least one tree, found none");
    const all = aggregate === AVERAGE ? scaleLeaves(trees, 1 / trees.length) : trees;
    return [sumTrees(node, all, Array<number>(targets).fill(0))];
  },
};
