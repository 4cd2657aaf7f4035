/**
 * The intermediate representation: a graph of operators over named tensors, in execution order.
 * Graphs are values: a pass returns a new one. `spec.ts` says what every stage may rely on.
 */

import { plain } from "../plain.ts";

/** An integer of 64 bits is two uint32 along one axis more, the low one first. */
export const DTYPES = ["float32", "int8", "uint8", "int16", "int32", "uint32"] as const;
export type DType = (typeof DTYPES)[number];
export type TensorData = Float32Array | Int8Array | Uint8Array | Int16Array | Int32Array | Uint32Array;
export type Shape = readonly number[];

/** The task of a model, by which it is judged. */
export const TASKS = [
  "classification",
  "regression",
  "anomaly",
  "clustering",
  "autoencoder",
  "image",
] as const;
export type Task = (typeof TASKS)[number];

/** More axes than any tensor of a model has: some steps take time by the square of their number. */
export const MAX_RANK = 8;

/** real = scale * (q - zeroPoint), one pair per tensor or one per slice along `axis`. */
export interface Quantization {
  readonly scales: readonly number[];
  readonly zeroPoints: readonly number[];
  readonly axis: number;
}

/**
 * The scaling that the caller applies to the values of an input before they are quantised: along the last
 * axis, (x - offset) * factor, and a value that is not a number is first taken for `missing`, where that
 * is given. Features of very different ranges get the same one this way, and a scaler costs nothing.
 * Where `missing` is null, such a value stays what it is, and as an integer is the greatest of the type, which then
 * no number becomes. Where `edges` is a list, in ascending order, the result becomes the number of its bin: how many
 * edges lie below it, less half of their number, rounded up.
 */
export interface Scaling {
  readonly offsets: readonly number[];
  readonly factors: readonly number[];
  readonly missing?: readonly (number | null)[];
  readonly edges?: readonly (readonly number[] | null)[];
}

/** The least and the greatest of some numbers. */
export interface Limits {
  readonly min: number;
  readonly max: number;
}

/** How the values of an input follow each other in time. */
export interface Stream {
  /** Values of one channel in a second. */
  readonly sampleRate: number;
  readonly channels: number;
  /** Values of one channel from the beginning of an inference's input to that of the next; 0: all of them. */
  readonly hop: number;
}

export interface Tensor {
  readonly name: string;
  readonly dtype: DType;
  /** Image tensors are NHWC; convolution filters OHWI; depthwise filters 1HWC; dense weights OI. */
  readonly shape: Shape;
  readonly quantization?: Quantization;
  /** Present on constants only. */
  readonly data?: TensorData;
  /** Meanings of the elements of the last axis, e.g. class names of a classifier's output. */
  readonly labels?: readonly string[];
  /** Names of the elements of a graph input's last axis, e.g. the columns of a table. */
  readonly features?: readonly string[];
  /**
   * Of a graph output of one value with two labels: the second is meant where the value is greater; one half where
   * it is left out. Of two values: the second class is meant where its value is greater. Of an autoencoder's output:
   * the mean squared error above which a sample is an anomaly.
   */
  readonly threshold?: number;
  /** The unit of a graph input or output, e.g. "°C". */
  readonly unit?: string;
  /** The unit of each element of a graph input's last axis; empty where it is not known. */
  readonly units?: readonly string[];
  /** On graph inputs only. */
  readonly scaling?: Scaling;
  /** For a graph input whose values are samples of a signal. */
  readonly stream?: Stream;
  /** On graph inputs whose values are whole numbers: the least and the greatest that the model's file lets them be. */
  readonly integers?: Limits;
  /** On graph inputs that are given texts by their numbers in this table; any other text is UNKNOWN_CATEGORY. */
  readonly categories?: readonly string[];
  /**
   * Makes the tensor a state: at the start of an inference it holds what the tensor of this name held at the end
   * of the one before, and real zeros, or `initial`, at the start of the first.
   */
  readonly next?: string;
  /** A state's values at the start of the first inference. */
  readonly initial?: TensorData;
}

/** The number of a text that an input's table of categories does not have. */
export const UNKNOWN_CATEGORY = -1;

export type AttributeValue = number | boolean | string | readonly number[];
export type Attributes = Readonly<Record<string, AttributeValue>>;

export interface Node {
  /** Unique, taken from the source model where it has one: every message about the node uses it. */
  readonly name: string;
  readonly op: string;
  /** Tensor names; "" is an omitted optional input. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Attributes;
}

export interface Graph {
  readonly name: string;
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly nodes: readonly Node[];
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** The model's task, where its file or its builder says it. */
  readonly task?: Task;
  /** The tensor that a front-end makes for the network: its bytes are there when an inference ends, as outputs are. */
  readonly features?: string;
}

/** Tensors whose bytes callers read after an inference. */
export const kept = ({ outputs, features }: Graph): readonly string[] =>
  features === undefined ? outputs : [...outputs, features];

/** Characters that a terminal still shows as a line; a name in a hostile file may be of any length. */
const MAX_LINE = 2000;

/** Text from a file without what would end the line or steer a terminal, cut where it is too long. */
export function oneLine(text: string): string {
  const line = plain(text.slice(0, MAX_LINE + 1), " ").replace(/ {2,}/g, " ");
  return line.length <= MAX_LINE ? line : `${line.slice(0, MAX_LINE - 4)} ...`;
}

/** Anything wrong with a model: one line that says where, what was expected and what was found. */
export class ModelError extends Error {
  override readonly name = "ModelError";
  /** Lines that go with the message where one line can't show it, e.g. a table of sizes. */
  readonly details: string | undefined;

  constructor(message: string, details?: string) {
    super(oneLine(message));
    this.details = details;
  }
}

const BYTES: Record<DType, number> = { float32: 4, int8: 1, uint8: 1, int16: 2, int32: 4, uint32: 4 };

export const elements = (shape: Shape): number => shape.reduce((product, n) => product * n, 1);
export const byteSize = (tensor: Pick<Tensor, "dtype" | "shape">): number =>
  elements(tensor.shape) * BYTES[tensor.dtype];

const ARRAYS = {
  float32: Float32Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  int32: Int32Array,
  uint32: Uint32Array,
} as const;

/** Whether an array is of the type that holds elements of `dtype`. */
export const holds = (data: TensorData, dtype: DType): boolean => data instanceof ARRAYS[dtype];

export const allocate = (dtype: DType, length: number): TensorData => new ARRAYS[dtype](length);

/** Little-endian bytes as elements; copies, since the bytes may not be aligned. */
export function fromBytes(dtype: DType, bytes: Uint8Array): TensorData {
  const copy = new Uint8Array(bytes);
  return new ARRAYS[dtype](copy.buffer, 0, copy.byteLength / BYTES[dtype]);
}

export const toBytes = (data: TensorData): Uint8Array =>
  new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

/** The tensor of that name. Asking for one that is not there is a mistake in the compiler itself. */
export function tensorOf(graph: Graph, name: string): Tensor {
  const tensor = graph.tensors.get(name);
  if (!tensor) throw new Error(`graph ${graph.name} has no tensor ${name}`);
  return tensor;
}

/** The values of a state before the first inference: real zeros. */
export const initialState = (tensor: Tensor): TensorData =>
  tensor.initial ??
  allocate(tensor.dtype, elements(tensor.shape)).fill(tensor.quantization ? perTensor(tensor).zeroPoint : 0);

/** The tensors that keep their values from one inference to the next. */
export const statesOf = (graph: Graph): Tensor[] =>
  [...graph.tensors.values()].filter(({ next }) => next !== undefined);

export const isConstant = (tensor: Tensor): boolean => tensor.data !== undefined;

/** The one scale and zero point of a per-tensor quantised tensor. */
export function perTensor(tensor: Tensor): { readonly scale: number; readonly zeroPoint: number } {
  const q = tensor.quantization;
  if (q?.scales.length !== 1) {
    const found = q ? `${q.scales.length} scales` : "none";
    throw new ModelError(`tensor ${tensor.name}: expected one scale and zero point, found ${found}`);
  }
  return { scale: q.scales[0]!, zeroPoint: q.zeroPoints[0]! };
}

export const quantized = (scale: number, zeroPoint: number): Quantization => ({
  scales: [scale],
  zeroPoints: [zeroPoint],
  axis: 0,
});

/** Nodes that read each tensor. */
export function readers(graph: Graph): Map<string, Node[]> {
  const map = new Map<string, Node[]>();
  for (const node of graph.nodes) {
    for (const input of new Set(node.inputs)) {
      if (input === "") continue;
      const list = map.get(input);
      if (list) list.push(node);
      else map.set(input, [node]);
    }
  }
  return map;
}

/** The node that writes each tensor. */
export function writers(graph: Graph): Map<string, Node> {
  return new Map(graph.nodes.flatMap((node) => node.outputs.map((output) => [output, node] as const)));
}

/** The graph with some tensors added or replaced. */
export function withTensors(graph: Graph, tensors: Iterable<Tensor>): Graph {
  const map = new Map(graph.tensors);
  for (const tensor of tensors) map.set(tensor.name, tensor);
  return { ...graph, tensors: map };
}

/** Every use of tensor `from` as an input or as a graph output now means `to`. */
export function redirect(graph: Graph, from: string, to: string): Graph {
  const swap = (name: string): string => (name === from ? to : name);
  return {
    ...graph,
    nodes: graph.nodes.map((node) =>
      node.inputs.includes(from) ? { ...node, inputs: node.inputs.map(swap) } : node,
    ),
    outputs: graph.outputs.map(swap),
  };
}

/** Raw tensor bytes, one Uint8Array per graph input (or output), in order. */
export type Vector = readonly Uint8Array[];
