import { ModelError } from "../../../../ir/graph.ts";
import type { Context, Translation } from "../builder.ts";
import { MODES, type Mode, type Tree } from "./tree.ts";
import { checkLengths } from "./tree_attributes.ts";
import { treeReader } from "./tree_reader.ts";
import { scaleLeaves, sumTrees } from "./tree_sums.ts";

const AVERAGE = 0;
const SUM = 1;

function numbers(node: Context, name: string): ArrayLike<number> {
  const tensor = node.attributes.tensor(name);
  if (!tensor) throw new ModelError(`attribute ${name} is missing`);
  return tensor.numbers;
}

/** The members of each split by membership in order: lists that NaN ends. */
function* memberLists(node: Context): Generator<readonly number[]> {
  const values = Array.from(node.attributes.tensor("membership_values")?.numbers ?? []);
  let start = 0;
  for (let i = 0; i <= values.length; i++) {
    if (i < values.length && !Number.isNaN(values[i])) continue;
    yield values.slice(start, i);
    start = i + 1;
  }
}

interface Lists {
  readonly modes: readonly Mode[];
  readonly splits: ArrayLike<number>;
  readonly features: readonly number[];
  readonly missing: readonly number[];
  readonly members: ReadonlyMap<number, readonly number[]>;
  /** Names of the branches where a condition holds, and where it does not. */
  readonly children: readonly (readonly [isLeaf: readonly number[], to: readonly number[]])[];
}

function readLists(node: Context): Lists {
  const { attributes } = node;
  attributes.ignore("nodes_hitrates");
  const features = attributes.ints("nodes_featureids");
  const lists = {
    nodes_modes: numbers(node, "nodes_modes"),
    nodes_splits: numbers(node, "nodes_splits"),
    nodes_truenodeids: attributes.ints("nodes_truenodeids"),
    nodes_trueleafs: attributes.ints("nodes_trueleafs"),
    nodes_falsenodeids: attributes.ints("nodes_falsenodeids"),
    nodes_falseleafs: attributes.ints("nodes_falseleafs"),
  };
  checkLengths(lists, features.length);
  const modes = Array.from(lists.nodes_modes, (number, id) => {
    const mode = MODES[number];
    if (!mode) throw new ModelError(`node ${id}: mode ${number}: expected one of ${MODES.join(", ")}`);
    return mode;
  });
  const sets = memberLists(node);
  const members = new Map(
    modes.flatMap((mode, id): [number, readonly number[]][] =>
      mode === "BRANCH_MEMBER" ? [[id, sets.next().value ?? []]] : [],
    ),
  );
  return {
    modes,
    splits: lists.nodes_splits,
    features,
    missing: attributes.ints("nodes_missing_value_tracks_true"),
    members,
    children: [
      [lists.nodes_trueleafs, lists.nodes_truenodeids],
      [lists.nodes_falseleafs, lists.nodes_falsenodeids],
    ],
  };
}

/** Leaves are numbered apart from splits here, and each is one weight of one target. */
function readTrees(node: Context): Tree[] {
  const { modes, splits, features, missing, members, children } = readLists(node);
  const targets = node.attributes.ints("leaf_targetids");
  const weights = numbers(node, "leaf_weights");
  checkLengths({ leaf_weights: weights }, targets.length);
  const count = features.length;
  const childOf = (id: number, branch: number): number => {
    const [isLeaf, to] = children[branch]!;
    return isLeaf[id] === 1 ? count + to[id]! : to[id]!;
  };
  const { read } = treeReader((number) => {
    const leaf = number - count;
    if (number >= count && targets[leaf] !== undefined)
      return { name: `leaf ${leaf}`, leaf: { values: new Map([[targets[leaf], weights[leaf]!]]) } };
    if (number >= count) throw new ModelError(`expected ${targets.length} leaves, found number ${leaf}`);
    if (features[number] === undefined)
      throw new ModelError(`expected ${count} nodes, found number ${number}`);
    const set = members.get(number);
    const split = {
      feature: features[number],
      mode: modes[number]!,
      threshold: splits[number]!,
      missingIsTrue: missing[number] === 1,
      ...(set && { members: set }),
    };
    return { name: `node ${number}`, split, children: [childOf(number, 0), childOf(number, 1)] };
  });
  return node.attributes.ints("tree_roots").map(read);
}

/** The operator that replaces both others from version 5 of ai.onnx.ml on. */
export const treeEnsemble: Translation = {
  type: "ai.onnx.ml.TreeEnsemble",
  summary: "the same, of operator set 5",
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
