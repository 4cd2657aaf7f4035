/** Random forests as ONNX files, and rows for them: on thresholds, next to them, missing, infinite, zeros of both signs. */
import { floatAfter, floatBefore } from "../../host/ir/float_order.ts";
import { type Attributes, treeModel } from "../support/tree_models.ts";

export interface RandomForest {
  readonly bytes: Uint8Array;
  readonly features: number;
  readonly rows: readonly Float32Array[];
}

/** Numbers from 0 up to 1. */
function generator(seed: number): () => number {
  let state = (seed * 2654435761 + 1) >>> 0;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state / 2 ** 32;
  };
}

const ORDERS = ["BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT"];
const EQUALITIES = ["BRANCH_EQ", "BRANCH_NEQ"];
/** Thresholds that exporters write where only what is missing is told from the rest, and others at the ends. */
const EXTREMES = [
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  0,
  -0,
  2 ** -149,
  3.4028234663852886e38,
];

interface Lists {
  readonly nodes_treeids: number[];
  readonly nodes_nodeids: number[];
  readonly nodes_featureids: number[];
  readonly nodes_modes: string[];
  readonly nodes_values: number[];
  readonly nodes_truenodeids: number[];
  readonly nodes_falsenodeids: number[];
  readonly nodes_missing_value_tracks_true: number[];
  readonly target_treeids: number[];
  readonly target_nodeids: number[];
  readonly target_ids: number[];
  readonly target_weights: number[];
}

const emptyLists = (): Lists => ({
  nodes_treeids: [],
  nodes_nodeids: [],
  nodes_featureids: [],
  nodes_modes: [],
  nodes_values: [],
  nodes_truenodeids: [],
  nodes_falsenodeids: [],
  nodes_missing_value_tracks_true: [],
  target_treeids: [],
  target_nodeids: [],
  target_ids: [],
  target_weights: [],
});

/** A forest of one kind by its seed: few thresholds each feature, so that they meet again, and categories in some. */
export function randomForest(seed: number, count: number): RandomForest {
  const random = generator(seed);
  const below = (n: number): number => Math.floor(random() * n);
  const pick = <T>(list: readonly T[]): T => list[below(list.length)]!;
  const features = 1 + below(5);
  const decimals = pick([0, 1, 4, 9]);
  const thresholds = Array.from({ length: features }, () => {
    const own = Array.from({ length: 1 + below(6) }, () =>
      Math.fround(Number(((random() - 0.5) * 20).toFixed(decimals))),
    );
    return random() < 0.3 ? [...own, pick(EXTREMES)] : own;
  });
  const hasCategories = random() < 0.4;
  const isMixed = random() < 0.6;
  const modes = random() < 0.5 ? ORDERS : [pick(ORDERS)];
  const lists = emptyLists();
  const leaf = (tree: number, id: number): void => {
    lists.target_treeids.push(tree);
    lists.target_nodeids.push(id);
    lists.target_ids.push(0);
    // Powers of two add up without rounding, in any order.
    lists.target_weights.push((1 + below(2 ** 10)) / 64);
  };
  const grow = (tree: number, level: number): number => {
    const row = lists.nodes_treeids.length;
    const id = lists.nodes_treeids.filter((other) => other === tree).length;
    const isLeaf = level === 0 || random() < 0.1;
    const feature = below(features);
    const mode = hasCategories && random() < 0.5 ? pick(EQUALITIES) : pick(modes);
    lists.nodes_treeids.push(tree);
    lists.nodes_nodeids.push(id);
    lists.nodes_featureids.push(isLeaf ? 0 : feature);
    lists.nodes_modes.push(isLeaf ? "LEAF" : mode);
    lists.nodes_values.push(isLeaf ? 0 : pick(thresholds[feature]!));
    lists.nodes_missing_value_tracks_true.push(!isLeaf && isMixed && random() < 0.5 ? 1 : 0);
    lists.nodes_truenodeids.push(0);
    lists.nodes_falsenodeids.push(0);
    if (isLeaf) {
      leaf(tree, id);
      return id;
    }
    const whenTrue = grow(tree, level - 1);
    // Every so often a condition that follows leads to the same subtree, as LightGBM's categories do.
    const isChained = mode === "BRANCH_EQ" && random() < 0.6;
    lists.nodes_truenodeids[row] = whenTrue;
    lists.nodes_falsenodeids[row] = isChained ? chain(tree, level, feature, whenTrue) : grow(tree, level - 1);
    return id;
  };
  const chain = (tree: number, level: number, feature: number, to: number): number => {
    const row = lists.nodes_treeids.length;
    const id = lists.nodes_treeids.filter((other) => other === tree).length;
    lists.nodes_treeids.push(tree);
    lists.nodes_nodeids.push(id);
    lists.nodes_featureids.push(feature);
    lists.nodes_modes.push("BRANCH_EQ");
    lists.nodes_values.push(pick(thresholds[feature]!));
    lists.nodes_missing_value_tracks_true.push(isMixed && random() < 0.5 ? 1 : 0);
    lists.nodes_truenodeids.push(to);
    lists.nodes_falsenodeids.push(0);
    const isLast = random() < 0.5;
    lists.nodes_falsenodeids[row] = isLast ? grow(tree, level - 1) : chain(tree, level, feature, to);
    return id;
  };
  const trees = 1 + below(4);
  for (let tree = 0; tree < trees; tree++) grow(tree, 1 + below(4));
  const value = (feature: number): number => {
    const near = pick(thresholds[feature]!);
    const kind = below(10);
    if (kind < 3) return near;
    if (kind < 4) return Number.isFinite(near) ? floatAfter(near) : near;
    if (kind < 5) return Number.isFinite(near) ? floatBefore(near) : near;
    if (kind < 7) return Number.NaN;
    if (kind < 8) return pick([0, -0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e30, -1e-40]);
    return (random() - 0.5) * 24;
  };
  const rows = Array.from({ length: count }, () =>
    Float32Array.from({ length: features }, (_, feature) => value(feature)),
  );
  return { bytes: treeModel("TreeEnsembleRegressor", 1, attributesOf(lists), features), features, rows };
}

function attributesOf({ nodes_values, target_weights, ...lists }: Lists): Attributes {
  return {
    n_targets: 1,
    ...lists,
    nodes_values: { floats: nodes_values },
    target_weights: { floats: target_weights },
  };
}
