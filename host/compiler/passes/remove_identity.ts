import { type Graph, type Node, redirect, tensorOf } from "../../ir/graph.ts";
import { operatorOf } from "../../ops/index.ts";

/** The input that the node hands on as it is, if there is one: 0 stands for -0 too. */
function handedOn(graph: Graph, { op, inputs, attributes }: Node): string | undefined {
  const { keepsOrder, neutral } = operatorOf(op);
  if (inputs.length === 1) return keepsOrder ? inputs[0] : undefined;
  if (neutral === undefined || (attributes["activation"] ?? "none") !== "none") return undefined;
  // Exporters write such nodes for a scale of 1 and an offset of 0.
  const at = inputs.findIndex((name) =>
    tensorOf(graph, name).data?.every((value) => value === neutral.value),
  );
  const isFloat = at >= 0 && tensorOf(graph, inputs[at]!).dtype === "float32";
  return isFloat && (neutral.operand === "either" || at === 1) ? inputs[1 - at] : undefined;
}

/** Whether the node's output is its input, value by value and in shape, type and scale. */
function isIdentity(graph: Graph, node: Node): boolean {
  const from = handedOn(graph, node);
  if (from === undefined) return false;
  const [input, output] = [tensorOf(graph, from), tensorOf(graph, node.outputs[0]!)];
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
    const [input, output] = [handedOn(current, node)!, node.outputs[0]!];
    const isOutput = current.outputs.includes(output);
    if (isOutput && (current.inputs.includes(input) || tensorOf(current, input).data)) continue;
    current = redirect({ ...current, nodes: current.nodes.filter((other) => other !== node) }, output, input);
  }
  return current;
}
