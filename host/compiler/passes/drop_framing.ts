import { type Graph, type Node, redirect, tensorOf, writers } from "../../ir/graph.ts";
import { operatorOf } from "../../ops/index.ts";
import { bind } from "../../ops/operator.ts";

/** The numbers of a row outside of which its values are 0: its writer's, through changes of type. */
function zeroOutside(
  graph: Graph,
  nodes: ReadonlyMap<string, Node>,
  name: string,
): readonly [number, number] | undefined {
  const node = nodes.get(name);
  if (!node) return undefined;
  const { zeroOutside: of } = operatorOf(node.op);
  return node.op === "cast" ? zeroOutside(graph, nodes, node.inputs[0]!) : of(bind(graph, node));
}

/** The row that a concatenation of zeros, a part of the row, and zeros again is. */
function framed(graph: Graph, nodes: ReadonlyMap<string, Node>, node: Node): string | undefined {
  const output = tensorOf(graph, node.outputs[0]!);
  const at = node.inputs.findIndex((name) => nodes.get(name)?.op === "strided_slice");
  if (node.op !== "concatenation" || output.shape.length !== 1 || at < 0) return undefined;
  const others = node.inputs.filter((_, i) => i !== at).map((name) => tensorOf(graph, name));
  if (!others.every(({ data }) => data?.every((x) => x === 0))) return undefined;
  const slice = nodes.get(node.inputs[at]!)!;
  const [begin, end, step] = ["begin", "end", "strides"].map(
    (key) => (slice.attributes[key] as number[])[0]!,
  );
  const row = tensorOf(graph, slice.inputs[0]!);
  const before = node.inputs.slice(0, at).reduce((sum, name) => sum + tensorOf(graph, name).shape[0]!, 0);
  const used = zeroOutside(graph, nodes, row.name);
  const isFrame = used && step === 1 && before === begin && row.shape.join() === output.shape.join();
  return isFrame && begin! <= used[0] && used[1] <= end! ? row.name : undefined;
}

/** Zeros that take the place of values that are 0 anyway are left out, as around the energies that a file keeps. */
export const dropFraming = (graph: Graph): Graph =>
  graph.nodes.reduce((current, node) => {
    const output = node.outputs[0]!;
    const row = current.outputs.includes(output) ? undefined : framed(current, writers(current), node);
    return row === undefined ? current : redirect(current, output, row);
  }, graph);
