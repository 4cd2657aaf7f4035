import { type Graph, type Node, readers, tensorOf, withTensors } from "../../ir/graph.ts";

const isScale = (graph: Graph, { op, inputs, attributes }: Node): boolean =>
  op === "mul" &&
  attributes["activation"] === "none" &&
  inputs.some(
    (name) => tensorOf(graph, name).data?.length === 1 && tensorOf(graph, name).dtype === "float32",
  );

/** The only node that reads what `node` makes. */
function onlyReader(graph: Graph, node: Node): Node | undefined {
  const users = readers(graph).get(node.outputs[0]!) ?? [];
  return users.length === 1 && !graph.outputs.includes(node.outputs[0]!) ? users[0] : undefined;
}

/** Float graphs: one factor for all values goes behind a reshape, where a dense layer can take it in. */
export function sinkScale(graph: Graph): Graph {
  let current = graph;
  for (const node of graph.nodes) {
    const reshape = isScale(current, node) ? onlyReader(current, node) : undefined;
    const dense = reshape?.op === "reshape" ? onlyReader(current, reshape) : undefined;
    const x = node.inputs.find((name) => !tensorOf(current, name).data);
    if (!reshape || dense?.op !== "fully_connected" || x === undefined) continue;
    const between = tensorOf(current, node.outputs[0]!);
    if (tensorOf(current, x).shape.join() !== between.shape.join()) continue;
    const { shape } = tensorOf(current, reshape.outputs[0]!);
    const first: Node = { ...reshape, inputs: [x], outputs: [between.name] };
    const second: Node = {
      ...node,
      inputs: node.inputs.map((name) => (name === x ? between.name : name)),
      outputs: reshape.outputs,
    };
    const nodes = current.nodes
      .filter((other) => other !== node)
      .flatMap((other) => (other === reshape ? [first, second] : [other]));
    current = withTensors({ ...current, nodes }, [{ ...between, shape }]);
  }
  return current;
}
