import { fromBytes, type Graph, type TensorData, tensorOf, toBytes } from "../ir/graph.ts";
import { operatorOf } from "../ops/index.ts";
import { bind } from "../ops/operator.ts";
import type { Vector } from "./engine.ts";

/** Values of all tensors of a graph for one set of inputs, by name. */
export type Trace = ReadonlyMap<string, TensorData>;

/**
 * The reference interpreter: evaluates node by node what `host/ops` says each operator means. It
 * runs on the graph, float or quantised, not on a module; its results define what is right.
 */
export function evaluateGraph(graph: Graph, inputs: readonly TensorData[]): Trace {
  const values = new Map<string, TensorData>();
  for (const tensor of graph.tensors.values()) if (tensor.data) values.set(tensor.name, tensor.data);
  graph.inputs.forEach((name, i) => {
    values.set(name, inputs[i]!);
  });
  for (const node of graph.nodes) {
    const results = operatorOf(node.op).evaluate(
      bind(graph, node),
      node.inputs.map((name) => values.get(name)),
    );
    node.outputs.forEach((name, i) => {
      values.set(name, results[i]!);
    });
  }
  return values;
}

/** Graph outputs in order for each vector of raw input bytes. */
export function runReference(graph: Graph, vectors: readonly Vector[]): Vector[] {
  return vectors.map((vector) => {
    const inputs = graph.inputs.map((name, i) => fromBytes(tensorOf(graph, name).dtype, vector[i]!));
    const trace = evaluateGraph(graph, inputs);
    return graph.outputs.map((name) => toBytes(trace.get(name)!));
  });
}
