import { type Graph, type Node, readers } from "../../ir/graph.ts";

/**
 * For every node in order, asks `rewrite` whether it can absorb the only node that reads its
 * output. The merged node takes the reader's place and output. Shared by the fusing passes.
 */
export function fuseWithReader(
  graph: Graph,
  rewrite: (graph: Graph, node: Node, reader: Node) => Node | undefined,
): Graph {
  let current = graph;
  for (const { name } of graph.nodes) {
    const node = current.nodes.find((candidate) => candidate.name === name);
    const output = node?.outputs[0];
    if (!node || output === undefined || current.outputs.includes(output)) continue;
    const users = readers(current).get(output) ?? [];
    const reader = users[0];
    if (users.length !== 1 || !reader) continue;
    const merged = rewrite(current, node, reader);
    if (!merged) continue;
    current = {
      ...current,
      nodes: current.nodes
        .filter((other) => other !== node)
        .map((other) => (other === reader ? merged : other)),
    };
  }
  return current;
}
