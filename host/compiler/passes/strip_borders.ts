import {
  type Graph,
  type Node,
  readers,
  type Tensor,
  tensorOf,
  withTensors,
  writers,
} from "../../ir/graph.ts";

const sameQuantization = (graph: Graph, a: Node, b: Node): boolean =>
  JSON.stringify(tensorOf(graph, a.outputs[0]!).quantization) ===
  JSON.stringify(tensorOf(graph, b.outputs[0]!).quantization);

/** A float input that is only quantised, always alike: the quantised tensor becomes the input. */
function stripInput(graph: Graph, input: string): Graph {
  const users = readers(graph).get(input) ?? [];
  const first = users[0];
  if (tensorOf(graph, input).dtype !== "float32" || graph.outputs.includes(input)) return graph;
  if (!first || !users.every((node) => node.op === "quantize" && sameQuantization(graph, node, first)))
    return graph;
  const { name, dtype, shape, ...facts } = tensorOf(graph, input);
  const quantized: Tensor = { ...facts, ...tensorOf(graph, first.outputs[0]!) };
  const merged = new Map(users.map((node) => [node.outputs[0]!, first.outputs[0]!]));
  const swap = (name: string): string => merged.get(name) ?? name;
  const stripped: Graph = {
    ...withTensors(graph, [quantized]),
    inputs: graph.inputs.map((name) => (name === input ? first.outputs[0]! : name)),
    outputs: graph.outputs.map(swap),
    nodes: graph.nodes
      .filter((node) => !users.includes(node))
      .map((node) => ({ ...node, inputs: node.inputs.map(swap) })),
  };
  return withTensors(stripped, [{ name, dtype, shape }]);
}

/** A float output that comes straight from a dequantisation: the quantised tensor becomes the output. */
function stripOutput(graph: Graph, output: string): Graph {
  const writer = writers(graph).get(output);
  if (writer?.op !== "dequantize") return graph;
  return { ...graph, outputs: graph.outputs.map((name) => (name === output ? writer.inputs[0]! : name)) };
}

/**
 * The module's inputs and outputs are the quantised tensors; their scales are in its metadata, and
 * whoever calls it converts. What was dequantised only for an output goes with `remove unused`.
 */
export function stripBorders(graph: Graph): Graph {
  const inputs = graph.inputs.reduce(stripInput, graph);
  return inputs.outputs.reduce(stripOutput, inputs);
}
