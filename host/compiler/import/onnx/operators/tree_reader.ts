/** Nodes by number, which lead to each other in whatever way a file says, as trees. */
import { ModelError } from "../../../../ir/graph.ts";
import { type Leaf, MAX_DEPTH, type Split, sharing, type Tree } from "./tree.ts";

/** A node as a file has it, with its name for messages; children by their numbers. */
export type StoredNode =
  | { readonly name: string; readonly leaf: Leaf }
  | {
      readonly name: string;
      readonly split: Omit<Split, "whenTrue" | "whenFalse">;
      readonly children: readonly [whenTrue: number, whenFalse: number];
    };

export interface TreeReader {
  /** The tree of a root. Throws ModelError for a ring and for too many levels. */
  readonly read: (root: number) => Tree;
  /** How many nodes all trees so far have led to. */
  readonly visited: () => number;
}

/** Several nodes may lead to one: subtrees are shared then. */
export function treeReader(nodeAt: (number: number) => StoredNode): TreeReader {
  const share = sharing();
  const known = new Map<number, { readonly tree: Tree; readonly height: number }>();
  const open = new Set<number>();
  const visit = (number: number): { readonly tree: Tree; readonly height: number } => {
    const before = known.get(number);
    if (before) return before;
    const node = nodeAt(number);
    if (open.has(number)) throw new ModelError(`${node.name}: expected trees, found a ring of nodes`);
    if (open.size > MAX_DEPTH)
      throw new ModelError(`${node.name}: expected trees of at most ${MAX_DEPTH} levels`);
    open.add(number);
    const made = "leaf" in node ? { tree: share(node.leaf), height: 0 } : visitSplit(node);
    open.delete(number);
    known.set(number, made);
    return made;
  };
  const visitSplit = ({ name, split, children }: Extract<StoredNode, { split: unknown }>) => {
    const [whenTrue, whenFalse] = [visit(children[0]), visit(children[1])];
    const height = 1 + Math.max(whenTrue.height, whenFalse.height);
    if (height > MAX_DEPTH) throw new ModelError(`${name}: expected trees of at most ${MAX_DEPTH} levels`);
    return { tree: share({ ...split, whenTrue: whenTrue.tree, whenFalse: whenFalse.tree }), height };
  };
  return { read: (root) => visit(root).tree, visited: () => known.size };
}
