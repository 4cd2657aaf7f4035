/**
 * Random graphs of several operators for property tests, float or int8. A graph is grown step by step,
 * each step a few small numbers that pick an operator, its operands and its attributes, so that
 * fast-check shrinks a failing graph to its shortest form.
 */
import fc from "fast-check";
import { seededInputs } from "../../host/compiler/verify/vectors.ts";
import type { Vector } from "../../host/ir/graph.ts";
import {
  type Attributes,
  byteSize,
  elements,
  type Graph,
  ModelError,
  type Node,
  quantized,
  type Shape,
  type Tensor,
  tensorOf,
  toBytes,
} from "../../host/ir/graph.ts";
import { ACTIVATIONS } from "../../host/ops/activation.ts";
import { operatorOf } from "../../host/ops/index.ts";
import { checkGraph } from "../../host/ops/spec.ts";
import { int8Weights, int32Bias, randomFloats } from "./graphs.ts";

type Kind = "float" | "int8";

interface Step {
  readonly op: number;
  /** Operands, counted back from the newest tensor. */
  readonly first: number;
  readonly second: number;
  /** Anything else that the operator has to choose. */
  readonly choice: number;
  readonly seed: number;
}

const step: fc.Arbitrary<Step> = fc.record({
  op: fc.nat(99),
  first: fc.nat(2),
  second: fc.nat(3),
  choice: fc.nat(63),
  seed: fc.nat(999),
});

/** Few scales, so that tensors often share one by chance: passes look at that. */
const SCALES = [0.05, 0.05, 0.05, 0.02, 0.11, 1 / 256];
const ZERO_POINTS = [3, 3, 3, -128, 127, 0];

interface Draft {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly attributes: Attributes;
}

/** A graph that grows. */
interface Growing {
  readonly kind: Kind;
  readonly tensors: Map<string, Tensor>;
  readonly nodes: Node[];
  /** Computed tensors, oldest first. */
  readonly computed: string[];
}

const activationOf = (choice: number): string => ACTIVATIONS[choice % 7] ?? "none";

function typed(graph: Growing, name: string, shape: Shape, choice: number): Tensor {
  if (graph.kind === "float") return { name, dtype: "float32", shape };
  const quantization = quantized(SCALES[choice % 6]!, ZERO_POINTS[choice % 6]!);
  return { name, dtype: "int8", shape, quantization };
}

function constant(graph: Growing, name: string, shape: Shape, seed: number): string {
  const data =
    graph.kind === "float"
      ? { ...typed(graph, name, shape, 0), data: randomFloats(elements(shape), seed) }
      : int8Weights(name, shape, seed);
  graph.tensors.set(name, data);
  return name;
}

function bias(graph: Growing, name: string, length: number, seed: number): string {
  if (graph.kind === "float") return constant(graph, name, [length], seed);
  graph.tensors.set(name, int32Bias(name, length, seed));
  return name;
}

type Recipe = (graph: Growing, x: Tensor, y: Tensor, choice: Step, name: string) => Draft | undefined;

/** Weights and, every other time, a bias. */
function linear(
  graph: Growing,
  { choice, seed }: Step,
  name: string,
  shape: Shape,
  channels: number,
): string[] {
  const weights = constant(graph, `${name}/w`, shape, seed);
  return choice % 2 === 0 ? [weights] : [weights, bias(graph, `${name}/b`, channels, seed + 1)];
}

const convolution: Recipe = (graph, x, _, step, name) => {
  if (x.shape.length !== 4) return undefined;
  const channels = 1 + (step.seed % 3);
  const padding = step.choice % 3 === 0 ? [1, 0, 1, 1] : [0, 0, 0, 0];
  // A window of one pixel may be computed in place.
  const pointwise = step.choice % 3 === 1;
  const size = pointwise ? [1, 1] : [1 + (step.choice % 2), 2];
  const shape = [channels, ...size, x.shape[3]!];
  const attributes = {
    stride: pointwise ? [1, 1] : [1 + (step.seed % 2), 1],
    dilation: [1, 1],
    padding,
    groups: 1,
    activation: activationOf(step.choice),
  };
  return { op: "conv2d", inputs: [x.name, ...linear(graph, step, name, shape, channels)], attributes };
};

const depthwise: Recipe = (graph, x, _, step, name) => {
  if (x.shape.length !== 4) return undefined;
  const depthMultiplier = 1 + (step.seed % 2);
  const channels = x.shape[3]! * depthMultiplier;
  // 3x3 has a kernel of its own.
  const size = 2 + (step.choice % 2);
  const attributes = {
    stride: [1, 1],
    dilation: [1, 1],
    padding: size === 3 ? [1, 1, 1, 1] : [0, 1, 1, 0],
    depthMultiplier,
    activation: activationOf(step.choice),
  };
  const inputs = [x.name, ...linear(graph, step, name, [1, size, size, channels], channels)];
  return { op: "depthwise_conv2d", inputs, attributes };
};

const dense: Recipe = (graph, x, _, step, name) => {
  const outputs = 1 + (step.seed % 4);
  const inputs = [x.name, ...linear(graph, step, name, [outputs, x.shape.at(-1)!], outputs)];
  const attributes = { keepDims: step.choice % 3 === 0, activation: activationOf(step.choice) };
  return { op: "fully_connected", inputs, attributes };
};

/** With a constant per channel, which is often a bias, or with another tensor of the same shape. */
const binary =
  (op: string): Recipe =>
  (graph, x, y, step, name) => {
    const attributes = { activation: activationOf(step.choice) };
    if (x.shape.join() === y.shape.join() && step.choice % 2 === 0)
      return { op, inputs: [x.name, y.name], attributes };
    const other = constant(graph, `${name}/c`, step.choice % 4 === 1 ? [x.shape.at(-1)!] : [1], step.seed);
    return { op, inputs: step.seed % 2 === 0 ? [x.name, other] : [other, x.name], attributes };
  };

const unary =
  (op: string, attributes: (step: Step, x: Tensor) => Attributes | undefined): Recipe =>
  (_, x, __, step) => {
    const chosen = attributes(step, x);
    return chosen && { op, inputs: [x.name], attributes: chosen };
  };

/** Twice the size. */
const transposeConvolution: Recipe = (graph, x, _, step, name) => {
  if (x.shape.length !== 4) return undefined;
  const channels = 1 + (step.seed % 3);
  const attributes = {
    stride: [2, 1],
    padding: [step.choice % 2, 0, 0, 0],
    dilation: [1, 1],
    outputSize: [2 * x.shape[1]!, x.shape[2]!],
    activation: activationOf(step.choice),
  };
  const shape = [channels, 2 + (step.choice % 2), 1, x.shape[3]!];
  return {
    op: "transpose_conv2d",
    inputs: [x.name, ...linear(graph, step, name, shape, channels)],
    attributes,
  };
};

const RECIPES: readonly Recipe[] = [
  convolution,
  depthwise,
  dense,
  binary("add"),
  binary("add"),
  binary("sub"),
  binary("mul"),
  unary("relu", ({ choice }) => ({ activation: ACTIVATIONS[choice % 4]! })),
  unary("relu", ({ choice }) => ({ activation: ACTIVATIONS[choice % 4]! })),
  unary("reshape", ({ choice }, { shape }) => ({
    shape: choice % 2 === 0 ? shape : [shape[0]!, elements(shape.slice(1))],
  })),
  unary("pad", ({ choice, seed }, { shape }) => {
    const before = shape.map((_, axis) => (axis === 1 || axis === 2 ? (seed >> axis) % 2 : 0));
    return {
      before,
      after: before.map((n) => (choice % 3 === 0 ? 0 : n)),
      value: choice % 5 === 0 ? 1.5 : 0,
    };
  }),
  unary("max_pool2d", ({ choice }, { shape }) =>
    shape.length === 4
      ? { kernel: [1, 2], stride: [1, 1], padding: [0, 1, 0, 0], activation: activationOf(choice) }
      : undefined,
  ),
  unary("average_pool2d", ({ choice }, { shape }) =>
    shape.length === 4
      ? { kernel: [2, 1], stride: [1, 1], padding: [1, 0, 0, 0], activation: activationOf(choice) }
      : undefined,
  ),
  unary("mean", ({ choice }, { shape }) => ({ axes: [shape.length - 1 - (choice % 2)], keepDims: true })),
  unary("logistic", () => ({})),
  unary("softmax", () => ({ beta: 1 })),
  (_, x, y, { choice }) => {
    const axis = x.shape.length - 1;
    const fits = x.shape.length === y.shape.length && x.shape.every((n, i) => i === axis || n === y.shape[i]);
    if (choice % 3 === 0 || !fits) return { op: "concatenation", inputs: [x.name], attributes: { axis } };
    return { op: "concatenation", inputs: [x.name, y.name], attributes: { axis } };
  },
  transposeConvolution,
  unary("transpose", ({ choice }, { shape }) => {
    const axes = shape.map((_, axis) => axis);
    return { permutation: choice % 3 === 0 ? axes.toReversed() : axes.with(-1, 0).with(0, axes.length - 1) };
  }),
  unary("strided_slice", ({ choice, seed }, { shape }) => ({
    begin: shape.map((size, axis) => Math.min((seed >> axis) % 2, size - 1)),
    end: [...shape],
    strides: shape.map((_, axis) => 1 + (((choice + 1) >> axis) & 1)),
  })),
  unary("reduce_max", ({ choice }, { shape }) => ({ axes: [choice % shape.length], keepDims: true })),
];

/** What the int8 kernels take for granted: outputs that share the input's scale, or have a fixed one. */
function outputOf(graph: Growing, draft: Draft, shape: Shape, step: Step, name: string): Tensor {
  const rule = operatorOf(draft.op).quantization.output;
  const tensor = typed(graph, name, shape, step.choice);
  const input = graph.tensors.get(draft.inputs[0]!)!;
  if (graph.kind === "float") return tensor;
  if (rule.kind === "fixed") return { ...tensor, quantization: rule.quantization };
  // A rectifier may rescale; the operators that only move values may not.
  if (rule.kind === "same" && !(draft.op === "relu" && step.seed % 3 === 0))
    return { ...tensor, quantization: input.quantization! };
  return tensor;
}

function grow(graph: Growing, step: Step, recipes: readonly Recipe[]): void {
  const name = `t${graph.nodes.length}`;
  const at = (back: number): Tensor =>
    graph.tensors.get(graph.computed[Math.max(0, graph.computed.length - 1 - back)]!)!;
  const draft = recipes[step.op % recipes.length]!(graph, at(step.first), at(step.second), step, name);
  if (!draft) return;
  const { op, inputs, attributes } = draft;
  const bound = { name, attributes, inputs: inputs.map((input) => graph.tensors.get(input)) };
  try {
    const shape = operatorOf(op).infer(bound)[0]!;
    if (elements(shape) > 400) return;
    graph.tensors.set(name, outputOf(graph, draft, shape, step, name));
  } catch (error) {
    if (error instanceof ModelError) return;
    throw error;
  }
  graph.nodes.push({ name: `${op}_${name}`, op, inputs, outputs: [name], attributes });
  graph.computed.push(name);
}

const rescale: Recipe = (_, x) => ({ op: "quantize", inputs: [x.name], attributes: {} });

/** Not every tensor that was drawn found a use: constants of refused steps go, computed ones may stay. */
function finish(graph: Growing, inputs: readonly string[], extraOutput: number): Graph {
  const last = graph.computed.at(-1)!;
  const other = graph.computed[extraOutput % graph.computed.length]!;
  const outputs = [...new Set([last, other])].filter((name) => !inputs.includes(name));
  const used = new Set([...inputs, ...graph.nodes.flatMap((node) => [...node.inputs, ...node.outputs])]);
  const tensors = new Map([...graph.tensors].filter(([name]) => used.has(name)));
  return checkGraph({ name: "random", tensors, nodes: graph.nodes, inputs, outputs }, "random graph");
}

/** Graphs of up to `most` operators over one or two image inputs. */
export const randomGraphs = (kind: Kind, most = 8): fc.Arbitrary<Graph> =>
  fc
    .record({
      steps: fc.array(step, { minLength: 1, maxLength: most }),
      channels: fc.integer({ min: 1, max: 3 }),
      inputs: fc.integer({ min: 1, max: 2 }),
      extraOutput: fc.nat(9),
    })
    .map(({ steps, channels, inputs, extraOutput }) => {
      const graph: Growing = { kind, tensors: new Map(), nodes: [], computed: [] };
      const names = Array.from({ length: inputs }, (_, i) => `in${i}`);
      for (const name of names) {
        graph.tensors.set(name, typed(graph, name, [1, 4, 3, channels], 0));
        graph.computed.push(name);
      }
      const recipes = kind === "int8" ? [...RECIPES, rescale, rescale] : RECIPES;
      for (const each of steps) grow(graph, each, recipes);
      // Where every step was refused there is nothing to compute yet.
      if (graph.nodes.length === 0) grow(graph, { op: 14, first: 0, second: 0, choice: 0, seed: 0 }, recipes);
      return finish(graph, names, extraOutput);
    });

/** Raw bytes for every input: seeded, and for float inputs numbers in -1..1. */
export const inputsOf = (graph: Graph, seed: number): Vector =>
  graph.inputs.every((name) => tensorOf(graph, name).dtype !== "float32")
    ? seededInputs(graph, seed)
    : graph.inputs.map((name, i) => toBytes(randomFloats(byteSize(tensorOf(graph, name)) / 4, seed + i)));
