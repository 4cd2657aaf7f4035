/** Trees as ONNX has them become the tables of `tree_ensemble`, whose splits all ask x <= threshold. */
import { ModelError } from "../../../../ir/graph.ts";
import { LEAF } from "../../../../ops/tree_nodes.ts";

export const MODES = [
  "BRANCH_LEQ",
  "BRANCH_LT",
  "BRANCH_GTE",
  "BRANCH_GT",
  "BRANCH_EQ",
  "BRANCH_NEQ",
] as const;
export type Mode = (typeof MODES)[number];

export interface Split {
  readonly feature: number;
  readonly mode: Mode;
  readonly threshold: number;
  /** Where a value that is missing goes as if it fulfilled the condition. */
  readonly missingIsTrue: boolean;
  readonly whenTrue: Tree;
  readonly whenFalse: Tree;
}

/** What a leaf adds, by target. */
export interface Leaf {
  readonly values: ReadonlyMap<number, number>;
}

export type Tree = Split | Leaf;

export const isLeaf = (tree: Tree): tree is Leaf => "values" in tree;

/** Far deeper than any tree that was trained; more would exhaust the stack here. */
export const MAX_DEPTH = 500;
/** Rewriting equality copies subtrees: no more nodes than this come of it. */
const MAX_NODES = 2 ** 20;

const words = new DataView(new ArrayBuffer(4));

/** The greatest float32 that is at most x, or below x where `strictly`. Inputs are float32: no value lies between. */
function floorFloat32(x: number, strictly: boolean): number {
  const near = Math.fround(x);
  if (strictly ? near < x : near <= x) return near;
  if (near === 0) return -(2 ** -149);
  words.setFloat32(0, near);
  words.setInt32(0, words.getInt32(0) + (near > 0 ? -1 : 1));
  return words.getFloat32(0);
}

/** Of each feature the values that can reach a node: above the first number and up to the second. */
type Bounds = ReadonlyMap<number, readonly [number, number]>;

type Continue = (bounds: Bounds) => void;

/** Whether x <= threshold. */
interface Question {
  readonly feature: number;
  readonly threshold: number;
  readonly missingIsLess: boolean;
}

const ANYTHING = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY] as const;

/** Rows of the tables; see host/ops/tree_ensemble.ts. */
export class ForestTables {
  readonly nodes: number[] = [];
  readonly leaves: number[] = [];
  private readonly targets: number;
  private readonly rowByValues = new Map<string, number>();

  constructor(targets: number) {
    this.targets = targets;
  }

  add(tree: Tree): void {
    this.convert(tree, new Map());
  }

  private push(...row: readonly [number, number, number, number]): number {
    if (this.nodes.length >= 4 * MAX_NODES)
      throw new ModelError(`expected trees of at most ${MAX_NODES} nodes in all, found more`);
    return this.nodes.push(...row) / 4 - 1;
  }

  /** Equal leaves are one row of values. */
  private leaf({ values }: Leaf): number {
    const row = Array.from({ length: this.targets }, (_, target) => Math.fround(values.get(target) ?? 0));
    const key = row.join();
    const known = this.rowByValues.get(key) ?? this.leaves.length / this.targets;
    if (!this.rowByValues.has(key)) this.leaves.push(...row);
    this.rowByValues.set(key, known);
    return known;
  }

  /** A node that asks x <= threshold, unless what is known of the feature is answer enough. */
  private less(
    { feature, threshold, missingIsLess }: Question,
    bounds: Bounds,
    whenLess: Continue,
    whenGreater: Continue,
  ): void {
    const [above, upTo] = bounds.get(feature) ?? ANYTHING;
    if (threshold >= upTo) whenLess(bounds);
    else if (threshold <= above) whenGreater(bounds);
    else {
      const row = this.push(feature, threshold, 0, missingIsLess ? 1 : 0);
      whenLess(new Map([...bounds, [feature, [above, threshold]]]));
      this.nodes[4 * row + 2] = this.nodes.length / 4;
      whenGreater(new Map([...bounds, [feature, [threshold, upTo]]]));
    }
  }

  private convert(tree: Tree, bounds: Bounds): void {
    if (isLeaf(tree)) this.push(LEAF, this.leaf(tree), 0, 0);
    else if (tree.mode === "BRANCH_EQ" || tree.mode === "BRANCH_NEQ") this.convertEquality(tree, bounds);
    else this.convertOrder(tree, bounds);
  }

  private readonly to =
    (child: Tree): Continue =>
    (known) =>
      this.convert(child, known);

  private convertOrder(split: Split, bounds: Bounds): void {
    const { feature, mode, missingIsTrue, whenTrue, whenFalse } = split;
    // A condition that is what x <= threshold is not: its children change places.
    const turned = mode === "BRANCH_GT" || mode === "BRANCH_GTE";
    const strictly = mode === "BRANCH_LT" || mode === "BRANCH_GTE";
    const threshold = floorFloat32(split.threshold, strictly);
    const [less, greater] = turned ? [whenFalse, whenTrue] : [whenTrue, whenFalse];
    const question = { feature, threshold, missingIsLess: turned !== missingIsTrue };
    this.less(question, bounds, this.to(less), this.to(greater));
  }

  /** Equal is at most the threshold, and above the number before it. What is missing is unequal to all numbers. */
  private convertEquality(split: Split, bounds: Bounds): void {
    const { feature, threshold, missingIsTrue, whenTrue, whenFalse } = split;
    const isEqual = split.mode === "BRANCH_EQ";
    const [equal, other] = isEqual ? [whenTrue, whenFalse] : [whenFalse, whenTrue];
    const below = floorFloat32(threshold, true);
    const upTo = floorFloat32(threshold, false);
    const lower = { feature, threshold: below, missingIsLess: false };
    const upper = { feature, threshold: upTo, missingIsLess: isEqual && missingIsTrue };
    this.less(
      upper,
      bounds,
      (known) => this.less(lower, known, this.to(other), this.to(equal)),
      this.to(other),
    );
  }
}
