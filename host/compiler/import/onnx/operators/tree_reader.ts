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

type StoredSplit = Extract<StoredNode, { split: unknown }>;

/** Numbers that ONNX Runtime makes sets of. */
const MOST_MEMBER = 32;

const isMember = ({ split: { mode, threshold } }: StoredSplit): boolean =>
  mode === "BRANCH_EQ" && Number.isInteger(threshold) && threshold >= 1 && threshold <= MOST_MEMBER;

/**
 * ONNX Runtime makes one condition of equalities that lead to one node, and asks the first alone where missing values go;
 * by ONNX each of them says it for itself.
 */
function checkSet(first: StoredSplit, next: StoredNode): void {
  if ("leaf" in next || !isMember(first) || !isMember(next)) return;
  const isOneSet = first.split.feature === next.split.feature && first.children[0] === next.children[0];
  if (isOneSet && !first.split.missingIsTrue && next.split.missingIsTrue)
    throw new ModelError(
      `${next.name}: expected missing values to go where they do at ${first.name}, which is of the same set, found the other way: ONNX and ONNX Runtime decide differently then`,
    );
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
    if ("split" in node) checkSet(node, nodeAt(node.children[1]));
    const made = "leaf" in node ? { tree: share(node.leaf), height: 0 } : visitSplit(node);
    open.delete(number);
    known.set(number, made);
    return made;
  };
  const visitSplit = ({ name, split, children }: StoredSplit) => {
    const [whenTrue, whenFalse] = [visit(children[0]), visit(children[1])];
    const height = 1 + Math.max(whenTrue.height, whenFalse.height);
    if (height > MAX_DEPTH) throw new ModelError(`${name}: expected trees of at most ${MAX_DEPTH} levels`);
    return { tree: share({ ...split, whenTrue: whenTrue.tree, whenFalse: whenFalse.tree }), height };
  };
  return { read: (root) => visit(root).tree, visited: () => known.size };
}
