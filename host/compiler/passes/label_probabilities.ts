import { elements, type Graph, tensorOf, withTensors, writers } from "../../ir/graph.ts";
import { operatorOf } from "../../ops/index.ts";

/**
 * Gives an output of one value that a logistic writes two labels, 0 and 1: it is the probability of the second of
 * two classes, and decides at one half. Files say nothing of that.
 */
export function labelProbabilities(graph: Graph): Graph {
  const writer = writers(graph);
  const isLogistic = (name: string): boolean => {
    const node = writer.get(name);
    if (!node) return false;
    return node.op === "logistic" || (operatorOf(node.op).keepsOrder === true && isLogistic(node.inputs[0]!));
  };
  const found = graph.outputs
    .map((name) => tensorOf(graph, name))
    .filter(({ name, shape, labels }) => elements(shape) === 1 && !labels && isLogistic(name));
  return found.length === 0
    ? graph
    : withTensors(
        graph,
        found.map((tensor) => ({ ...tensor, labels: ["0", "1"] })),
      );
}
