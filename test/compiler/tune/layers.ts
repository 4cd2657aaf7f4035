/** Quantised graphs of one layer, as training leaves them: weights well inside of their range, sums that fit. */

import { lcgBytes } from "../../../host/compiler/verify/vectors.ts";
import {
  type Attributes,
  type DType,
  elements,
  type Graph,
  type Node,
  quantized,
  type Shape,
  type Tensor,
  type TensorData,
} from "../../../host/ir/graph.ts";
import { operatorOf } from "../../../host/ops/index.ts";

const INPUT_SCALE = 0.05;
const WEIGHT_SCALE = 0.01;
/** Standard deviations of an input byte and of a weight in -31..31. */
const SPREAD = 74 * 18;

const activation = (name: string, shape: Shape, scale = INPUT_SCALE, zeroPoint = -20): Tensor => ({
  name,
  dtype: "int8",
  shape,
  quantization: quantized(Math.fround(scale), zeroPoint),
});

function constant(
  name: string,
  dtype: DType,
  shape: Shape,
  data: TensorData,
  scales: number,
  axis = 0,
): Tensor {
  const quantization = {
    scales: Array.from({ length: scales }, (_, i) => Math.fround(WEIGHT_SCALE * (1 - (i % 8) / 16))),
    zeroPoints: new Array<number>(scales).fill(0),
    axis,
  };
  return { name, dtype, shape, data, quantization };
}

function weightsAndBias(shape: Shape, channels: number, axis: number, scales: number): [Tensor, Tensor] {
  const bytes = lcgBytes(elements(shape), elements(shape)).bytes;
  const weights = Int8Array.from(bytes, (byte) => (byte % 63) - 31);
  const bias = Int32Array.from(lcgBytes(channels, channels).bytes, (byte) => 40 * (byte - 128));
  return [
    constant("weights", "int8", shape, weights, scales, axis),
    { name: "bias", dtype: "int32", shape: [channels], data: bias },
  ];
}

function oneNode(
  op: string,
  inputs: readonly Tensor[],
  attributes: Attributes,
  scale: number,
  zeroPoint: number,
): Graph {
  const [shape] = operatorOf(op).infer({ name: op, attributes, inputs });
  const tensors = [...inputs, activation("output", shape!, scale, zeroPoint)];
  return {
    name: op,
    tensors: new Map(tensors.map((tensor) => [tensor.name, tensor])),
    nodes: [{ name: "layer", op, inputs: inputs.map(({ name }) => name), outputs: ["output"], attributes }],
    inputs: inputs.filter(({ data }) => !data).map(({ name }) => name),
    outputs: ["output"],
  };
}

/** A layer of sums of products whose outputs fill the range; about every other one is followed by a relu. */
function linear(
  op: string,
  input: Shape,
  weights: readonly [Tensor, Tensor],
  terms: number,
  attributes: Attributes,
): Graph {
  const relu = (terms + input.at(-1)! + input[1]!) % 2 === 0;
  const scale = (INPUT_SCALE * WEIGHT_SCALE * SPREAD * Math.sqrt(terms)) / 50;
  const named = { ...attributes, activation: relu ? "relu" : "none" };
  return oneNode(op, [activation("input", input), ...weights], named, scale, relu ? -128 : 5);
}

export interface Window {
  /** Height, width and channels of the input. */
  readonly input: readonly [number, number, number];
  readonly kernel: readonly [number, number];
  readonly stride?: number;
  readonly dilation?: number;
  /** On all sides; default: as much as leaves the size as it is, by half a kernel. */
  readonly padding?: number;
}

function windowAttributes({ kernel, stride = 1, dilation = 1, padding }: Window): Attributes {
  const [height, width] = kernel.map((n) => padding ?? Math.floor((n - 1) / 2)) as [number, number];
  return {
    stride: [stride, stride],
    dilation: [dilation, dilation],
    padding: [height, width, height, width],
  };
}

/** Weights of 64 and more in size: sums of more than 128 terms fit no lane. */
const heavier = (tensor: Tensor): Tensor => ({
  ...tensor,
  data: (tensor.data as Int8Array).map((w) => (w < 0 ? -1 : 1) * (64 + Math.abs(w >> 1))),
});

/** Weights of four bits. */
const lighter = (tensor: Tensor): Tensor => ({
  ...tensor,
  data: (tensor.data as Int8Array).map((w) => w >> 4),
});

/** A layer with weights of four bits in place of its own. */
export const light = (graph: Graph): Graph => ({
  ...graph,
  tensors: new Map(
    [...graph.tensors].map(([name, each]) => [
      name,
      each.dtype === "int8" && each.data ? lighter(each) : each,
    ]),
  ),
});

const SIZES = { any: (tensor: Tensor): Tensor => tensor, heavy: heavier, light: lighter };

export function convolution(
  window: Window,
  outputs: number,
  groups = 1,
  size: keyof typeof SIZES = "any",
): Graph {
  const depth = window.input[2] / groups;
  const [made, bias] = weightsAndBias([outputs, ...window.kernel, depth], outputs, 0, outputs);
  const weights = [SIZES[size](made), bias] as const;
  const terms = depth * elements(window.kernel);
  return linear("conv2d", [1, ...window.input], weights, terms, { ...windowAttributes(window), groups });
}

export function depthwise(window: Window, depthMultiplier = 1): Graph {
  const channels = window.input[2] * depthMultiplier;
  const weights = weightsAndBias([1, ...window.kernel, channels], channels, 3, channels);
  const attributes = { ...windowAttributes(window), depthMultiplier };
  return linear("depthwise_conv2d", [1, ...window.input], weights, elements(window.kernel), attributes);
}

export function dense(batches: number, depth: number, outputs: number, perChannel = false): Graph {
  const weights = weightsAndBias([outputs, depth], outputs, 0, perChannel ? outputs : 1);
  return linear("fully_connected", [batches, depth], weights, depth, { keepDims: false });
}

export function pooling(op: "max_pool2d" | "average_pool2d", window: Window): Graph {
  const { stride, padding } = windowAttributes(window);
  const attributes = { kernel: window.kernel, stride: stride!, padding: padding!, activation: "none" };
  return oneNode(op, [activation("input", [1, ...window.input])], attributes, INPUT_SCALE, -20);
}

/** Twice the size, where padding is half of what the kernel is larger than the stride. */
export function transposeConvolution(window: Window, outputs: number): Graph {
  const [height, width, depth] = window.input;
  const weights = weightsAndBias([outputs, ...window.kernel, depth], outputs, 0, outputs);
  const { stride = 1 } = window;
  const [top, left] = window.kernel.map((n) => Math.floor(Math.max(n - stride, 0) / 2)) as [number, number];
  const attributes = {
    stride: [stride, stride],
    dilation: [1, 1],
    padding: [top, left, top, left],
    outputSize: [height * stride, width * stride],
  };
  const terms = Math.ceil((depth * elements(window.kernel)) / stride ** 2);
  return linear("transpose_conv2d", [1, ...window.input], weights, terms, attributes);
}

export function prelu(input: Shape, slopes: Shape): Graph {
  const data = Int8Array.from(lcgBytes(3, elements(slopes)).bytes);
  const alpha = { ...activation("alpha", slopes, 0.01, 0), data };
  return oneNode("prelu", [activation("input", input), alpha], {}, 0.06, 3);
}

/** The output is an index. */
export function argument(input: Shape, axis: number): Graph {
  const graph = moving("arg_max", [input], { axis, keepDims: false });
  const { name, shape } = graph.tensors.get("output")!;
  return { ...graph, tensors: new Map([...graph.tensors, [name, { name, shape, dtype: "int32" }]]) };
}

export const binary = (op: "add" | "mul", a: Shape, b: Shape, after: "none" | "relu" = "none"): Graph =>
  oneNode(op, [activation("a", a), activation("b", b, 0.03, 7)], { activation: after }, 0.08, 0);

export const unary = (op: string, input: Shape, attributes: Attributes = {}): Graph =>
  oneNode(op, [activation("input", input)], attributes, 1 / 256, -128);

/** Products of two batches of matrices, the second transposed. */
export const matrices = (a: Shape, b: Shape): Graph =>
  oneNode(
    "batch_matmul",
    [activation("a", a), activation("b", b, 0.03, 7)],
    { transposeA: false, transposeB: true },
    0.08,
    0,
  );

export const quotient = (a: Shape, b: Shape): Graph =>
  oneNode("div", [activation("a", a), activation("b", b, 0.03, 7)], {}, 0.08, 0);

/** Of operators that only move values: the output has the input's scale. */
export const moving = (op: string, inputs: readonly Shape[], attributes: Attributes): Graph =>
  oneNode(
    op,
    inputs.map((shape, i) => activation(`input ${i}`, shape)),
    attributes,
    INPUT_SCALE,
    -20,
  );

/** One layer after the other, all of the same shape; each with constants of its own, or all with the same. */
export function chain(layer: Graph, length: number, own: boolean): Graph {
  const [node] = layer.nodes as readonly [Node];
  const [first] = layer.inputs as readonly [string];
  const tensors = new Map([[first, layer.tensors.get(first)!]]);
  const output = layer.tensors.get("output")!;
  const nameOf = (i: number): string => (i === 0 ? first : `value ${i}`);
  const constantOf = (name: string, i: number): string => {
    const tensor = layer.tensors.get(name)!;
    const renamed = own ? `${name} ${i}` : name;
    const data = tensor.data!.map((value, k) => (own && k === 0 ? i : value));
    tensors.set(renamed, { ...tensor, name: renamed, data });
    return renamed;
  };
  const nodes = Array.from({ length }, (_, i) => {
    tensors.set(nameOf(i + 1), { ...output, name: nameOf(i + 1) });
    const inputs = node.inputs.map((name) => (name === first ? nameOf(i) : constantOf(name, i)));
    return { ...node, name: `layer ${i}`, inputs, outputs: [nameOf(i + 1)] };
  });
  return { ...layer, tensors, nodes, outputs: [nameOf(length)] };
}

/** A layer that is nothing but a view: what is left is what an inference costs without layers. */
export const view: Graph = oneNode(
  "reshape",
  [activation("input", [1, 4])],
  { shape: [4, 1] },
  INPUT_SCALE,
  -20,
);

/** Layers side by side in one graph, each with inputs and an output of its own. */
export function beside(layers: readonly Graph[]): Graph {
  const rename = (i: number) => (name: string) => `${name} ${i}`;
  return {
    name: layers.map(({ name }) => name).join(" "),
    tensors: new Map(
      layers.flatMap(({ tensors }, i) =>
        [...tensors.values()].map((tensor) => {
          const name = rename(i)(tensor.name);
          return [name, { ...tensor, name }] as const;
        }),
      ),
    ),
    nodes: layers.flatMap(({ nodes }, i) =>
      nodes.map((node) => ({
        ...node,
        name: rename(i)(node.name),
        inputs: node.inputs.map(rename(i)),
        outputs: node.outputs.map(rename(i)),
      })),
    ),
    inputs: layers.flatMap(({ inputs }, i) => inputs.map(rename(i))),
    outputs: layers.flatMap(({ outputs }, i) => outputs.map(rename(i))),
  };
}
