/** Layers by their numbers: what each output channel does to a sum, without scales in between. */

import { elements, type Graph, type Quantization, type Shape, type Tensor } from "../../host/ir/graph.ts";
import type { Activation } from "../../host/ops/activation.ts";
import type { Choice, Choices } from "../../host/ops/lowering.ts";
import { CONV, graphOf, int8, node } from "./graphs.ts";

/** One output channel: clamp(round(sum * factor) + zero point), sum = bias + inputs * weights. */
export interface Channel {
  readonly weights: readonly number[];
  readonly bias: number;
  readonly factor: number;
}

export interface LayerOptions {
  readonly inputZeroPoint?: number;
  readonly zeroPoint?: number;
  readonly activation?: Activation;
  readonly pixels?: number;
}

const tables = (channels: readonly Channel[], weights: Tensor): readonly Tensor[] => [
  weights,
  { name: "b", dtype: "int32", shape: [channels.length], data: Int32Array.from(channels, (c) => c.bias) },
];

/** Scales of input and output are 1: a weight's scale is the channel's factor. */
const factors = (channels: readonly Channel[], axis: number): Quantization => ({
  scales: channels.map(({ factor }) => factor),
  zeroPoints: channels.map(() => 0),
  axis,
});

/** Weights whose first axis is the output channels'. */
const rows = (channels: readonly Channel[], shape: Shape): Tensor => ({
  name: "w",
  dtype: "int8",
  shape,
  quantization: factors(channels, 0),
  data: Int8Array.from(channels.flatMap((channel) => channel.weights)),
});

const layer = (
  op: string,
  constants: readonly Tensor[],
  inputShape: Shape,
  outputShape: Shape,
  attributes: Readonly<Record<string, number>>,
  { inputZeroPoint = 0, zeroPoint = 0, activation = "none" }: LayerOptions,
): Graph => {
  const { stride, dilation, padding } = CONV;
  return graphOf({
    name: op,
    tensors: [int8("x", inputShape, 1, inputZeroPoint), ...constants, int8("y", outputShape, 1, zeroPoint)],
    nodes: [
      node(op, ["x", "w", "b"], "y", { stride, dilation, padding, ...attributes, activation }, "layer"),
    ],
    inputs: ["x"],
    outputs: ["y"],
  });
};

/** A convolution with a window of one pixel over a row of pixels. */
export function pointwise(channels: readonly Channel[], options: LayerOptions = {}): Graph {
  const depth = channels[0]!.weights.length;
  const pixels = options.pixels ?? 1;
  return layer(
    "conv2d",
    tables(channels, rows(channels, [channels.length, 1, 1, depth])),
    [1, 1, pixels, depth],
    [1, 1, pixels, channels.length],
    { groups: 1 },
    options,
  );
}

/** A depthwise convolution of 3x3 over as many images of 5x4; nine weights for each channel. */
export function depthwise3x3(channels: readonly Channel[], options: LayerOptions = {}): Graph {
  const count = channels.length;
  const shape = [1, 3, 3, count];
  const weights: Tensor = {
    name: "w",
    dtype: "int8",
    shape,
    quantization: factors(channels, 3),
    data: Int8Array.from(
      { length: elements(shape) },
      (_, i) => channels[i % count]!.weights[Math.floor(i / count)]!,
    ),
  };
  return layer(
    "depthwise_conv2d",
    tables(channels, weights),
    [1, 5, 4, count],
    [1, 3, 2, count],
    { depthMultiplier: 1 },
    options,
  );
}

/** A dense layer of one row; its weights have one scale if there is one channel. */
export function dense(channels: readonly Channel[], options: LayerOptions = {}): Graph {
  const { inputZeroPoint = 0, zeroPoint = 0, activation = "none" } = options;
  const depth = channels[0]!.weights.length;
  return graphOf({
    name: "dense",
    tensors: [
      int8("x", [1, depth], 1, inputZeroPoint),
      ...tables(channels, rows(channels, [channels.length, depth])),
      int8("y", [1, channels.length], 1, zeroPoint),
    ],
    nodes: [node("fully_connected", ["x", "w", "b"], "y", { keepDims: false, activation }, "layer")],
    inputs: ["x"],
    outputs: ["y"],
  });
}

export const FAST: Choice = { kernel: "fast", tile: 4, inPlace: false };

/** The same choice for every node. */
export const everywhere = (graph: Graph, choice: Choice): Choices =>
  new Map(graph.nodes.map(({ name }) => [name, choice]));
