/** Layers of an integer graph with weights of fewer bits, each coded for what the ones before it make of samples. */
import {
  type Attributes,
  elements,
  type Graph,
  type Node,
  perTensor,
  type Tensor,
  withTensors,
} from "../../ir/graph.ts";
import { tensorNames } from "../../ir/names.ts";
import { clamp } from "../../ops/fixed_point.ts";
import { operatorOf } from "../../ops/index.ts";
import { type Bound, bind } from "../../ops/operator.ts";
import { asymmetric } from "../../ops/scales.ts";
import { type LayerRows, rowsOf } from "../quantize/layer_rows.ts";
import { type Replacement, replaceLayers, type Values } from "../quantize/replace_layers.ts";
import { type Coded, type CodeRange, codeRange, compensate, metricOf } from "./compensate.ts";
import { cholesky, solve } from "./linear_algebra.ts";
import { factorize } from "./low_rank.ts";
import { type PairMoments, pairMoments, type Side } from "./moments.ts";
import { type RealLayer, realLayer, realValues, type Teacher } from "./teacher.ts";

/** How the weights of a layer are stored. */
export interface Coding {
  readonly bits: number;
  /** The numbers between two layers, where one becomes two. */
  readonly rank?: number;
}

/** Codings by name of their layer; a layer that is missing keeps what it has. */
export type Codings = ReadonlyMap<string, Coding>;

/** The rows of a layer that can be coded: int8 in, weights and out, all channels with the same inputs. */
export function codableRows(node: Node, bound: Bound<Attributes>): LayerRows | undefined {
  if (!operatorOf(node.op).quantization.weights) return undefined;
  const [input, weights] = bound.inputs;
  const isInt8 = [input, weights, bound.outputs[0]].every((tensor) => tensor?.dtype === "int8");
  const rows = isInt8 && weights!.data ? rowsOf(node.op, bound) : undefined;
  return rows?.groups === 1 ? rows : undefined;
}

/** Share of the mean variance by which the teacher's weights are held to: samples are few. */
const PULL = 0.01;

/**
 * The real weights that make of the compressed network's inputs what the teacher's make of its own: least squares, held
 * to weights known as good where samples say little.
 */
function wantedWeights(
  teacher: readonly Float64Array[],
  good: readonly Float64Array[],
  { terms, teacherTerms, covariance, cross, count }: PairMoments,
): Float64Array[] {
  let trace = 0;
  for (let i = 0; i < terms; i++) trace += covariance[i * terms + i]!;
  const pull = ((PULL + terms / (terms + count)) * trace) / terms || 1;
  const system = covariance.slice();
  for (let i = 0; i < terms; i++) system[i * terms + i]! += pull;
  const factor = cholesky(system, terms);
  return teacher.map((row, channel) => {
    const right = good[channel]!.map((weight) => pull * weight);
    for (let i = 0; i < terms; i++) {
      const at = i * teacherTerms;
      let sum = 0;
      for (let j = 0; j < teacherTerms; j++) sum += cross[at + j]! * row[j]!;
      right[i]! += sum;
    }
    return solve(factor, right);
  });
}

const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
};

/** Codes of all channels, and the biases that keep each channel's mean. */
interface CodedLayer {
  readonly channels: readonly Coded[];
  readonly bias: readonly number[];
}

/** `real` is the teacher's layer, `good` weights of the coded one's shape that come near it: often the same. */
function codeLayer(
  real: RealLayer,
  good: readonly Float64Array[],
  moments: PairMoments,
  range: CodeRange,
): CodedLayer {
  const metric = metricOf(moments);
  const channels = wantedWeights(real.weights, good, moments).map((row) => compensate(row, range, metric));
  const bias = channels.map(
    ({ codes, scale }, c) =>
      real.bias[c]! + dot(real.weights[c]!, moments.teacherMean) - scale * dot(codes, moments.mean),
  );
  return { channels, bias };
}

const INT32_MAX = 2 ** 31 - 1;

/** Tensors of coded weights, of the shape given, and of their biases. */
function codedTensors(
  { channels, bias }: CodedLayer,
  input: Tensor,
  like: { readonly weights: Tensor; readonly rows: LayerRows; readonly names: readonly [string, string] },
): [weights: Tensor, bias: Tensor] {
  const { weights, rows, names } = like;
  const scales = channels.map(({ scale }) => scale);
  const data = new Int8Array(elements(weights.shape));
  channels.forEach(({ codes }, channel) => {
    codes.forEach((code, term) => {
      data[rows.weight(channel, term)] = code;
    });
  });
  const zeroPoints = scales.map(() => 0);
  const products = scales.map((scale) => Math.fround(perTensor(input).scale * scale));
  const steps = (value: number, c: number): number =>
    clamp(Math.round(value / products[c]!), -INT32_MAX, INT32_MAX);
  return [
    { ...weights, name: names[0], data, quantization: { scales, zeroPoints, axis: 0 } },
    {
      name: names[1],
      dtype: "int32",
      shape: [channels.length],
      data: Int32Array.from(bias, steps),
      quantization: { scales: products, zeroPoints, axis: 0 },
    },
  ];
}

/** A layer to be coded, with all that is known of it. */
interface Subject {
  readonly node: Node;
  readonly bound: Bound<Attributes>;
  readonly rows: LayerRows;
  readonly real: RealLayer;
  /** Real inputs in the compressed network, and in the teacher, for each sample. */
  readonly inputs: readonly Float32Array[];
  readonly teacherInputs: readonly Float32Array[];
  readonly unique: (name: string) => string;
}

/** The layer's node with coded weights and new biases. */
function whole(
  { node, bound, rows, real, inputs, teacherInputs, unique }: Subject,
  bits: number,
): Replacement {
  const moments = pairMoments({ rows, inputs }, { rows, inputs: teacherInputs });
  const coded = codeLayer(real, real.weights, moments, codeRange(bits));
  const [input, weights] = [bound.inputs[0]!, bound.inputs[1]!];
  const names = [unique(weights.name), unique(bound.inputs[2]?.name ?? `${node.name}_bias`)] as const;
  const tensors = codedTensors(coded, input, { weights, rows, names });
  return { nodes: [{ ...node, inputs: [input.name, ...tensors.map(({ name }) => name)] }], tensors };
}

/** Least and greatest sum of coded channels over all samples. */
function extentOf(channels: readonly Coded[], { rows, inputs }: Side): [min: number, max: number] {
  let [min, max] = [0, 0];
  for (const x of inputs)
    rows.each(x, 1, (_, row) => {
      for (const { codes, scale } of channels) {
        const sum = scale * dot(codes, row);
        min = Math.min(min, sum);
        max = Math.max(max, sum);
      }
    });
  return [min, max];
}

/** The attributes of a layer that reads the numbers of one position alone. */
const pointwise = ({ attributes, op }: Node): Attributes =>
  operatorOf(op).window
    ? { ...attributes, stride: [1, 1], dilation: [1, 1], padding: [0, 0, 0, 0] }
    : attributes;

/** Two nodes in the place of one: `rank` numbers between them, int8 over the range that they have on the samples. */
function inTwo(subject: Subject, bits: number, rank: number): Replacement {
  const { node, bound, rows, real, inputs, teacherInputs, unique } = subject;
  const [input, weights, output] = [bound.inputs[0]!, bound.inputs[1]!, bound.outputs[0]!];
  const moments = pairMoments({ rows, inputs }, { rows, inputs: teacherInputs });
  const { first, second } = factorize(real.weights, moments, rank);
  const layer = { weights: first, bias: new Float64Array(rank) };
  const { channels } = codeLayer(layer, first, moments, codeRange(bits));
  // The layer behind takes the means out: this one needs no biases.
  const coded = { channels, bias: channels.map(() => 0) };
  const like = { ...weights, shape: [rank, ...weights.shape.slice(1)] };
  const [a] = codedTensors(coded, input, { weights: like, rows, names: [unique(`${weights.name}_a`), ""] });
  const between: Tensor = {
    name: unique(`${node.name}_between`),
    dtype: "int8",
    shape: [...output.shape.slice(0, -1), rank],
    quantization: asymmetric(...extentOf(channels, { rows, inputs })),
  };
  const firstNode: Node = {
    ...node,
    name: unique(`${node.name}_a`),
    inputs: [input.name, a.name],
    outputs: [between.name],
    attributes: { ...node.attributes, activation: "none" },
  };
  return {
    nodes: [firstNode],
    tensors: [a, between],
    next: (graph, values) => behind(subject, graph, realOf(between, values), { bits, second, between }),
  };
}

/** The second of two nodes, which makes the layer's output of the numbers between. */
function behind(
  { node, bound, rows, real, teacherInputs, unique }: Subject,
  graph: Graph,
  inputs: readonly Float32Array[],
  { bits, second, between }: { bits: number; second: readonly Float64Array[]; between: Tensor },
): Replacement {
  const [weights, bias] = [bound.inputs[1]!, bound.inputs[2]];
  const shape = [
    ...weights.shape.slice(0, 1),
    ...weights.shape.slice(1, -1).map(() => 1),
    between.shape.at(-1)!,
  ];
  const empty: Tensor = {
    ...weights,
    name: unique(`${weights.name}_b`),
    shape,
    data: new Int8Array(elements(shape)),
  };
  const named: Node = { ...node, inputs: [between.name, empty.name], attributes: pointwise(node) };
  const own = rowsOf(node.op, bind(withTensors(graph, [empty]), named))!;
  const moments = pairMoments({ rows: own, inputs }, { rows, inputs: teacherInputs });
  const coded = codeLayer(real, second, moments, codeRange(bits));
  const names = [empty.name, unique(bias?.name ?? `${node.name}_bias`)] as const;
  const tensors = codedTensors(coded, between, { weights: empty, rows: own, names });
  return { nodes: [{ ...named, inputs: [between.name, ...tensors.map(({ name }) => name)] }], tensors };
}

const realOf = (tensor: Tensor, values: readonly Values[]): Float32Array[] =>
  values.map((each) => realValues(tensor, each.get(tensor.name)!));

/** The network with weights of few bits, layer after layer in order of execution. */
export function narrow(teacher: Teacher, network: Graph, codings: Codings): Graph {
  const unique = tensorNames(network);
  return replaceLayers(network, teacher.samples, (graph, node, values) => {
    const coding = codings.get(node.name);
    const origin = teacher.nodeOf(node.name);
    if (!coding || !origin) return undefined;
    const bound = bind(graph, node);
    const rows = codableRows(node, bound)!;
    const subject = {
      node,
      bound,
      rows,
      real: realLayer(teacher.graph, origin, rows),
      inputs: realOf(bound.inputs[0]!, values),
      teacherInputs: teacher.valuesOf(origin.inputs[0]!),
      unique,
    };
    return coding.rank === undefined ? whole(subject, coding.bits) : inTwo(subject, coding.bits, coding.rank);
  });
}
