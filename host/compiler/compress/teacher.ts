/** The network that a compressed one is to equal: a float graph, or the integers of a file that had been quantised before. */
import {
  fromBytes,
  type Graph,
  type Node,
  perTensor,
  type Tensor,
  type TensorData,
  tensorOf,
} from "../../ir/graph.ts";
import { borderOf, type Sample, toFloatInputs, toInputBytes } from "../../ops/border.ts";
import { operatorOf } from "../../ops/index.ts";
import type { Trace } from "../../runtime/engines/reference.ts";
import { channelOf } from "../quantize/constants.ts";
import type { LayerRows } from "../quantize/layer_rows.ts";
import { traceOf } from "../quantize/layers.ts";

/** Real weights of a layer of one group, [channels, terms], and its biases. */
export interface RealLayer {
  readonly weights: readonly Float64Array[];
  readonly bias: Float64Array;
}

export interface Teacher {
  readonly graph: Graph;
  readonly samples: readonly Sample[];
  /** Real values of a tensor, one array for each sample. */
  valuesOf(tensor: string): readonly Float32Array[];
  /** The node of that name: the two graphs name layers alike. */
  nodeOf(name: string): Node | undefined;
}

/** Real values of a computed tensor. */
export function realValues(tensor: Tensor, data: TensorData): Float32Array {
  if (data instanceof Float32Array) return data;
  const { scale, zeroPoint } = borderOf(tensor);
  return Float32Array.from(data, (value) => (value - zeroPoint) * scale);
}

/** The values of all tensors for one sample. */
export function traceSample(graph: Graph, sample: Sample): Trace {
  const isFloat = tensorOf(graph, graph.inputs[0]!).dtype === "float32";
  const inputs = isFloat
    ? toFloatInputs(graph, sample)
    : toInputBytes(graph, sample).map((bytes, i) =>
        fromBytes(tensorOf(graph, graph.inputs[i]!).dtype, bytes),
      );
  return traceOf(graph, inputs);
}

export function teacherOf(graph: Graph, samples: readonly Sample[]): Teacher {
  const traces = samples.map((sample) => traceSample(graph, sample));
  const nodes = new Map(graph.nodes.map((node) => [node.name, node]));
  return {
    graph,
    samples,
    valuesOf: (name) => traces.map((trace) => realValues(tensorOf(graph, name), trace.get(name)!)),
    nodeOf: (name) => nodes.get(name),
  };
}

/** Real numbers that a constant's integers stand for. */
export function realConstant(tensor: Tensor): Float64Array {
  const { data, quantization } = tensor;
  if (!quantization) return Float64Array.from(data!);
  const { scales, zeroPoints, axis } = quantization;
  const channel = scales.length > 1 ? channelOf(tensor, axis) : () => 0;
  return Float64Array.from(data!, (value, i) => (value - zeroPoints[channel(i)]!) * scales[channel(i)]!);
}

/** Biases count in steps of input times weights, by definition: files need not say so. */
function realBias(bias: Tensor, input: Tensor, weights: Tensor): Float64Array {
  if (bias.dtype === "float32") return Float64Array.from(bias.data!);
  const { scale } = perTensor(input);
  const { scales } = weights.quantization!;
  return Float64Array.from(bias.data!, (value, c) => value * scale * scales[scales.length === 1 ? 0 : c]!);
}

/** Real weights and biases of a node's layer. */
export function realLayer(graph: Graph, node: Node, { channels, terms, weight }: LayerRows): RealLayer {
  const rule = operatorOf(node.op).quantization;
  const weights = tensorOf(graph, node.inputs[rule.weights!.input]!);
  const values = realConstant(weights);
  const bias = graph.tensors.get(node.inputs[rule.bias ?? -1] ?? "");
  return {
    weights: Array.from({ length: channels }, (_, channel) =>
      Float64Array.from({ length: terms }, (__, term) => values[weight(channel, term)]!),
    ),
    bias: bias ? realBias(bias, tensorOf(graph, node.inputs[0]!), weights) : new Float64Array(channels),
  };
}
