/** Trees as ONNX has them. Equal subtrees are one object, as some of LightGBM's are in the file. */

const ORDERS = ["BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ"] as const;

/** By the numbers that TreeEnsemble has for them. */
export const MODES = [...ORDERS, "BRANCH_MEMBER"] as const;
export type Mode = (typeof MODES)[number];

export interface Split {
  readonly feature: number;
  readonly mode: Mode;
  readonly threshold: number;
  /** The set of BRANCH_MEMBER. */
  readonly members?: readonly number[];
  /** Where a value that is missing goes as if it fulfilled the condition. */
  readonly missingIsTrue: boolean;
  readonly whenTrue: Tree;
  readonly whenFalse: Tree;
}

/** The terms that a leaf adds, by target. */
export interface Leaf {
  readonly values: ReadonlyMap<number, number>;
}

export type Tree = Split | Leaf;

export const isLeaf = (tree: Tree): tree is Leaf => "values" in tree;

/** Far deeper than any tree that was trained; more would exhaust the stack here. */
export const MAX_DEPTH = 500;

/** Gives equal trees, whose children it has given, as one object. */
export function sharing(): (tree: Tree) => Tree {
  const known = new Map<string, Tree>();
  const numbers = new Map<Tree, number>();
  return (tree) => {
    const key = isLeaf(tree)
      ? [...tree.values].flat().join()
      : [
          tree.mode,
          tree.feature,
          tree.threshold,
          tree.members,
          tree.missingIsTrue,
          numbers.get(tree.whenTrue),
          numbers.get(tree.whenFalse),
        ].join();
    const same = known.get(key);
    if (same) return same;
    known.set(key, tree);
    numbers.set(tree, numbers.size);
    return tree;
  };
}

/** Applies a function to what every leaf adds; what was one object stays one. */
export function leafMapper(
  map: (values: ReadonlyMap<number, number>) => ReadonlyMap<number, number>,
): (tree: Tree) => Tree {
  const mapped = new Map<Tree, Tree>();
  const visit = (tree: Tree): Tree => {
    const known = mapped.get(tree);
    if (known) return known;
    const made = isLeaf(tree)
      ? { values: map(tree.values) }
      : { ...tree, whenTrue: visit(tree.whenTrue), whenFalse: visit(tree.whenFalse) };
    mapped.set(tree, made);
    return made;
  };
  return visit;
}

/** Every split and leaf of some trees, each object once. */
export function distinctNodes(trees: readonly Tree[]): ReadonlySet<Tree> {
  const seen = new Set<Tree>();
  const visit = (tree: Tree): void => {
    if (seen.has(tree)) return;
    seen.add(tree);
    if (isLeaf(tree)) return;
    visit(tree.whenTrue);
    visit(tree.whenFalse);
  };
  trees.forEach(visit);
  return seen;
}
