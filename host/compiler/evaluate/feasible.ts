/** Whether a float graph can become integers at all: asked before the search, which takes its time. */
import { type Graph, ModelError, oneLine } from "../../ir/graph.ts";
import { operatorOf } from "../../ops/index.ts";
import { checkQuantized } from "../../ops/spec.ts";
import { lower } from "../plan/lower.ts";
import { quantizeGraph } from "../quantize/quantize.ts";
import { rangeBy } from "../quantize/range_methods.ts";
import type { Observed } from "../quantize/search.ts";

function faultOf({ graph, histograms }: Pick<Observed, "graph" | "histograms">): string | undefined {
  const ranges = new Map([...histograms].map(([name, histogram]) => [name, rangeBy("minmax", histogram)]));
  try {
    lower(checkQuantized(quantizeGraph(graph, ranges), "quantize"));
    return undefined;
  } catch (error) {
    if (error instanceof ModelError) return error.message;
    throw error;
  }
}

/** One node with its constants; undefined where what it reads is of a type that only another node's operator gives. */
function alone(graph: Graph, at: number): Graph | undefined {
  const node = graph.nodes[at]!;
  const computed = [...new Set(node.inputs)].filter((name) => name !== "" && !graph.tensors.get(name)!.data);
  const own = new Set(
    graph.nodes
      .filter(({ op }) => operatorOf(op).quantization.output.kind === "own")
      .flatMap(({ outputs }) => outputs),
  );
  if (computed.length === 0 || computed.some((name) => own.has(name) || graph.tensors.get(name)!.next))
    return undefined;
  const tensors = [...node.inputs.filter((name) => name !== ""), ...node.outputs].map(
    (name) => [name, graph.tensors.get(name)!] as const,
  );
  return {
    name: graph.name,
    tensors: new Map(tensors),
    nodes: [node],
    inputs: computed,
    outputs: node.outputs,
  };
}

/** Throws ModelError with every node that has no integer kernel, where the graph as a whole cannot be made. */
export function checkFeasible(observed: Observed): void {
  const first = faultOf(observed);
  if (first === undefined) return;
  const { graph, histograms } = observed;
  const others = graph.nodes.flatMap((_, at) => {
    const single = alone(graph, at);
    return (single && faultOf({ graph: single, histograms })) ?? [];
  });
  const all = [...new Set([first, ...others])];
  const line = all.length === 1 ? first : `${all.length} layers have no integer form: ${all.join("; ")}`;
  throw new ModelError(line, line === oneLine(line) ? undefined : all.join("\n"));
}
