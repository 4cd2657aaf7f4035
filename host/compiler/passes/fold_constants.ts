import { type Graph, tensorOf, withTensors } from "../../ir/graph.ts";
import { operatorOf } from "../../ops/index.ts";
import { bind } from "../../ops/operator.ts";

/** Nodes whose inputs are all constants are computed now. */
export function foldConstants(graph: Graph): Graph {
  let current = graph;
  for (const node of graph.nodes) {
    const inputs = node.inputs.filter((name) => name !== "").map((name) => tensorOf(current, name));
    if (inputs.length === 0 || !inputs.every((tensor) => tensor.data)) continue;
    const bound = bind(current, node);
    const results = operatorOf(node.op).evaluate(
      bound,
      bound.inputs.map((tensor) => tensor?.data),
    );
    const folded = bound.outputs.map((output, i) => ({ ...output, data: results[i]! }));
    current = { ...withTensors(current, folded), nodes: current.nodes.filter((other) => other !== node) };
  }
  return current;
}
