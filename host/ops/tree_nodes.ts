/** Walking the table of nodes that `tree_ensemble` describes. */

/** Rows of NODE_COLUMNS numbers. */
export type Nodes = ArrayLike<number>;

/** Feature or LEAF, threshold or leaf, next row where x > threshold, whether a missing value counts as less. */
export const NODE_COLUMNS = 4;
export const LEAF = -1;

/** First row of every tree. In preorder a tree ends with the leaf that leaves no child open. */
export function rootsOf(nodes: Nodes): number[] {
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

/** The leaf that a sample comes to. */
export function walk(nodes: Nodes, root: number, x: ArrayLike<number>): number {
  let row = root * NODE_COLUMNS;
  for (let feature = nodes[row]!; feature !== LEAF; feature = nodes[row]!) {
    const value = x[feature]!;
    const follows = Number.isNaN(value) ? nodes[row + 3] === 1 : value <= nodes[row + 1]!;
    row = follows ? row + NODE_COLUMNS : nodes[row + 2]! * NODE_COLUMNS;
  }
  return nodes[row + 1]!;
}
