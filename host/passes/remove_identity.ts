import { type Graph, type Node, redirect, tensorOf } from "../ir/graph.ts";

/** Whether the node's output is its input, value by value and in shape, type and scale. */
function isIdentity(graph: Graph, node: Node): boolean {
  if (
    !["reshape", "quantize", "dequantize", "pad", "concatenation"].includes(node.op) ||
    node.inputs.length !== 1
  )
    return false;
  const [input, output] = [tensorOf(graph, node.inputs[0]!), tensorOf(graph, node.outputs[0]!)];
  return (
    input.dtype === output.dtype &&
    input.shape.join() === output.shape.join() &&
    JSON.stringify(input.quantization) === JSON.stringify(output.quantization)
  );
}

/** Drops nodes that change nothing, unless that would leave an input or a constant as an output. */
export function removeIdentity(graph: Graph): Graph {
  let current = graph;
  for (const { name } of graph.nodes) {
    const node = current.nodes.find((candidate) => candidate.name === name)!;
    if (!isIdentity(current, node)) continue;
    const [input, output] = [node.inputs[0]!, node.outputs[0]!];
    const isOutput = current.outputs.includes(output);
    if (isOutput && (current.inputs.includes(input) || tensorOf(current, input).data)) continue;
    current = redirect({ ...current, nodes: current.nodes.filter((other) => other !== node) }, output, input);
  }
  return current;
}
