/** Trees as ONNX has them become the tables of `tree_ensemble`, whose splits ask x <= threshold or for a set. */

import { BELOW_ALL, floatAt, floorPlace, INFINITY, placeOf } from "../../../../ir/float_order.ts";
import { ModelError } from "../../../../ir/graph.ts";
import { IS_SET, IS_STRICT, LEAF, MISSING_IS_LESS, NODE_COLUMNS } from "../../../../ops/tree_nodes.ts";
import { isLeaf, type Leaf, type Split, type Tree } from "./tree.ts";

/** Sharing subtrees and rewriting equality copy what is shared: no more nodes than this come of it. */
const MAX_NODES = 2 ** 20;

/** Values that can reach a node: the numbers above one place in their order and up to another, and perhaps missing ones. */
interface Known {
  readonly above: number;
  readonly upTo: number;
  readonly mayMiss: boolean;
}

/** Facts about each feature. */
type Bounds = ReadonlyMap<number, Known>;

type Continue = (bounds: Bounds) => void;

/** Whether x <= threshold, by their places. */
interface Question {
  readonly feature: number;
  readonly threshold: number;
  readonly missingIsLess: boolean;
  readonly isStrict: boolean;
}

interface Membership {
  readonly feature: number;
  readonly members: readonly number[];
  readonly missingIsMember: boolean;
}

const ANYTHING: Known = { above: BELOW_ALL, upTo: INFINITY, mayMiss: true };

/** A condition on one value: the branch where it holds, and where it does not. */
interface Equality extends Membership {
  readonly member: Tree;
  readonly other: Tree;
}

/** Equality, unequality and membership as a set of one or more values. */
function equalityOf(tree: Tree): Equality | undefined {
  if (isLeaf(tree)) return undefined;
  const { feature, mode, threshold, members, missingIsTrue, whenTrue, whenFalse } = tree;
  if (mode === "BRANCH_MEMBER")
    return {
      feature,
      members: members ?? [],
      missingIsMember: missingIsTrue,
      member: whenTrue,
      other: whenFalse,
    };
  // A missing value is unequal to all numbers.
  if (mode === "BRANCH_EQ")
    return {
      feature,
      members: [threshold],
      missingIsMember: missingIsTrue,
      member: whenTrue,
      other: whenFalse,
    };
  if (mode === "BRANCH_NEQ")
    return { feature, members: [threshold], missingIsMember: false, member: whenFalse, other: whenTrue };
  return undefined;
}

/** Equalities one after the other that lead to one subtree are a set: LightGBM's categories. */
function setOf(first: Equality): Equality {
  let all = first;
  for (let next = equalityOf(all.other); next; next = equalityOf(all.other)) {
    if (next.feature !== all.feature || next.member !== all.member) break;
    all = {
      ...all,
      members: [...all.members, ...next.members],
      missingIsMember: all.missingIsMember || next.missingIsMember,
      other: next.other,
    };
  }
  return all;
}

/** Rows of the tables; see host/ops/tree_ensemble.ts. */
export class ForestTables {
  readonly nodes: number[] = [];
  readonly leaves: number[] = [];
  readonly sets: number[] = [];
  private readonly targets: number;
  private readonly rowByValues = new Map<string, number>();
  private readonly setByMembers = new Map<string, number>();

  constructor(targets: number) {
    this.targets = targets;
  }

  add(tree: Tree): void {
    this.convert(tree, new Map());
  }

  private push(...row: readonly [number, number, number, number]): number {
    if (this.nodes.length >= NODE_COLUMNS * MAX_NODES)
      throw new ModelError(`expected trees of at most ${MAX_NODES} nodes in all, found more`);
    return this.nodes.push(...row) / NODE_COLUMNS - 1;
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

  private set(members: readonly number[]): number {
    const key = members.join();
    const known = this.setByMembers.get(key) ?? this.sets.length;
    if (!this.setByMembers.has(key)) this.sets.push(members.length, ...members);
    this.setByMembers.set(key, known);
    return known;
  }

  /** A split: its row, the next ones, and those that follow otherwise. */
  private split(
    row: readonly [feature: number, threshold: number, flags: number],
    whenLess: () => void,
    whenGreater: () => void,
  ): void {
    const [feature, threshold, flags] = row;
    const at = this.push(feature, threshold, 0, flags);
    whenLess();
    this.nodes[NODE_COLUMNS * at + 2] = this.nodes.length / NODE_COLUMNS;
    whenGreater();
  }

  /** A node that asks x <= threshold, unless what is known of the feature is answer enough. */
  private less(question: Question, bounds: Bounds, whenLess: Continue, whenGreater: Continue): void {
    const { feature, threshold, missingIsLess, isStrict } = question;
    const { above, upTo, mayMiss } = bounds.get(feature) ?? ANYTHING;
    const less = { above, upTo: Math.min(upTo, threshold), mayMiss: mayMiss && missingIsLess };
    const greater = { above: Math.max(above, threshold), upTo, mayMiss: mayMiss && !missingIsLess };
    const isPossible = (known: Known): boolean => known.upTo > known.above || known.mayMiss;
    if (!isPossible(greater)) whenLess(bounds);
    else if (!isPossible(less)) whenGreater(bounds);
    else {
      const toLess = (): void => whenLess(new Map([...bounds, [feature, less]]));
      const toGreater = (): void => whenGreater(new Map([...bounds, [feature, greater]]));
      const isNumber = [feature, Number.POSITIVE_INFINITY, 0] as const;
      const flags = (missingIsLess ? MISSING_IS_LESS : 0) | (isStrict ? IS_STRICT : 0);
      // Where all numbers go one way, the split tells what is missing from them.
      if (less.upTo <= less.above) this.split(isNumber, toGreater, toLess);
      else if (greater.upTo <= greater.above) this.split(isNumber, toLess, toGreater);
      else this.split([feature, floatAt(threshold), flags], toLess, toGreater);
    }
  }

  private convert(tree: Tree, bounds: Bounds): void {
    if (isLeaf(tree)) {
      this.push(LEAF, this.leaf(tree), 0, 0);
      return;
    }
    const equality = equalityOf(tree);
    if (equality) this.convertSet(setOf(equality), bounds);
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
    const isStrict = mode === "BRANCH_LT" || mode === "BRANCH_GTE";
    // No comparison with what is not a number holds.
    const never = turned ? INFINITY : BELOW_ALL;
    const threshold = Number.isNaN(split.threshold) ? never : floorPlace(split.threshold, isStrict);
    const [less, greater] = turned ? [whenFalse, whenTrue] : [whenTrue, whenFalse];
    const question = { feature, threshold, missingIsLess: turned !== missingIsTrue, isStrict };
    this.less(question, bounds, this.to(less), this.to(greater));
  }

  /** One value above which, or below which, a feature has none is a threshold; other sets are asked for as such. */
  private convertSet({ feature, members, missingIsMember, member, other }: Equality, bounds: Bounds): void {
    const known = bounds.get(feature) ?? ANYTHING;
    const float = members.filter((value) => Math.fround(value) === value);
    const places = [...new Set(float.map(placeOf))].filter((at) => at > known.above && at <= known.upTo);
    places.sort((a, b) => a - b);
    const missing = known.mayMiss && missingIsMember;
    if (places.length === 0) {
      const question = { feature, threshold: BELOW_ALL, missingIsLess: missing, isStrict: false };
      this.less(question, bounds, this.to(member), this.to(other));
      return;
    }
    const inside = { above: places[0]! - 1, upTo: places.at(-1)!, mayMiss: missing };
    const outside = { ...known, mayMiss: known.mayMiss && !missing };
    const set = this.set(places.map(floatAt));
    this.split(
      [feature, set, IS_SET | (missing ? MISSING_IS_LESS : 0)],
      () => this.convert(member, new Map([...bounds, [feature, inside]])),
      () => this.convert(other, new Map([...bounds, [feature, outside]])),
    );
  }
}
