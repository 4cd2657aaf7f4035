import { type Graph, type Node, type Tensor, tensorOf, withTensors } from "../../ir/graph.ts";
import { tensorNames } from "../../ir/names.ts";
import { LEAF, NODE_COLUMNS } from "../../ops/tree_nodes.ts";

/** The choice of columns that a forest reads, where it reads one. */
function choiceOf(graph: Graph, node: Node): Node | undefined {
  if (node.op !== "tree_ensemble") return undefined;
  const choice = graph.nodes.find(({ outputs }) => outputs[0] === node.inputs[0]);
  const input = choice && tensorOf(graph, choice.inputs[0]!);
  return choice?.op === "select" && input!.shape.length === 2 && input!.shape[0] === 1 ? choice : undefined;
}

/** A forest's nodes with the columns that its features were chosen from, under a name of their own. */
function renumbered(nodes: Tensor, indices: readonly number[], name: string): Tensor {
  const data = Float32Array.from(nodes.data!, (value, i) =>
    i % NODE_COLUMNS === 0 && value !== LEAF ? indices[value]! : value,
  );
  return { ...nodes, name, data };
}

/** Forests ask for the columns that they are about: what a choice of features before them leaves out costs nothing. */
export function chooseInTrees(graph: Graph): Graph {
  const tensors: Tensor[] = [];
  const unique = tensorNames(graph);
  const nodes = graph.nodes.map((node) => {
    const choice = choiceOf(graph, node);
    const table = choice && tensorOf(graph, node.inputs[1]!);
    if (!choice || table?.dtype !== "float32" || !table.data) return node;
    const name = unique(`${table.name}@${choice.name}`);
    const own = renumbered(table, choice.attributes["indices"] as readonly number[], name);
    tensors.push(own);
    return { ...node, inputs: [choice.inputs[0]!, own.name, ...node.inputs.slice(2)] };
  });
  return tensors.length === 0 ? graph : withTensors({ ...graph, nodes }, tensors);
}
