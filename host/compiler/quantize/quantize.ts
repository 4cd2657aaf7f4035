import { type Attributes, type Graph, ModelError, type Node, type Tensor, tensorOf } from "../../ir/graph.ts";
import { tensorNames } from "../../ir/names.ts";
import type { Range } from "../../ops/activation.ts";
import { operatorOf } from "../../ops/index.ts";
import { type Bound, bind, type Operator } from "../../ops/operator.ts";
import type { Precision } from "../../ops/scales.ts";
import { quantizeConstants } from "./constants.ts";
import { alignInputs, groupTensors, quantizationOf } from "./groups.ts";
import { integerPrecision } from "./integer_inputs.ts";
import { nearestPrecision } from "./nearest_types.ts";
import { treeInput, treePrecision, withScale } from "./tree_types.ts";

export type { Precision } from "../../ops/scales.ts";

export interface QuantizeOptions {
  /**
   * Types by tensor name, int8 where it says nothing: of computed tensors and inputs, and of weights. A
   * layer computes in its output's type; inputs of another are rescaled for it.
   */
  readonly precision?: ReadonlyMap<string, Precision>;
}

/** The output's quantisation by the operator's rule, or that of the input where values are only moved. */
function outputType(
  node: Bound<Attributes>,
  { outputType: own, quantization }: Operator,
): Pick<Tensor, "dtype" | "quantization"> | undefined {
  if (own) return own(node);
  const moved = quantization.output.kind === "same" ? node.inputs[0] : undefined;
  if (!moved || moved.data || moved.dtype === "int8") return undefined;
  return { dtype: moved.dtype, ...(moved.quantization && { quantization: moved.quantization }) };
}

/** A model that is quantised in part has scales already, which new ones would contradict. */
function checkFloat(graph: Graph): void {
  for (const { name, dtype } of graph.tensors.values()) {
    if (dtype === "float32" || dtype === "int32") continue;
    throw new ModelError(
      `tensor ${name}: expected a model of float32 or one of int8 throughout, found ${dtype} beside float32`,
    );
  }
}

/** Where nothing prescribes an operator's bits, it takes what is smallest. */
function withOwnAttributes(node: Node, tensors: ReadonlyMap<string, Tensor>): Node {
  const { int16Attributes } = operatorOf(node.op).quantization;
  const isInt16 = tensors.get(node.outputs[0]!)?.dtype === "int16";
  return isInt16 && int16Attributes
    ? { ...node, attributes: { ...node.attributes, ...int16Attributes } }
    : node;
}

/**
 * Turns a float graph into an integer one with the semantics of the TFLite reference kernels: activations
 * of int8 asymmetric per tensor, of int16 symmetric; weights symmetric per output channel, biases int32.
 * `ranges` must cover every computed tensor; they are the real values that its integers stand for.
 */
export function quantizeGraph(
  graph: Graph,
  ranges: ReadonlyMap<string, Range>,
  options: QuantizeOptions = {},
): Graph {
  checkFloat(graph);
  const given = nearestPrecision(graph, integerPrecision(graph, options.precision ?? new Map()));
  const precision = treePrecision(graph, given);
  const groups = groupTensors(graph, ranges, precision);
  const aligned = alignInputs(graph, groups, precision);
  const tensors = new Map(aligned.tensors);
  for (const [name, group] of groups) {
    const quantization = quantizationOf(group);
    tensors.set(name, { ...tensorOf(aligned, name), dtype: group.precision, quantization });
  }
  const treeInputs = graph.inputs.flatMap((name) => treeInput(aligned, name) ?? []);
  for (const input of treeInputs) tensors.set(input.name, input);
  const scaled = { ...aligned, tensors };
  const unique = tensorNames(aligned);
  // In execution order: an operator may choose its output's type from what it reads.
  const parts = aligned.nodes.map((node) => {
    const type = outputType(bind(scaled, node), operatorOf(node.op));
    if (type) tensors.set(node.outputs[0]!, { ...tensorOf(aligned, node.outputs[0]!), ...type });
    return quantizeConstants(scaled, node, precision, unique);
  });
  const used = new Set(parts.flatMap(({ node }) => [...node.inputs, ...node.outputs]).concat(graph.inputs));
  for (const { tensors: added } of parts) for (const tensor of added) tensors.set(tensor.name, tensor);
  for (const input of treeInputs) tensors.set(input.name, withScale(input));
  return {
    ...scaled,
    nodes: parts.map(({ node }) => withOwnAttributes(node, tensors)),
    tensors: new Map([...tensors].filter(([name]) => used.has(name))),
  };
}
