/** The attributes of TreeEnsembleClassifier and TreeEnsembleRegressor: lists with one entry for each node. */
import { ModelError } from "../../../../ir/graph.ts";
import type { Context } from "../builder.ts";
import { MODES, type Mode, type Tree } from "./tree.ts";
import { treeReader } from "./tree_reader.ts";

interface NodeLists {
  readonly trees: readonly number[];
  readonly ids: readonly number[];
  readonly features: readonly number[];
  readonly modes: readonly string[];
  readonly thresholds: ArrayLike<number>;
  readonly whenTrue: readonly number[];
  readonly whenFalse: readonly number[];
  readonly missing: readonly number[];
}

/** Floats of an attribute, or of the one that has them as a tensor, perhaps of doubles. */
export function numbersOf(node: Context, name: string): ArrayLike<number> {
  const floats = node.attributes.floats(name);
  const tensor = node.attributes.tensor(`${name}_as_tensor`);
  return tensor ? tensor.numbers : floats;
}

/** Throws ModelError unless every list has so many values. */
export function checkLengths(lists: Readonly<Record<string, ArrayLike<unknown>>>, expected: number): void {
  for (const [name, { length }] of Object.entries(lists))
    if (length !== expected) throw new ModelError(`${name}: expected ${expected} values, found ${length}`);
}

function readLists(node: Context): NodeLists {
  const { attributes } = node;
  attributes.ignore("nodes_hitrates", "nodes_hitrates_as_tensor");
  const ids = attributes.ints("nodes_nodeids");
  const missing = attributes.ints("nodes_missing_value_tracks_true");
  const lists = {
    trees: attributes.ints("nodes_treeids"),
    ids,
    features: attributes.ints("nodes_featureids"),
    modes: attributes.strings("nodes_modes"),
    thresholds: numbersOf(node, "nodes_values"),
    whenTrue: attributes.ints("nodes_truenodeids"),
    whenFalse: attributes.ints("nodes_falsenodeids"),
    missing: missing.length > 0 ? missing : ids.map(() => 0),
  };
  if (ids.length === 0) throw new ModelError("expected at least one node of a tree, found none");
  checkLengths(lists, ids.length);
  return lists;
}

const key = (tree: number, id: number): string => `${tree} ${id}`;

/** Terms that the leaves add, by tree and node. Weights of one target add up. */
function readWeights(node: Context, prefix: "class" | "target"): Map<string, Map<number, number>> {
  const trees = node.attributes.ints(`${prefix}_treeids`);
  const ids = node.attributes.ints(`${prefix}_nodeids`);
  const targets = node.attributes.ints(`${prefix}_ids`);
  const weights = numbersOf(node, `${prefix}_weights`);
  checkLengths(
    { [`${prefix}_nodeids`]: ids, [`${prefix}_ids`]: targets, [`${prefix}_weights`]: weights },
    trees.length,
  );
  const all = new Map<string, Map<number, number>>();
  trees.forEach((tree, i) => {
    const of = key(tree, ids[i]!);
    const values = all.get(of) ?? new Map<number, number>();
    values.set(targets[i]!, (values.get(targets[i]!) ?? 0) + weights[i]!);
    all.set(of, values);
  });
  return all;
}

type ListMode = Exclude<Mode, "BRANCH_MEMBER">;
const LIST_MODES = MODES.filter((mode): mode is ListMode => mode !== "BRANCH_MEMBER");
const isMode = (text: string): text is ListMode => (LIST_MODES as readonly string[]).includes(text);

/** All trees, and the targets that any leaf adds to. */
export interface Forest {
  readonly trees: readonly Tree[];
  readonly targets: ReadonlySet<number>;
  readonly weights: readonly number[];
}

/** Throws ModelError for lists that do not fit together, and for nodes that form no trees. */
export function readForest(node: Context, prefix: "class" | "target"): Forest {
  const lists = readLists(node);
  const weights = readWeights(node, prefix);
  const rows = new Map(lists.ids.map((id, row) => [key(lists.trees[row]!, id), row]));
  const { read, visited } = treeReader((row) => {
    const name = `node ${lists.ids[row]} of tree ${lists.trees[row]}`;
    const mode = lists.modes[row]!;
    if (mode === "LEAF")
      return { name, leaf: { values: weights.get(key(lists.trees[row]!, lists.ids[row]!)) ?? new Map() } };
    if (!isMode(mode))
      throw new ModelError(`${name}: mode ${mode}: expected one of ${LIST_MODES.join(", ")}`);
    const child = (id: number): number => {
      const to = rows.get(key(lists.trees[row]!, id));
      if (to === undefined) throw new ModelError(`${name}: leads to node ${id}, which does not exist`);
      return to;
    };
    const split = {
      feature: lists.features[row]!,
      mode,
      threshold: lists.thresholds[row]!,
      missingIsTrue: lists.missing[row] !== 0,
    };
    return { name, split, children: [child(lists.whenTrue[row]!), child(lists.whenFalse[row]!)] };
  });
  // The root of a tree is the first of its nodes that no other leads to, and that is the first of all.
  const roots = new Map<number, number>();
  lists.trees.forEach((tree, row) => {
    if (!roots.has(tree)) roots.set(tree, row);
  });
  const trees = [...roots.values()].map(read);
  const left = rows.size - visited();
  if (left > 0) throw new ModelError(`expected trees of all nodes, found ${left} that no tree leads to`);
  const values = [...weights.values()];
  return {
    trees,
    targets: new Set(values.flatMap((of) => [...of.keys()])),
    weights: values.flatMap((of) => [...of.values()]),
  };
}
