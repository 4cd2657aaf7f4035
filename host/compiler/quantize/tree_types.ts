/** Types of what forests read and write in a quantised graph: the inputs scaled for them, and their sums. */
import { type Graph, quantized, type Tensor, tensorOf } from "../../ir/graph.ts";
import type { Range } from "../../ops/activation.ts";
import { operatorOf } from "../../ops/index.ts";
import type { Precision } from "../../ops/scales.ts";
import { IS_SET, LEAF, membersOf, rowsOf } from "../../ops/tree_nodes.ts";
import { adaptReaders } from "./scale_inputs.ts";
import { nodesOf, readersOf, setsOf, treesOf } from "./scale_trees.ts";
import { RANGES } from "./tree_grid.ts";

/** Whether an input is scaled for forests and for others that read it too. */
function isShared(graph: Graph, name: string): boolean {
  const { trees, others } = readersOf(graph, name);
  const input = tensorOf(graph, name);
  const features = input.shape.at(-1) ?? 1;
  const identity = { offsets: Array<number>(features).fill(0), factors: Array<number>(features).fill(1) };
  return (
    trees.length > 0 &&
    others.length > 0 &&
    input.scaling !== undefined &&
    adaptReaders(graph, input, identity, others) !== undefined
  );
}

const isBetweenIntegers = (threshold: number, { min, max }: Range): boolean =>
  !Number.isFinite(threshold) || (Number.isInteger(threshold - 0.5) && threshold > min && threshold < max);

const isInside = (member: number, { min, max }: Range): boolean =>
  !Number.isFinite(member) || (Number.isInteger(member) && member > min && member < max);

/** An input that has been scaled for the forests that read it, as quantised. */
export function treeInput(graph: Graph, name: string): Tensor | undefined {
  const trees = treesOf(graph, name);
  if (trees.length === 0) return undefined;
  const fits = (range: Range): boolean =>
    trees.every((node) => {
      const sets = setsOf(graph, node)?.data ?? [];
      return [...rowsOf(nodesOf(graph, node).data!)].every(
        ([feature, value, , flags]) =>
          feature === LEAF ||
          ((flags & IS_SET) === 0
            ? isBetweenIntegers(value, range)
            : membersOf(sets, value).every((member) => isInside(member, range))),
      );
    });
  const { others } = readersOf(graph, name);
  if (others.length > 0 && !isShared(graph, name)) return undefined;
  // Others that read it need more integers than thresholds show.
  const types = others.length > 0 ? (["int16"] as const) : (["int8", "int16"] as const);
  const dtype = types.find((type) => fits(RANGES[type]));
  return dtype && { ...tensorOf(graph, name), dtype, quantization: quantized(1, 0) };
}

/** A quantised input whose features all have one map without offset: as a scale of the tensor that is fewer bytes. */
export function withScale(tensor: Tensor): Tensor {
  const { scaling, ...rest } = tensor;
  const factor = scaling?.factors[0] ?? 1;
  const isAlike =
    scaling &&
    !scaling.missing &&
    !scaling.edges &&
    scaling.offsets.every((offset) => offset === 0) &&
    scaling.factors.every((other) => other === factor) &&
    1 / (1 / factor) === factor;
  return isAlike ? { ...rest, quantization: quantized(1 / factor, 0) } : tensor;
}

/** Tensors on the way to what forests compare with their thresholds, where nodes compute that. */
function comparedOf(graph: Graph): readonly string[] {
  const compared = new Set(
    graph.nodes.filter(({ op }) => op === "tree_ensemble").map(({ inputs }) => inputs[0]!),
  );
  const found: string[] = [];
  for (const { op, inputs, outputs } of graph.nodes.toReversed()) {
    if (op === "tree_ensemble" || !compared.has(outputs[0]!)) continue;
    if (operatorOf(op).types.includes("int16")) found.push(outputs[0]!);
    for (const input of inputs) if (!tensorOf(graph, input).data) compared.add(input);
  }
  const isDirect = (name: string): boolean => readersOf(graph, name).trees.length > 0;
  return [...found, ...graph.inputs.filter((name) => compared.has(name) && !isDirect(name))];
}

/**
 * Sums of forests are of int16, and so is all that can be computed of them. What forests compare is of int16 too, where
 * nodes compute it: a step of int8 is wider than thresholds are apart.
 */
export function treePrecision(
  graph: Graph,
  precision: ReadonlyMap<string, Precision>,
): ReadonlyMap<string, Precision> {
  const all = new Map(precision);
  for (const name of comparedOf(graph)) if (!all.has(name)) all.set(name, "int16");
  const shared = graph.inputs.filter((name) => isShared(graph, name));
  const ofTrees = new Set<string>(shared);
  for (const name of shared) all.set(name, "int16");
  for (const { op, inputs, outputs } of graph.nodes) {
    const { types } = operatorOf(op);
    const isWide = op === "tree_ensemble" || inputs.some((input) => ofTrees.has(input));
    if (!isWide || !types.includes("int16")) continue;
    if (!all.has(outputs[0]!)) all.set(outputs[0]!, "int16");
    if (all.get(outputs[0]!) === "int16") ofTrees.add(outputs[0]!);
  }
  return all;
}
