/** Walking the table of nodes that `tree_ensemble` describes. */

/** Rows of NODE_COLUMNS numbers. */
export type Nodes = ArrayLike<number>;

/** Feature or LEAF; threshold, set or leaf; row that follows where the next one does not; flags. */
export const NODE_COLUMNS = 4;
export const LEAF = -1;

/** Flags of a split. A missing value goes on to the next row. */
export const MISSING_IS_LESS = 1;
/** The model asked x < t, and the threshold is the float32 before t: what is equal to t goes the other way. */
export const IS_STRICT = 2;
/** The next row follows for values of a set, whose index in `sets` stands where a threshold would. */
export const IS_SET = 4;

/** Splits may be short up to this number of features, where none of the flags is set: see tree_table.ts. */
export const SHORT_FEATURES = 128;
export const LONG_FLAGS = MISSING_IS_LESS | IS_SET;

/** Rows of a table of nodes. */
export function* rowsOf(nodes: Nodes): Generator<readonly [number, number, number, number]> {
  for (let i = 0; i < nodes.length; i += NODE_COLUMNS)
    yield [nodes[i]!, nodes[i + 1]!, nodes[i + 2]!, nodes[i + 3]!];
}

const knownRoots = new WeakMap<Nodes, readonly number[]>();

/** First row of every tree; tables of nodes do not change, and a forest is walked once for each sample. */
export function rootsOf(nodes: Nodes): readonly number[] {
  const roots = knownRoots.get(nodes) ?? findRoots(nodes);
  knownRoots.set(nodes, roots);
  return roots;
}

/** In preorder a tree ends with the leaf that leaves no child open. */
function findRoots(nodes: Nodes): number[] {
  const roots: number[] = [];
  const count = nodes.length / NODE_COLUMNS;
  for (let row = 0, open = 0; row < count; row++) {
    if (open === 0) {
      roots.push(row);
      open = 1;
    }
    open += nodes[row * NODE_COLUMNS] === LEAF ? -1 : 1;
  }
  return roots;
}

/** The values of the set that begins at an index of `sets`: their count, then they. */
export const membersOf = (sets: ArrayLike<number>, start: number): number[] =>
  Array.from({ length: sets[start]! }, (_, i) => sets[start + 1 + i]!);

/** Facts beside their nodes that trees are walked by. */
export interface Walk {
  readonly nodes: Nodes;
  readonly sets: ArrayLike<number>;
  /** The integer that stands for a missing value; of float nodes NaN, which is missing in any case. */
  readonly missing: number;
}

function isMember(sets: ArrayLike<number>, start: number, value: number): boolean {
  const end = start + sets[start]!;
  for (let at = start + 1; at <= end; at++) if (sets[at] === value) return true;
  return false;
}

/** Whether a value goes on to the next row of a split's. */
function goesOn({ nodes, sets, missing }: Walk, row: number, value: number): boolean {
  const [threshold, flags] = [nodes[row + 1]!, nodes[row + 3]!];
  if ((Number.isNaN(value) || value === missing) && (flags & MISSING_IS_LESS) !== 0) return true;
  return (flags & IS_SET) === 0 ? value <= threshold : isMember(sets, threshold, value);
}

/** The leaf that a sample comes to. */
export function walk(by: Walk, root: number, x: ArrayLike<number>): number {
  const { nodes } = by;
  let row = root * NODE_COLUMNS;
  for (let feature = nodes[row]!; feature !== LEAF; feature = nodes[row]!)
    row = goesOn(by, row, x[feature]!) ? row + NODE_COLUMNS : nodes[row + 2]! * NODE_COLUMNS;
  return nodes[row + 1]!;
}

/** The work that a walk through each tree is expected to take. */
export interface Work {
  readonly trees: number;
  /** Splits on the way to all leaves, and how many of them the tables have as long ones. */
  readonly splits: number;
  readonly longSplits: number;
  /** Values other than 0 of these leaves, and at least one for each. */
  readonly terms: number;
}

/**
 * The mean over all leaves of a tree, as if samples came to each of them as often: of the forests in test/models it is
 * off by 9 % at most, where as many to the left as to the right at each split would be off by 30 %.
 */
export function expectedWork(nodes: Nodes, leaves: ArrayLike<number>, targets: number): Work {
  const valuesOf = (leaf: number): number => {
    let count = 0;
    for (let t = 0; t < targets; t++) if (leaves[leaf * targets + t] !== 0) count++;
    return Math.max(count, 1);
  };
  const roots = rootsOf(nodes);
  const sums = { splits: 0, longSplits: 0, terms: 0 };
  roots.forEach((root, tree) => {
    const end = roots[tree + 1] ?? nodes.length / NODE_COLUMNS;
    // In preorder the next row is the child of the split that was met last: what lies above those that are to come.
    const open: (readonly [depth: number, long: number])[] = [[0, 0]];
    let [count, depths, longs, values] = [0, 0, 0, 0];
    for (let row = root; row < end; row++) {
      const [depth, long] = open.pop()!;
      const feature = nodes[row * NODE_COLUMNS]!;
      if (feature === LEAF) {
        count++;
        depths += depth;
        longs += long;
        values += valuesOf(nodes[row * NODE_COLUMNS + 1]!);
      } else {
        const isLong = feature >= SHORT_FEATURES || (nodes[row * NODE_COLUMNS + 3]! & LONG_FLAGS) !== 0;
        const below = [depth + 1, long + (isLong ? 1 : 0)] as const;
        open.push(below, below);
      }
    }
    sums.splits += depths / count;
    sums.longSplits += longs / count;
    sums.terms += values / count;
  });
  return { trees: roots.length, ...sums };
}
