/** Layers of an integer graph replaced one after another, each seeing what the replaced ones before it make of samples. */
import {
  fromBytes,
  type Graph,
  type Node,
  type Tensor,
  type TensorData,
  tensorOf,
  withTensors,
} from "../../ir/graph.ts";
import { type Sample, toInputBytes } from "../../ops/border.ts";
import { bind } from "../../ops/operator.ts";
import { evaluateLayer } from "./layers.ts";

/** Integer values of one sample by tensor name: of constants, and of what was computed so far. */
export type Values = ReadonlyMap<string, TensorData>;

/** Nodes in the place of one, the last of which writes its output; and the tensors that they need. */
export interface Replacement {
  readonly nodes: readonly Node[];
  readonly tensors: readonly Tensor[];
  /** More of them, where these depend on what the first make of the samples. */
  readonly next?: (graph: Graph, values: readonly Values[]) => Replacement;
}

/** Runs the nodes on each sample. */
function evaluate(
  graph: Graph,
  { nodes, tensors }: Replacement,
  values: readonly Map<string, TensorData>[],
): void {
  const bounds = nodes.map((node) => bind(graph, node));
  for (const each of values) {
    for (const { name, data } of tensors) if (data) each.set(name, data);
    nodes.forEach(({ op, inputs, outputs }, i) => {
      const results = evaluateLayer(
        op,
        bounds[i]!,
        inputs.map((name) => each.get(name)),
      );
      outputs.forEach((name, o) => {
        each.set(name, results[o]!);
      });
    });
  }
}

function startOf(graph: Graph, sample: Sample): Map<string, TensorData> {
  const constants = [...graph.tensors.values()].flatMap(({ name, data }) =>
    data ? [[name, data] as const] : [],
  );
  const inputs = toInputBytes(graph, sample).map((bytes, i) => {
    const name = graph.inputs[i]!;
    return [name, fromBytes(tensorOf(graph, name).dtype, bytes)] as const;
  });
  return new Map<string, TensorData>([...constants, ...inputs]);
}

/** The graph with every node replaced by what `replace` gives for it; undefined leaves it as it is. */
export function replaceLayers(
  start: Graph,
  samples: readonly Sample[],
  replace: (graph: Graph, node: Node, values: readonly Values[]) => Replacement | undefined,
): Graph {
  const values = samples.map((sample) => startOf(start, sample));
  const nodes: Node[] = [];
  let graph = start;
  for (const node of start.nodes) {
    let replacement: Replacement | undefined = replace(graph, node, values) ?? { nodes: [node], tensors: [] };
    while (replacement) {
      graph = withTensors(graph, replacement.tensors);
      nodes.push(...replacement.nodes);
      evaluate(graph, replacement, values);
      replacement = replacement.next?.(graph, values);
    }
  }
  return { ...graph, nodes };
}
