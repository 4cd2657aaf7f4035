/** Leaves of forests in bytes where that changes no prediction. */
import { evaluateGraph } from "../engines/reference.ts";
import { elements, type Graph, type Node, tensorOf } from "../ir/graph.ts";
import { roundHalfAway } from "../ops/fixed_point.ts";
import { stepOf } from "../ops/tree_ensemble.ts";
import { rootsOf, walk } from "../ops/tree_nodes.ts";
import { argmax } from "./compare.ts";
import { type Sample, toFloatInputs } from "./samples.ts";

const BYTE = 8;
/** Sums may differ by so much of their range: of a regressor, and of scores whose order counts. */
const TOLERANCE = { value: 1e-3, score: 1e-2 } as const;

type Sums = readonly number[];

/** Sums of a sample with the leaves as they are, and rounded to steps. */
function bothSums(graph: Graph, node: Node, x: ArrayLike<number>, step: number): readonly [Sums, Sums] {
  const [nodes, leaves, base] = node.inputs.slice(1).map((name) => tensorOf(graph, name).data!);
  const targets = base!.length;
  const exact = Array.from(base!, Number);
  const rounded = Array.from(base!, (value) => step * roundHalfAway(value / step));
  for (const root of rootsOf(nodes!)) {
    const leaf = walk(nodes!, root, x) * targets;
    for (let t = 0; t < targets; t++) {
      exact[t]! += leaves![leaf + t]!;
      rounded[t]! += step * roundHalfAway(leaves![leaf + t]! / step);
    }
  }
  return [exact, rounded];
}

/** Whether bytes do for a forest whose first input has these values. */
function bytesDo(
  graph: Graph,
  node: Node,
  inputs: readonly ArrayLike<number>[],
  isClassifier: boolean,
): boolean {
  const [nodes, leaves, base] = node.inputs.slice(1).map((name) => tensorOf(graph, name).data!);
  const step = stepOf(nodes!, leaves!, base!, BYTE);
  const sums = inputs.map((x) => bothSums(graph, node, x, step));
  const all = sums.flatMap(([exact]) => exact);
  const least = all.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const greatest = all.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const tolerance = (greatest - least) * (isClassifier ? TOLERANCE.score : TOLERANCE.value);
  return sums.every(([exact, rounded]) => {
    const near = exact.every((sum, i) => Math.abs(sum - rounded[i]!) <= tolerance);
    return near && (!isClassifier || argmax(exact) === argmax(rounded));
  });
}

/** The graph with `leafBits` of every forest as narrow as the samples allow. */
export function leafBitsOf(graph: Graph, samples: readonly Sample[]): Graph {
  if (!graph.nodes.some(({ op }) => op === "tree_ensemble")) return graph;
  const isClassifier = graph.outputs.some((name) => tensorOf(graph, name).labels !== undefined);
  const values = samples.map((sample) => evaluateGraph(graph, toFloatInputs(graph, sample)));
  const nodes = graph.nodes.map((node): Node => {
    if (node.op !== "tree_ensemble") return node;
    const inputs = values.map((all) => all.get(node.inputs[0]!)!);
    const isScore = isClassifier && elements(tensorOf(graph, node.outputs[0]!).shape) > 1;
    return bytesDo(graph, node, inputs, isScore)
      ? { ...node, attributes: { ...node.attributes, leafBits: BYTE } }
      : node;
  });
  return { ...graph, nodes };
}
