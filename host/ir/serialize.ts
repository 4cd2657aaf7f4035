import { parseJson } from "../budgets.ts";
import { plainJson } from "../plain.ts";
import {
  anyOf,
  checkDocument,
  isBoolean,
  isCount,
  isInteger,
  isList,
  isMap,
  isNull,
  isNumber,
  isOneOf,
  isRecord,
  isText,
} from "./document.ts";
import {
  byteSize,
  DTYPES,
  type DType,
  fromBytes,
  type Graph,
  ModelError,
  type Node,
  type Scaling,
  TASKS,
  type Tensor,
  type TensorData,
  toBytes,
} from "./graph.ts";

/**
 * A graph as JSON text, so that the reference interpreter can run what a module was made from.
 * Constants are base64. The text is the same for equal graphs.
 */
const VERSION = 1;

type StoredTensor = Omit<Tensor, "data" | "initial"> & { readonly data?: string; readonly initial?: string };

const base64 = (data: TensorData): string => Buffer.from(toBytes(data)).toString("base64");

const orderedScaling = ({ offsets, factors, missing, edges }: Scaling): Scaling => ({
  offsets,
  factors,
  ...(missing && { missing }),
  ...(edges && { edges }),
});

/** Every field in an order of its own: that of an object depends on which pass made it. */
function storeTensor({
  name,
  dtype,
  shape,
  quantization: q,
  labels,
  features,
  threshold,
  unit,
  units,
  scaling,
  stream,
  integers,
  categories,
  next,
  initial,
  data,
}: Tensor): StoredTensor {
  return {
    name,
    dtype,
    shape,
    ...(q && { quantization: { scales: q.scales, zeroPoints: q.zeroPoints, axis: q.axis } }),
    ...(labels && { labels }),
    ...(features && { features }),
    ...(threshold !== undefined && { threshold }),
    ...(unit !== undefined && { unit }),
    ...(units && { units }),
    ...(scaling && { scaling: orderedScaling(scaling) }),
    ...(stream && { stream: { sampleRate: stream.sampleRate, channels: stream.channels, hop: stream.hop } }),
    ...(integers && { integers: { min: integers.min, max: integers.max } }),
    ...(categories && { categories }),
    ...(next !== undefined && { next }),
    ...(initial && { initial: base64(initial) }),
    ...(data && { data: base64(data) }),
  };
}

function storeNode({ name, op, inputs, outputs, attributes }: Node): Node {
  const sorted = Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1));
  return { name, op, inputs, outputs, attributes: Object.fromEntries(sorted) };
}

export function graphToJson({ name, task, tensors, nodes, inputs, outputs, features }: Graph): string {
  const stored = {
    version: VERSION,
    name,
    ...(task && { task }),
    inputs,
    outputs,
    ...(features !== undefined && { features }),
    nodes: nodes.map(storeNode),
    tensors: [...tensors.values()].map(storeTensor),
  };
  return `${plainJson(stored, 0)}\n`;
}

function restore({ data, initial, ...tensor }: StoredTensor): Tensor {
  const restored = (text: string): TensorData => {
    const bytes = Buffer.from(text, "base64");
    if (bytes.length !== byteSize(tensor))
      throw new ModelError(`tensor ${tensor.name}: expected ${byteSize(tensor)} bytes`);
    return fromBytes(tensor.dtype as DType, bytes);
  };
  return {
    ...tensor,
    ...(initial !== undefined && { initial: restored(initial) }),
    ...(data !== undefined && { data: restored(data) }),
  };
}

const texts = isList(isText);
const numbers = isList(isNumber);

const isScaling = isRecord(
  { offsets: numbers, factors: numbers },
  { missing: isList(anyOf(isNumber, isNull)), edges: isList(anyOf(isNull, numbers)) },
);

const storedTensor = isRecord(
  { name: isText, dtype: isOneOf(...DTYPES), shape: isList(isCount) },
  {
    quantization: isRecord({ scales: numbers, zeroPoints: numbers, axis: isInteger }),
    labels: texts,
    features: texts,
    threshold: isNumber,
    unit: isText,
    units: texts,
    scaling: isScaling,
    stream: isRecord({ sampleRate: isCount, channels: isCount, hop: isCount }),
    integers: isRecord({ min: isInteger, max: isInteger }),
    categories: texts,
    next: isText,
    initial: isText,
    data: isText,
  },
);

const storedNode = isRecord({
  name: isText,
  op: isText,
  inputs: texts,
  outputs: texts,
  attributes: isMap(anyOf(isNumber, isBoolean, isText, numbers)),
});

const storedGraph = isRecord(
  {
    version: isOneOf(VERSION),
    name: isText,
    inputs: texts,
    outputs: texts,
    nodes: isList(storedNode),
    tensors: isList(storedTensor),
  },
  { task: isOneOf(...TASKS), features: isText },
);

function parse(text: string): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    throw new ModelError(`graph: expected JSON: ${(error as Error).message}`);
  }
}

/**
 * Reads `graphToJson`'s text; the caller checks the result with `checkGraph`. Throws ModelError where
 * it is no such text.
 */
export function graphFromJson(text: string): Graph {
  const stored = parse(text);
  checkDocument(stored, storedGraph, "graph");
  const {
    version: _,
    tensors,
    ...graph
  } = stored as Omit<Graph, "tensors"> & {
    version: number;
    tensors: StoredTensor[];
  };
  return { ...graph, tensors: new Map(tensors.map((tensor) => [tensor.name, restore(tensor)])) };
}
