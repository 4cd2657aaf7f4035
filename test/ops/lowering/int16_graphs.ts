/** Random graphs of one node with 16-bit values, made from those of 8 bits: all values and scales have 8 bits more. */
import fc from "fast-check";
import { lcgBytes } from "../../../host/compiler/verify/vectors.ts";
import { allocate, type Graph, type Node, type Tensor, type TensorData } from "../../../host/ir/graph.ts";
import { clamp } from "../../../host/ops/fixed_point.ts";
import { operatorOf } from "../../../host/ops/index.ts";
import { graphs } from "./graphs.ts";

/** Eight more bits below, which are noise. */
function widened(data: TensorData, seed: number): TensorData {
  const wide = allocate("int16", data.length);
  const noise = lcgBytes(seed, data.length).bytes;
  data.forEach((value, i) => {
    wide[i] = 256 * value + noise[i]!;
  });
  return wide;
}

/** Functions with tables refuse scales that leave a table few inputs, others quotients from 2^31 on. */
const SCALES = { min: 2 ** -18, max: 4 };

function widen(tensor: Tensor, seed: number): Tensor {
  const { scales, axis } = tensor.quantization!;
  return {
    ...tensor,
    dtype: "int16",
    quantization: {
      scales: scales.map((scale) => clamp(scale / 256, SCALES.min, SCALES.max)),
      zeroPoints: scales.map(() => 0),
      axis,
    },
    ...(tensor.data && { data: widened(tensor.data, seed) }),
  };
}

export interface Wide {
  readonly input: boolean;
  readonly weights: boolean;
  readonly output: boolean;
  /** Sums of 32 bits, which only some kernels have. */
  readonly narrowSums: boolean;
}

export const ALL: Wide = { input: true, weights: false, output: true, narrowSums: false };

/** The graph with some of its tensors of 16 bits; the bias grows with the input and the weights. */
export function widenGraph(graph: Graph, wide: Wide, seed: number): Graph {
  const node = graph.nodes[0]!;
  const { weights, bias, output } = operatorOf(node.op).quantization;
  const fixed = output.kind === "fixed" && wide.output ? output.int16 : undefined;
  const change = (tensor: Tensor): Tensor => {
    if (tensor.name === node.inputs[bias ?? -1]) {
      const bits = (wide.input ? 8 : 0) + (wide.weights ? 8 : 0);
      return { ...tensor, data: tensor.data!.map((value) => value << bits) as Int32Array };
    }
    if (tensor.name === node.inputs[weights?.input ?? -1]) return wide.weights ? widen(tensor, seed) : tensor;
    if (node.outputs.includes(tensor.name))
      return wide.output ? { ...widen(tensor, seed), ...(fixed && { quantization: fixed }) } : tensor;
    return wide.input ? widen(tensor, seed) : tensor;
  };
  const nodes: Node[] = wide.narrowSums
    ? [{ ...node, attributes: { ...node.attributes, narrowSums: true } }]
    : [node];
  return {
    ...graph,
    nodes,
    tensors: new Map([...graph.tensors].map(([name, tensor]) => [name, change(tensor)])),
  };
}

const seeds = fc.integer({ min: 0, max: 0xffff });
const wideGraphs = (op: string, wides: readonly Wide[] = [ALL]): fc.Arbitrary<Graph> =>
  fc
    .tuple(graphs[op]!, fc.constantFrom(...wides), seeds)
    .map(([graph, wide, seed]) => widenGraph(graph, wide, seed));

const NARROW: Wide = { ...ALL, narrowSums: true };
export const INPUT: Wide = { ...ALL, output: false };
export const OUTPUT: Wide = { ...ALL, input: false };
export const WEIGHTS: Wide = { ...ALL, weights: true };

/** By operator; for some all combinations of types that have a kernel. */
export const int16Graphs: Readonly<Record<string, fc.Arbitrary<Graph>>> = {
  add: wideGraphs("add"),
  average_pool2d: wideGraphs("average_pool2d"),
  batch_matmul: wideGraphs("batch_matmul"),
  clip: wideGraphs("clip"),
  concatenation: wideGraphs("concatenation"),
  conv2d: wideGraphs("conv2d", [ALL, ALL, NARROW]),
  depthwise_conv2d: wideGraphs("depthwise_conv2d"),
  div: wideGraphs("div"),
  fully_connected: wideGraphs("fully_connected", [
    ALL,
    NARROW,
    INPUT,
    OUTPUT,
    WEIGHTS,
    { ...WEIGHTS, output: false },
  ]),
  hard_swish: wideGraphs("hard_swish"),
  leaky_relu: wideGraphs("leaky_relu"),
  logistic: wideGraphs("logistic"),
  max_pool2d: wideGraphs("max_pool2d"),
  mean: wideGraphs("mean"),
  mul: wideGraphs("mul"),
  pad: wideGraphs("pad"),
  quantize: wideGraphs("quantize", [ALL, INPUT, OUTPUT]),
  reduce_sum: wideGraphs("reduce_sum"),
  relu: wideGraphs("relu"),
  reshape: wideGraphs("reshape"),
  resize_bilinear: wideGraphs("resize_bilinear"),
  resize_nearest: wideGraphs("resize_nearest"),
  softmax: wideGraphs("softmax"),
  strided_slice: wideGraphs("strided_slice"),
  sub: wideGraphs("sub"),
  tanh: wideGraphs("tanh"),
  transpose: wideGraphs("transpose"),
  unary_function: wideGraphs("unary_function"),
};
