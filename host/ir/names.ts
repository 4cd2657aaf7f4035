import type { Graph } from "./graph.ts";

/**
 * Gives out names that nobody has yet: the one asked for, or with a number from `first` on. It goes
 * on counting where it was for that name: a file may use one name for all.
 */
export function nameGiver(taken: Iterable<string>): (base: string, first?: number) => string {
  const used = new Set(taken);
  const next = new Map<string, number>();
  return (base, first = 1) => {
    let name = base;
    let n = Math.max(first, next.get(base) ?? 0);
    while (used.has(name)) name = `${base}#${n++}`;
    next.set(base, n);
    used.add(name);
    return name;
  };
}

/** Names for tensors that a pass makes: none is one of the graph's, whatever the model calls its own. */
export const tensorNames = (graph: Graph): ((base: string) => string) => nameGiver(graph.tensors.keys());

/** Names for nodes that a pass makes. */
export const nodeNames = (graph: Graph): ((base: string) => string) =>
  nameGiver(graph.nodes.map(({ name }) => name));
