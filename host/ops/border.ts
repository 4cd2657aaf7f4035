import type { Vector } from "../ir/graph.ts";
import {
  allocate,
  type DType,
  fromBytes,
  type Graph,
  type Node,
  perTensor,
  readers,
  type Scaling,
  type Task,
  type Tensor,
  tensorOf,
  toBytes,
} from "../ir/graph.ts";
import { typeRange } from "./activation.ts";
import { clamp, roundHalfAway } from "./fixed_point.ts";

/** Real values for one inference, one array per graph input, as whoever calls the model has them. */
export type Sample = readonly Float32Array[];

/** Type, scale and zero point of an input or an output: of tensors and of a module's metadata. */
export interface Border {
  readonly dtype: DType;
  readonly scale: number;
  readonly zeroPoint: number;
  readonly scaling?: Scaling;
}

/** An input or an output with its names. */
export interface BorderTensor extends Border {
  readonly name: string;
  readonly shape: readonly number[];
  /** Names of the elements of an input's last axis, e.g. the columns of a table. */
  readonly features?: readonly string[];
  /** Meanings of the elements of an output's last axis; for one value, its meaning up to the threshold and above. */
  readonly labels?: readonly string[];
  /** Where a single value decides: see `Tensor.threshold`. */
  readonly threshold?: number;
}

/** All that whoever calls a model has to know: metadata and descriptors of a module are made of it. */
export interface Borders {
  readonly task?: Task;
  readonly inputs: readonly BorderTensor[];
  readonly outputs: readonly BorderTensor[];
}

/** The border of a tensor; one without a scale, such as an index, is the number that it holds. */
export function borderOf(tensor: Tensor): Border {
  const { scale, zeroPoint } = tensor.quantization ? perTensor(tensor) : { scale: 1, zeroPoint: 0 };
  return { dtype: tensor.dtype, scale, zeroPoint, ...(tensor.scaling && { scaling: tensor.scaling }) };
}

function borderTensor(tensor: Tensor): BorderTensor {
  const { name, shape, features, labels, threshold } = tensor;
  const { dtype, ...border } = borderOf(tensor);
  return {
    name,
    dtype,
    shape,
    ...border,
    ...(features && { features }),
    ...(labels && { labels }),
    ...(threshold !== undefined && { threshold }),
  };
}

/** The borders of the graph's module, for its callers. */
export const bordersOf = (graph: Graph): Borders => ({
  ...(graph.task && { task: graph.task }),
  inputs: graph.inputs.map((name) => borderTensor(tensorOf(graph, name))),
  outputs: graph.outputs.map((name) => borderTensor(tensorOf(graph, name))),
});

/** An input as readers of data files have to know it. */
export interface BorderInput extends Pick<BorderTensor, "name" | "shape" | "features"> {
  readonly mayMiss: boolean;
}

/** The inputs of a graph for readers of data files: a tree takes NaN, others a number that stands for it. */
export function inputInfos(graph: Graph): BorderInput[] {
  const readBy = readers(graph);
  const isTree = ({ op }: Node): boolean => op === "tree_ensemble" || op === "impute";
  return graph.inputs.map((name) => {
    const { shape, scaling, features } = tensorOf(graph, name);
    const mayMiss = Boolean(scaling?.missing) || (readBy.get(name) ?? []).some(isTree);
    return { name, shape, mayMiss, ...(features && { features }) };
  });
}

/** A row of a data file holds all inputs one after the other. */
export function splitRow(row: Float32Array, sizes: readonly number[]): Sample {
  let start = 0;
  return sizes.map((size) => {
    start += size;
    return row.subarray(start - size, start);
  });
}

/** How many of ascending numbers lie below x. */
export function countBelow(numbers: readonly number[], x: number): number {
  let [from, to] = [0, numbers.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (numbers[middle]! < x) from = middle + 1;
    else to = middle;
  }
  return from;
}

/** The number of a value's bin: see `Scaling`. */
export const binOf = (edges: readonly number[], x: number): number =>
  countBelow(edges, x) - Math.ceil(edges.length / 2);

/** The values that the graph computes with: see `Scaling`. */
export function scaleValues(values: Float32Array, scaling: Scaling | undefined): Float32Array {
  if (!scaling) return values;
  const { offsets, factors, missing, edges } = scaling;
  return values.map((x, i) => {
    const feature = i % factors.length;
    const known = Number.isNaN(x) && missing ? (missing[feature] ?? Number.NaN) : x;
    const scaled = Math.fround((known - offsets[feature]!) * factors[feature]!);
    const bins = edges?.[feature];
    return bins && !Number.isNaN(scaled) ? binOf(bins, scaled) : scaled;
  });
}

/** A sample as the inputs of the float graph. */
export const toFloatInputs = (graph: Graph, sample: Sample): Float32Array[] =>
  graph.inputs.map((name, i) => scaleValues(sample[i]!, tensorOf(graph, name).scaling));

/** Real values to the bytes of a tensor: scaled by feature, then round(x / scale) + zero point, saturated. */
export function quantizeToBytes(values: Float32Array, border: Border): Uint8Array {
  const { dtype, scale, zeroPoint, scaling } = border;
  const { min, max } = typeRange(border);
  const missing = scaling?.missing;
  const data = allocate(dtype, values.length);
  scaleValues(values, scaling).forEach((x, i) => {
    const isReserved = missing?.[i % missing.length] === null;
    const steps = roundHalfAway(Math.fround(x / scale)) + zeroPoint;
    data[i] = isReserved && Number.isNaN(x) ? max : clamp(steps, min, isReserved ? max - 1 : max);
  });
  return toBytes(data);
}

export const toInputBytes = (graph: Graph, sample: Sample): Vector =>
  graph.inputs.map((name, i) => quantizeToBytes(sample[i]!, borderOf(tensorOf(graph, name))));

/** The bytes of a tensor as real values. */
export const dequantizeBytes = (
  bytes: Uint8Array,
  { dtype, scale, zeroPoint }: Pick<Border, "dtype" | "scale" | "zeroPoint">,
): Float32Array => Float32Array.from(fromBytes(dtype, bytes), (q) => (q - zeroPoint) * scale);
