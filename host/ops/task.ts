/** The task of a model, as far as its graph tells it: its builder may know better (`--task`). */
import {
  elements,
  type Graph,
  type Node,
  readers,
  type Task,
  type Tensor,
  tensorOf,
  writers,
} from "../ir/graph.ts";
import { operatorOf } from "./index.ts";

const SHARES: readonly string[] = ["softmax", "log_softmax", "logistic", "normalize"];

/** The output that a model is judged by: that with labels, or else the index of a class or cluster, or the first. */
export function judgedOutput(graph: Graph): number {
  const outputs = graph.outputs.map((name) => tensorOf(graph, name));
  const labelled = outputs.findIndex(({ labels }) => labels !== undefined);
  return Math.max(labelled >= 0 ? labelled : outputs.findIndex(isIndex), 0);
}

/** The number of a class or a cluster. */
export const isIndex = ({ dtype, shape, quantization }: Tensor): boolean =>
  dtype === "int32" && !quantization && elements(shape) === 1;

/** The node that makes the values of a tensor. */
function makerOf(graph: Graph, name: string): Node | undefined {
  const writer = writers(graph);
  let node = writer.get(name);
  while (node && operatorOf(node.op).moves) node = writer.get(node.inputs[0]!);
  return node;
}

/** Fewest values that everything between inputs and outputs passes through at some step. */
function narrowest(graph: Graph): number {
  const lastRead = new Map<string, number>();
  const readBy = readers(graph);
  const at = new Map(graph.nodes.map((node, i) => [node, i]));
  for (const [name, nodes] of readBy) lastRead.set(name, Math.max(...nodes.map((node) => at.get(node)!)));
  const alive = new Map(graph.inputs.map((name) => [name, elements(tensorOf(graph, name).shape)]));
  const sum = (): number => [...alive.values()].reduce((total, n) => total + n, 0);
  return graph.nodes.reduce((least, node, i) => {
    for (const name of node.outputs) alive.set(name, elements(tensorOf(graph, name).shape));
    for (const name of [...alive.keys()])
      if ((lastRead.get(name) ?? -1) <= i && !graph.outputs.includes(name)) alive.delete(name);
    return Math.min(least, sum());
  }, sum());
}

/** Values from which an output as long as the input is no list of classes that happens to be. */
const LEAST_RECONSTRUCTED = 8;

function isAutoencoder(graph: Graph, output: Tensor): boolean {
  const [input, ...others] = graph.inputs.map((name) => tensorOf(graph, name));
  const count = elements(output.shape);
  return (
    others.length === 0 &&
    count >= LEAST_RECONSTRUCTED &&
    elements(input!.shape) === count &&
    narrowest(graph) < count
  );
}

/** Axes of more than one value. */
const extent = ({ shape }: Tensor): number => shape.filter((n) => n > 1).length;

/** The task of the graph, by the operator that makes its output. */
export function taskOf(graph: Graph): Task {
  if (graph.task) return graph.task;
  const output = tensorOf(graph, graph.outputs[judgedOutput(graph)]!);
  const op = makerOf(graph, output.name)?.op ?? "";
  if (output.labels) return "classification";
  if (isIndex(output)) return op === "arg_min" ? "clustering" : "classification";
  if (isAutoencoder(graph, output)) return "autoencoder";
  if (output.shape.length === 4 && extent(output) >= 2) return "image";
  if (SHARES.includes(op)) return "classification";
  return elements(output.shape) === 1 || extent(output) >= 2 ? "regression" : "classification";
}
