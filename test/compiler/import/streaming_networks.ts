/** Random and chosen networks over a window of time, and what becomes of them where they stream. */
import { streamNetwork } from "../../../host/compiler/import/streaming.ts";
import {
  elements,
  type Graph,
  initialState,
  type Node,
  quantized,
  type Tensor,
  tensorOf,
} from "../../../host/ir/graph.ts";
import { operatorOf } from "../../../host/ops/index.ts";
import { bind } from "../../../host/ops/operator.ts";
import { evaluateGraph } from "../../../host/runtime/engines/reference.ts";
import { int8, int8Weights, int32Bias } from "../../support/graphs.ts";

/** One layer: the name of an operator and numbers that choose its attributes. */
export interface Layer {
  readonly kind: "conv" | "depthwise" | "max" | "average" | "relu" | "add" | "column";
  readonly size: number;
  readonly stride: number;
  readonly dilation: number;
  /** Zeros before the window, as many as the kernel reaches back; none otherwise. */
  readonly isCausal?: boolean;
}

interface Growing {
  readonly tensors: Map<string, Tensor>;
  readonly nodes: Node[];
}

/** Adds a node of int8; undefined where the kernel is larger than what it is over. */
function grow(
  { tensors, nodes }: Growing,
  op: string,
  inputs: readonly Tensor[],
  attributes: Node["attributes"],
): Tensor | undefined {
  const name = `${op}_${nodes.length}`;
  try {
    const [shape] = operatorOf(op).infer({ name, attributes, inputs });
    const { scales, zeroPoints } = inputs[0]!.quantization!;
    // A sum of so many random terms, which would not fit the scale of one.
    const terms = inputs.length < 3 ? 1 : elements(inputs[1]!.shape) / elements(inputs[2]!.shape);
    const scale = scales[0]! * (inputs.length < 3 ? 1 : 1.5 * Math.sqrt(terms));
    const output = { ...int8(name, shape!), quantization: quantized(scale, zeroPoints[0]!) };
    for (const each of [...inputs, output]) tensors.set(each.name, each);
    nodes.push({ name, op, inputs: inputs.map((each) => each.name), outputs: [name], attributes });
    return output;
  } catch (error) {
    if (/does not fit|window/.test((error as Error).message)) return undefined;
    throw error;
  }
}

const NONE = { activation: "none" };

/** One more layer on `last`, whose time is on `axis`. */
function growLayer(graph: Growing, last: Tensor, axis: 1 | 2, layer: Layer): Tensor | undefined {
  const { kind, size, stride, dilation, isCausal } = layer;
  const along = (time: number, other: number): number[] => (axis === 2 ? [other, time] : [time, other]);
  const channels = last.shape[3]!;
  const before = isCausal ? (size - 1) * (kind === "conv" || kind === "depthwise" ? dilation : 1) : 0;
  const kernel = along(size, axis === 2 ? 1 : Math.min(2, last.shape[2]!));
  const seed = graph.nodes.length + 7 * size;
  const constant = (shape: readonly number[], scale?: number): Tensor =>
    int8Weights(`weights_${graph.nodes.length}`, shape, seed, scale);
  const bias = (count: number): Tensor => int32Bias(`bias_${graph.nodes.length}`, count, seed);
  const image = { ...NONE, stride: along(stride, 1), padding: [0, 0, 0, 0].with(axis - 1, before) };
  const window = { ...image, dilation: along(dilation, 1) };
  switch (kind) {
    case "conv":
      return grow(graph, "conv2d", [last, constant([3, ...kernel, channels]), bias(3)], {
        ...window,
        groups: 1,
      });
    case "depthwise": {
      const inputs = [last, constant([1, ...kernel, channels]), bias(channels)];
      return grow(graph, "depthwise_conv2d", inputs, { ...window, depthMultiplier: 1 });
    }
    case "max":
    case "average":
      return grow(graph, `${kind}_pool2d`, [last], { ...image, kernel });
    case "relu":
      return grow(graph, "relu", [last], { activation: "relu" });
    case "add":
      return grow(graph, "add", [last, constant([1, 1, 1, channels], 0.05)], NONE);
    case "column": {
      // A value for each column: it has to see whole windows.
      const shape = last.shape.map((length, i) => (i === axis ? length : 1));
      return grow(graph, "add", [last, constant(shape, 0.05)], NONE);
    }
  }
}

/**
 * The layers one after the other over [1, frames, width, 1], or [1, 1, frames, width], and a dense layer on all of it, or on
 * its last column.
 */
export function networkOf(
  frames: number,
  width: number,
  isFlat: boolean,
  layers: readonly Layer[],
  isLast = false,
): Graph | undefined {
  const input = int8("window", [1, frames * width]);
  const graph: Growing = { tensors: new Map(), nodes: [] };
  const shape = isFlat ? [1, 1, frames, width] : [1, frames, width, 1];
  let last: Tensor | undefined = grow(graph, "reshape", [input], { shape });
  for (const layer of layers) last = last && growLayer(graph, last, isFlat ? 2 : 1, layer);
  if (!last) return undefined;
  if (isLast) {
    const begin = [0, 0, 0, 0].with(isFlat ? 2 : 1, last.shape[isFlat ? 2 : 1]! - 1);
    last = grow(graph, "strided_slice", [last], { begin, end: last.shape, strides: [1, 1, 1, 1] })!;
  }
  const count = elements(last.shape);
  const flat = grow(graph, "reshape", [last], { shape: [1, count] })!;
  const dense = [flat, int8Weights("dense", [4, count], 5), int32Bias("bias", 4, 5)];
  const output = grow(graph, "fully_connected", dense, { ...NONE, keepDims: false })!;
  return { name: "network", ...graph, inputs: [input.name], outputs: [output.name] };
}

/** The network that takes what is new, as a build makes it. */
export function streamed(network: Graph, fresh: number): Graph {
  const trace = evaluateGraph(network, [initialState(tensorOf(network, network.inputs[0]!))]);
  return streamNetwork(network, fresh, (name) => trace.get(name));
}

export const macsOf = (graph: Graph): number =>
  graph.nodes.reduce((sum, node) => sum + operatorOf(node.op).macs(bind(graph, node)), 0);
