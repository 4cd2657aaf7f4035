/** Graphs by hand: a few words for each tensor and node, checked by the specification. */

import { lcgBytes } from "../../host/compiler/verify/vectors.ts";
import {
  type Attributes,
  elements,
  fromBytes,
  type Graph,
  type Node,
  quantized,
  type Shape,
  type Tensor,
} from "../../host/ir/graph.ts";
import { checkGraph } from "../../host/ops/spec.ts";

export const float = (name: string, shape: Shape): Tensor => ({ name, dtype: "float32", shape });

export const floatConstant = (name: string, shape: Shape, values: readonly number[]): Tensor => ({
  ...float(name, shape),
  data: Float32Array.from(values),
});

export const int8 = (name: string, shape: Shape, scale = 0.05, zeroPoint = 3): Tensor => ({
  name,
  dtype: "int8",
  shape,
  quantization: quantized(scale, zeroPoint),
});

/** Seeded values in -127..127, as weights are. */
export const int8Weights = (name: string, shape: Shape, seed = 1, scale = 0.02): Tensor => ({
  ...int8(name, shape, scale, 0),
  data: Int8Array.from(lcgBytes(seed, elements(shape)).bytes, (byte) => Math.max(-127, (byte << 24) >> 24)),
});

/** Seeded values in -2^`bits`..2^`bits`, as biases are. */
export const int32Bias = (name: string, length: number, seed = 1, bits = 12): Tensor => ({
  name,
  dtype: "int32",
  shape: [length],
  data: fromBytes("int32", lcgBytes(seed, 4 * length).bytes).map((value) => value >> (31 - bits)),
});

/** Seeded floats in -1..1. */
export const randomFloats = (length: number, seed: number): Float32Array =>
  Float32Array.from(lcgBytes(seed, length).bytes, (byte) => (byte - 127.5) / 127.5);

/** A node that is called like its only output, unless `name` says otherwise. */
export const node = (
  op: string,
  inputs: readonly string[],
  output: string,
  attributes: Attributes = {},
  name = `${op}_${output}`,
): Node => ({ name, op, inputs, outputs: [output], attributes });

export interface Sketch {
  readonly name?: string;
  readonly tensors: readonly Tensor[];
  readonly nodes: readonly Node[];
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

/** A graph as it is written down, right or wrong. */
export const unchecked = ({ name = "test", tensors, ...rest }: Sketch): Graph => ({
  name,
  tensors: new Map(tensors.map((tensor) => [tensor.name, tensor])),
  ...rest,
});

export const graphOf = (sketch: Sketch): Graph => checkGraph(unchecked(sketch), "sketch");

/** What these operators need beside the attributes that a test is about. */
export const NONE = { activation: "none" };
export const DENSE = { keepDims: false, activation: "none" };
export const CONV = {
  stride: [1, 1],
  dilation: [1, 1],
  padding: [0, 0, 0, 0],
  groups: 1,
  activation: "none",
};
/** A window of 3x3 that keeps the image's size. */
export const DEPTHWISE = {
  stride: [1, 1],
  dilation: [1, 1],
  padding: [1, 1, 1, 1],
  depthMultiplier: 1,
  activation: "none",
};

export const ops = (graph: Graph): string[] => graph.nodes.map(({ op }) => op);
