/** Which tensors share a quantisation, and the rescalings where neighbours have different ones. */
import {
  type Attributes,
  type Graph,
  type Node,
  type Quantization,
  quantized,
  type Tensor,
  tensorOf,
} from "../../ir/graph.ts";
import { nodeNames, tensorNames } from "../../ir/names.ts";
import type { Range } from "../../ops/activation.ts";
import { operatorOf } from "../../ops/index.ts";
import { type Bound, bind } from "../../ops/operator.ts";
import { activationScale, type Precision, UNIT_INT16 } from "../../ops/scales.ts";
import { hasIntegerSteps, integerRange, integerSteps } from "./integer_inputs.ts";

/** Tensors that must share one quantisation: the values of a group's members move between them. */
export interface Group {
  min: number;
  max: number;
  precision: Precision;
  /** The quantisation that the operator prescribes for int8. */
  fixed: Quantization | undefined;
  /** Whether its values are whole numbers of inputs, which stay what they are where the type allows it. */
  readonly isInteger: boolean;
  /** Whether the operator finds a scale of its own, and only then: nothing can be joined with it before. */
  readonly isOwn: boolean;
}

export type Groups = Map<string, Group>;

export function quantizationOf({ min, max, precision, fixed, isInteger }: Group): Quantization {
  if (fixed) return precision === "int8" ? fixed : UNIT_INT16;
  const steps = isInteger ? integerSteps(precision, { min, max }) : undefined;
  return steps ?? activationScale(precision, min, max);
}

function merge(groups: Groups, into: Group, from: Group): void {
  into.min = Math.min(into.min, from.min);
  into.max = Math.max(into.max, from.max);
  if (from.precision === "int16") into.precision = "int16";
  for (const [name, group] of groups) if (group === from) groups.set(name, into);
}

export const computedInputs = (graph: Graph, node: Node): string[] =>
  node.inputs.filter((name) => name !== "" && !tensorOf(graph, name).data);

/** One group per tensor, joined where an operator only moves values. One member of int16 makes all int16. */
export function groupTensors(
  graph: Graph,
  ranges: ReadonlyMap<string, Range>,
  precision: ReadonlyMap<string, Precision>,
): Groups {
  const groups: Groups = new Map();
  const own = (name: string, fixed?: Quantization, isInteger = false, isOwn = false): Group => {
    const { min, max } = ranges.get(name)!;
    return { min, max, precision: precision.get(name) ?? "int8", fixed, isInteger, isOwn };
  };
  for (const name of graph.inputs) {
    const input = tensorOf(graph, name);
    const group = own(name, undefined, hasIntegerSteps(input, precision.get(name) ?? "int8"));
    groups.set(name, input.integers ? { ...group, ...integerRange(graph, input, group) } : group);
  }
  for (const node of graph.nodes) {
    const rule = operatorOf(node.op).quantization.output;
    const output = node.outputs[0]!;
    // A scale of the operator's own is found later: see `quantizeGraph`.
    const inputs = computedInputs(graph, node);
    const isInteger =
      rule.kind === "same" &&
      inputs.length === node.inputs.length &&
      inputs.every((input) => groups.get(input)!.isInteger);
    const fixed = rule.kind === "fixed" ? rule.quantization : undefined;
    const group = own(output, fixed, isInteger, rule.kind === "own");
    if (rule.kind === "own" && rule.dtype) group.precision = rule.dtype;
    groups.set(output, group);
    if (rule.kind !== "same") continue;
    const only = groups.get(inputs[0]!);
    if (node.inputs.length === 1 && only) merge(groups, only, group);
    // Inputs whose quantisation is prescribed or found later, and integers beside others, are rescaled: see `alignInputs`.
    else
      for (const input of inputs) {
        const other = groups.get(input)!;
        if (other.isOwn && other.precision === "int16") group.precision = "int16";
        if (!other.fixed && !other.isOwn && other.isInteger === isInteger) merge(groups, group, other);
      }
  }
  return groups;
}

/** The tensors of a node as they will be, for its operator to judge. */
function typed(
  graph: Graph,
  groups: Groups,
  node: Node,
  precision: ReadonlyMap<string, Precision>,
): Bound<Attributes> {
  const rule = operatorOf(node.op).quantization;
  const bound = bind(graph, node);
  const withGroup = (tensor: Tensor): Tensor => {
    const group = groups.get(tensor.name)!;
    return { ...tensor, dtype: group.precision, quantization: quantizationOf(group) };
  };
  const outputs = bound.outputs.map(withGroup);
  const inputs = bound.inputs.map((tensor, i) => {
    if (!tensor || groups.has(tensor.name)) return tensor && withGroup(tensor);
    const ofWeights = precision.get(tensor.name) ?? "int8";
    const operand = i === rule.weights?.input ? ofWeights : outputs[0]!.dtype;
    return { ...tensor, dtype: i === rule.bias ? "int32" : operand, quantization: quantized(1, 0) };
  });
  return { ...bound, inputs, outputs };
}

/** Which group each input of an operator must belong to, where that is not its own. */
function wantedGroups(
  graph: Graph,
  groups: Groups,
  node: Node,
  precision: ReadonlyMap<string, Precision>,
): (Group | undefined)[] {
  const { quantization, checkTypes } = operatorOf(node.op);
  const output = groups.get(node.outputs[0]!)!;
  const { kind } = quantization.output;
  // An operator that states its output type reads any; others may have kernels for inputs of another type.
  const mixes =
    kind === "own" || (checkTypes && checkTypes(typed(graph, groups, node, precision)) === undefined);
  return node.inputs.map((input) => {
    const group = groups.get(input);
    if (!group || group === output) return undefined;
    if (kind === "same") return output;
    return mixes || group.precision === output.precision
      ? undefined
      : { ...group, precision: output.precision };
  });
}

/** Inserts a rescaling where an operator that only moves values, or one of another type, gets an input. */
export function alignInputs(graph: Graph, groups: Groups, precision: ReadonlyMap<string, Precision>): Graph {
  const tensors = new Map<string, Tensor>(graph.tensors);
  const made = new Map<string, string>();
  const [uniqueTensor, uniqueNode] = [tensorNames(graph), nodeNames(graph)];
  const nodes = graph.nodes.flatMap((node) => {
    const added: Node[] = [];
    const groupsWanted = wantedGroups(graph, groups, node, precision);
    const inputs = node.inputs.map((input, i) => {
      const wanted = groupsWanted[i];
      if (!wanted) return input;
      const moved = groups.get(node.outputs[0]!) === wanted;
      // Every reader of that type shares one.
      const shared = `${input}_${wanted.precision}`;
      const known = moved ? undefined : made.get(shared);
      if (known !== undefined) return known;
      const name = uniqueTensor(moved ? `${node.name}_rescaled_${i}` : shared);
      if (!moved) made.set(shared, name);
      const { dtype, shape } = tensorOf(graph, input);
      tensors.set(name, { name, dtype, shape });
      groups.set(name, wanted);
      added.push({
        name: uniqueNode(name),
        op: "quantize",
        inputs: [input],
        outputs: [name],
        attributes: {},
      });
      return name;
    });
    return [...added, { ...node, inputs }];
  });
  return { ...graph, tensors, nodes };
}
