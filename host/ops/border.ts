import type { Vector } from "../ir/graph.ts";
import {
  allocate,
  type DType,
  elements,
  fromBytes,
  type Graph,
  ModelError,
  type Node,
  perTensor,
  readers,
  type Scaling,
  type Stream,
  type Task,
  type Tensor,
  tensorOf,
  toBytes,
} from "../ir/graph.ts";
import type { Decision } from "./decision.ts";
import { binOf, type Column, type Integers, readReal, writeReal } from "./real_values.ts";

/** Real values for one inference, one array per graph input, as whoever calls the model has them. */
export type Sample = readonly Float32Array[];

/**
 * Type, scale and zero point of an input or an output: of tensors and of a module's descriptor. All real numbers are
 * float32, and so is each step by which values become integers and back: firmware/core/values.c takes the same steps.
 */
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
  /** The unit of the values, e.g. "°C". */
  readonly unit?: string;
  /** The unit of each element of an input's last axis; empty where it is not known. */
  readonly units?: readonly string[];
  /** Type of the values as they come from sensors or go to people; float32 where it is left out. */
  readonly source?: DType;
  /** How an output decides, if it does. */
  readonly decision?: Decision;
  readonly stream?: Stream;
}

/** All that a model's callers have to know: metadata and descriptors of a module are made of it. */
export interface Borders {
  readonly task?: Task;
  readonly inputs: readonly BorderTensor[];
  readonly outputs: readonly BorderTensor[];
}

const single = (values: readonly number[]): number[] => values.map(Math.fround);

const roundScaling = ({ offsets, factors, missing, edges }: Scaling): Scaling => ({
  offsets: single(offsets),
  factors: single(factors),
  ...(missing && { missing: missing.map((value) => (value === null ? null : Math.fround(value))) }),
  ...(edges && { edges: edges.map((list) => list && single(list)) }),
});

/** Results of `singleScaling`: every row of a file is scaled by the same numbers. */
const rounded = new WeakMap<Scaling, Scaling>();

/** Numbers as float32, in which borders are computed. */
function singleScaling(scaling: Scaling): Scaling {
  const known = rounded.get(scaling);
  if (known) return known;
  const made = roundScaling(scaling);
  rounded.set(scaling, made);
  rounded.set(made, made);
  return made;
}

/** The border of a tensor; one without a scale, such as an index, is the number that it holds. */
export function borderOf(tensor: Tensor): Border {
  const { scale, zeroPoint } = tensor.quantization ? perTensor(tensor) : { scale: 1, zeroPoint: 0 };
  return {
    dtype: tensor.dtype,
    scale: Math.fround(scale),
    zeroPoint,
    ...(tensor.scaling && { scaling: singleScaling(tensor.scaling) }),
  };
}

/** An input as readers of data files have to know it. */
export interface BorderInput extends Pick<BorderTensor, "name" | "shape" | "features"> {
  readonly mayMiss: boolean;
  readonly categories?: readonly string[];
}

/** The inputs of a graph for readers of data files: a tree takes NaN, others a number that stands for it. */
export function inputInfos(graph: Graph): BorderInput[] {
  const readBy = readers(graph);
  const isTree = ({ op }: Node): boolean => op === "tree_ensemble" || op === "impute";
  return graph.inputs.map((name) => {
    const { shape, scaling, features, categories } = tensorOf(graph, name);
    const mayMiss = Boolean(scaling?.missing) || (readBy.get(name) ?? []).some(isTree);
    return { name, shape, mayMiss, ...(features && { features }), ...(categories && { categories }) };
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

function columnsIn({ offsets, factors, missing, edges }: Scaling): Column[] {
  return offsets.map((offset, i): Column => {
    const column: Column = [offset, factors[i]!, edges?.[i] ?? null];
    if (missing) column.push(missing[i] ?? null);
    return column;
  });
}

const PLAIN: Column[] = [[0, 1]];
/** Results of `columnsOf`. */
const known = new WeakMap<Scaling, Column[]>();

/** A scaling by columns, in float32; one column for all where there is none. */
export function columnsOf(scaling: Scaling | undefined): Column[] {
  if (!scaling) return PLAIN;
  const columns = known.get(scaling) ?? columnsIn(singleScaling(scaling));
  known.set(scaling, columns);
  return columns;
}

/** The values that the graph computes with: see `Scaling`. Each step is rounded to float32. */
export function scaleValues(values: Float32Array, scaling: Scaling | undefined): Float32Array {
  if (!scaling) return values;
  const { offsets, factors, missing, edges } = singleScaling(scaling);
  return values.map((x, i) => {
    const feature = i % factors.length;
    const known = Number.isNaN(x) && missing ? (missing[feature] ?? Number.NaN) : x;
    const scaled = Math.fround(Math.fround(known - offsets[feature]!) * factors[feature]!);
    const bins = edges?.[feature];
    return bins && !Number.isNaN(scaled) ? binOf(bins, scaled) : scaled;
  });
}

/** A sample as the inputs of the float graph. */
export const toFloatInputs = (graph: Graph, sample: Sample): Float32Array[] =>
  graph.inputs.map((name, i) => scaleValues(sample[i]!, tensorOf(graph, name).scaling));

/**
 * Real values to the bytes of a tensor: scaled by feature, then round(x / scale) + zero point, saturated.
 * A value that is not a number, of which the scaling says nothing, is real zero.
 */
export function quantizeToBytes(values: Float32Array, border: Border): Uint8Array {
  const { dtype, scale, zeroPoint, scaling } = border;
  const data = allocate(dtype, values.length) as Integers;
  writeReal(values, 0, data, columnsOf(scaling), { scale: Math.fround(scale), zeroPoint });
  return toBytes(data);
}

/** Throws ModelError where values that come from outside are not what the input takes. */
export function checkInput(values: ArrayLike<number>, info: BorderTensor): void {
  const count = elements(info.shape);
  if (values.length !== count)
    throw new ModelError(`input ${info.name}: expected ${count} values, found ${values.length}`);
  const place = info.scaling?.missing ? -1 : Array.from(values).findIndex(Number.isNaN);
  if (place >= 0)
    throw new ModelError(`input ${info.name}: value ${place + 1}: expected a number, found none (NaN)`);
}

/** The bytes of values that come from outside. Throws as `checkInput` does. */
export function quantizeInput(values: Float32Array, info: BorderTensor): Uint8Array {
  checkInput(values, info);
  return quantizeToBytes(values, info);
}

export const toInputBytes = (graph: Graph, sample: Sample): Vector =>
  graph.inputs.map((name, i) => quantizeToBytes(sample[i]!, borderOf(tensorOf(graph, name))));

/** The bytes of a tensor as real values. */
export function dequantizeBytes(
  bytes: Uint8Array,
  { dtype, scale, zeroPoint }: Pick<Border, "dtype" | "scale" | "zeroPoint">,
): Float32Array {
  const data = fromBytes(dtype, bytes) as Integers;
  const values = new Float32Array(data.length);
  readReal(data, values, 0, { scale: Math.fround(scale), zeroPoint });
  return values;
}
