import {
  type Attributes,
  elements,
  type Graph,
  ModelError,
  type Node,
  perTensor,
  type Quantization,
  type Tensor,
  type TensorData,
  tensorOf,
} from "../ir/graph.ts";
import { clamp, roundHalfAway } from "../ops/fixed_point.ts";
import { operatorOf } from "../ops/index.ts";
import { type Bound, bind, type Operator } from "../ops/operator.ts";
import type { Statistics } from "./calibrate.ts";
import { asymmetric, symmetricScales } from "./scales.ts";

/** Tensors that must share one quantisation: the values of a group's members move between them. */
interface Group {
  min: number;
  max: number;
  fixed: Quantization | undefined;
}

type Groups = Map<string, Group>;

function merge(groups: Groups, into: Group, from: Group): void {
  into.min = Math.min(into.min, from.min);
  into.max = Math.max(into.max, from.max);
  for (const [name, group] of groups) if (group === from) groups.set(name, into);
}

const inputsOf = (graph: Graph, node: Node): string[] =>
  node.inputs.filter((name) => name !== "" && !tensorOf(graph, name).data);

/** One group per tensor, joined where an operator only moves values. */
function groupTensors(graph: Graph, statistics: ReadonlyMap<string, Statistics>): Groups {
  const groups: Groups = new Map();
  const own = (name: string, fixed?: Quantization): Group => {
    const { min, max } = statistics.get(name)!;
    return { min, max, fixed };
  };
  for (const input of graph.inputs) groups.set(input, own(input));
  for (const node of graph.nodes) {
    const rule = operatorOf(node.op).quantization.output;
    const output = node.outputs[0]!;
    // A scale of the operator's own is found later: see `quantizeNodes`.
    const group = own(output, rule.kind === "fixed" ? rule.quantization : undefined);
    groups.set(output, group);
    if (rule.kind !== "same") continue;
    const inputs = inputsOf(graph, node);
    const only = groups.get(inputs[0]!);
    if (node.inputs.length === 1 && only) merge(groups, only, group);
    // Inputs whose quantisation is prescribed are rescaled instead: see `alignInputs`.
    else for (const input of inputs) if (!groups.get(input)!.fixed) merge(groups, group, groups.get(input)!);
  }
  return groups;
}

/** Inserts a rescaling where an operator that only moves values gets an input of another scale. */
function alignInputs(graph: Graph, groups: Groups): Graph {
  const tensors = new Map(graph.tensors);
  const nodes = graph.nodes.flatMap((node) => {
    if (operatorOf(node.op).quantization.output.kind !== "same") return [node];
    const target = groups.get(node.outputs[0]!)!;
    const added: Node[] = [];
    const inputs = node.inputs.map((input, i) => {
      const group = groups.get(input);
      if (!group || group === target) return input;
      const name = `${node.name}_rescaled_${i}`;
      tensors.set(name, { ...tensorOf(graph, input), name });
      groups.set(name, target);
      added.push({ name, op: "quantize", inputs: [input], outputs: [name], attributes: {} });
      return name;
    });
    return [...added, { ...node, inputs }];
  });
  return { ...graph, tensors, nodes };
}

const quantizeValues = (
  data: TensorData,
  scaleOf: (i: number) => number,
  zeroPoint: number,
  low: number,
): Int8Array =>
  Int8Array.from(data, (value, i) => clamp(roundHalfAway(value / scaleOf(i)) + zeroPoint, low, 127));

/** Channel number of each element of a tensor, along `axis`. */
function channelOf(tensor: Tensor, axis: number): (i: number) => number {
  const stride = elements(tensor.shape.slice(axis + 1));
  return (i) => Math.floor(i / stride) % tensor.shape[axis]!;
}

function quantizeWeights(
  weights: Tensor,
  axis: number,
  bias: Tensor | undefined,
  inputScale: number,
): Tensor {
  const channel = channelOf(weights, axis);
  const channels: number[][] = Array.from({ length: weights.shape[axis]! }, () => []);
  weights.data!.forEach((value, i) => {
    channels[channel(i)]!.push(value);
  });
  const perChannel = symmetricScales(channels, bias?.data ?? [], inputScale);
  // Equal scales are one scale: the dense kernel for that is smaller, and so is its table.
  const scales = perChannel.every((scale) => scale === perChannel[0]) ? [perChannel[0]!] : perChannel;
  return {
    ...weights,
    dtype: "int8",
    data: quantizeValues(weights.data!, (i) => scales[scales.length === 1 ? 0 : channel(i)]!, 0, -127),
    quantization: { scales, zeroPoints: scales.map(() => 0), axis },
  };
}

function quantizeBias(bias: Tensor, weights: Tensor, inputScale: number): Tensor {
  const { scales } = weights.quantization!;
  const scaleOf = (i: number): number => inputScale * scales[scales.length === 1 ? 0 : i]!;
  const product = scales.map((scale) => Math.fround(inputScale * scale));
  return {
    ...bias,
    dtype: "int32",
    shape: [bias.data!.length],
    data: Int32Array.from(bias.data!, (value, i) => roundHalfAway(value / scaleOf(i))),
    quantization: { scales: product, zeroPoints: product.map(() => 0), axis: 0 },
  };
}

function rangeOf(data: TensorData): Quantization {
  let [min, max] = [0, 0];
  for (const value of data) {
    min = Math.min(min, value);
    max = Math.max(max, value);
  }
  return asymmetric(min, max);
}

function quantizeConstant(tensor: Tensor, quantization: Quantization): Tensor {
  const { scales, zeroPoints } = quantization;
  return {
    ...tensor,
    dtype: "int8",
    data: quantizeValues(tensor.data!, () => scales[0]!, zeroPoints[0]!, -128),
    quantization,
  };
}

/** The constants of one node, quantised under names of their own: two nodes may share a constant. */
function quantizeConstants(graph: Graph, node: Node): { node: Node; tensors: Tensor[] } {
  const rule = operatorOf(node.op).quantization;
  const tensors: Tensor[] = [];
  const inputs = [...node.inputs];
  const operator = operatorOf(node.op);
  const replace = (i: number, tensor: Tensor): Tensor => {
    const renamed = { ...tensor, name: `${tensor.name}@${node.name}` };
    tensors.push(renamed);
    inputs[i] = renamed.name;
    return renamed;
  };
  const constantAt = (i: number): Tensor | undefined => {
    const tensor = graph.tensors.get(node.inputs[i] ?? "");
    return tensor?.data ? tensor : undefined;
  };
  if (operator.quantizeConstants) {
    for (const [i, tensor] of operator.quantizeConstants(bind(graph, node))) replace(i, tensor);
    return { node: { ...node, inputs }, tensors };
  }
  if (rule.weights) {
    const weights = constantAt(rule.weights.input);
    if (!weights)
      throw new ModelError(`node ${node.name}: expected constant weights, found a computed tensor`);
    const bias = constantAt(rule.bias ?? -1);
    const inputScale = perTensor(tensorOf(graph, node.inputs[0]!)).scale;
    const quantizedWeights = replace(
      rule.weights.input,
      quantizeWeights(weights, rule.weights.axis, bias, inputScale),
    );
    if (bias) replace(rule.bias!, quantizeBias(bias, quantizedWeights, inputScale));
  }
  // Beside computed values that are only moved, a constant has to have their scale.
  const moved = rule.output.kind === "same" ? tensorOf(graph, node.outputs[0]!).quantization : undefined;
  node.inputs.forEach((_, i) => {
    const tensor = constantAt(i);
    if (tensor && i !== rule.weights?.input && i !== rule.bias)
      replace(i, quantizeConstant(tensor, moved ?? rangeOf(tensor.data!)));
  });
  return { node: { ...node, inputs }, tensors };
}

/** What an operator says of its output, or what only moved values have been before. */
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

/**
 * Turns a float graph into an int8 one with the semantics of the TFLite reference kernels:
 * activations asymmetric per tensor, weights symmetric per output channel, biases int32.
 * `statistics` must cover every computed tensor.
 */
export function quantizeGraph(graph: Graph, statistics: ReadonlyMap<string, Statistics>): Graph {
  checkFloat(graph);
  const groups = groupTensors(graph, statistics);
  const aligned = alignInputs(graph, groups);
  const tensors = new Map(aligned.tensors);
  for (const [name, group] of groups) {
    tensors.set(name, {
      ...tensorOf(aligned, name),
      dtype: "int8",
      quantization: group.fixed ?? asymmetric(group.min, group.max),
    });
  }
  const scaled = { ...aligned, tensors };
  // In execution order: an operator may choose its output's type from what it reads.
  const parts = aligned.nodes.map((node) => {
    const bound = bind(scaled, node);
    const type = outputType(bound, operatorOf(node.op));
    if (type) tensors.set(node.outputs[0]!, { ...tensorOf(graph, node.outputs[0]!), ...type });
    return quantizeConstants(scaled, node);
  });
  const used = new Set(parts.flatMap(({ node }) => [...node.inputs, ...node.outputs]).concat(graph.inputs));
  for (const { tensors: added } of parts) for (const tensor of added) tensors.set(tensor.name, tensor);
  return {
    ...scaled,
    nodes: parts.map(({ node }) => node),
    tensors: new Map([...tensors].filter(([name]) => used.has(name))),
  };
}
