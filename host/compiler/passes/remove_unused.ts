import type { Graph } from "../../ir/graph.ts";

/** Nodes and tensors that no output depends on. Graph inputs stay: they are the module's interface. */
export function removeUnused(graph: Graph): Graph {
  const needed = new Set(graph.outputs);
  const kept = [...graph.nodes].reverse().filter((node) => {
    if (!node.outputs.some((output) => needed.has(output))) return false;
    for (const input of node.inputs) needed.add(input);
    return true;
  });
  const nodes = kept.reverse();
  const used = new Set([
    ...graph.inputs,
    ...graph.outputs,
    ...nodes.flatMap((node) => [...node.inputs, ...node.outputs]),
  ]);
  return { ...graph, nodes, tensors: new Map([...graph.tensors].filter(([name]) => used.has(name))) };
}
