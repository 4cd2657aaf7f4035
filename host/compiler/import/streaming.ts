/**
 * A network over a window of time as one that takes what is new of it: layers over time compute their new columns alone,
 * and keep the columns before that a later layer still sees.
 */
import {
  elements,
  type Graph,
  ModelError,
  type Node,
  type Shape,
  type Tensor,
  type TensorData,
  tensorOf,
} from "../../ir/graph.ts";
import { nodeNames, tensorNames } from "../../ir/names.ts";
import { operatorOf } from "../../ops/index.ts";
import { slide } from "../../ops/slide.ts";

/** Where a tensor has time: an axis before which all are of one place, its length in a window, and how much is new. */
interface Timed {
  readonly axis: number;
  readonly length: number;
  readonly fresh: number;
  /** Columns at the beginning of a window that padding before it has changed: they are not those of the window before. */
  readonly padded: number;
}

interface Draft {
  readonly graph: Graph;
  /** Values of a tensor where the window is nothing but zeros. */
  readonly silent: (name: string) => TensorData | undefined;
  readonly nodes: Node[];
  readonly tensors: Map<string, Tensor>;
  readonly timed: Map<string, Timed>;
  /** Windows by the tensor that they are of and their length. */
  readonly windows: Map<string, string>;
  readonly tensor: (base: string) => string;
  readonly node: (base: string) => string;
  /** Layers with a kernel over time whose new columns alone are computed. */
  streamed: number;
}

function fail(where: string, expected: string, found: unknown): never {
  throw new ModelError(`--streaming: ${where}: expected ${expected}, found ${found}`);
}

const within = (shape: Shape, axis: number): number => elements(shape.slice(axis + 1));

/** The axis of a shape along which so many values are new at the end; undefined where they are no whole places of one. */
function timeOf(shape: Shape, values: number, padded = 0): Timed | undefined {
  const axis = shape.findIndex((length) => length > 1);
  if (axis < 0) return undefined;
  const [length, inner] = [shape[axis]!, within(shape, axis)];
  return values % inner === 0 && values / inner < length
    ? { axis, length, fresh: values / inner, padded: Math.ceil(padded / inner) }
    : undefined;
}

const freshShape = (shape: Shape, { axis, fresh }: Timed): Shape => shape.with(axis, fresh);

/** The last columns of a tensor over time, a state: the name of the tensor that has them. */
function windowOf(draft: Draft, name: string, columns: number): string {
  const { axis, fresh, length } = draft.timed.get(name)!;
  if (columns === fresh) return name;
  const key = `${columns} ${name}`;
  const known = draft.windows.get(key);
  if (known !== undefined) return known;
  const { dtype, shape, quantization } = tensorOf(draft.graph, name);
  const plain = { dtype, shape: shape.with(axis, columns), ...(quantization && { quantization }) };
  const silent = draft.silent(name)?.slice((length - columns) * within(shape, axis));
  const [last, state, next] = ["window", "window_state", "window_next"].map((each) =>
    draft.tensor(`${name}/${each}`),
  );
  draft.tensors.set(last!, { ...plain, name: last! });
  draft.tensors.set(next!, { ...plain, name: next! });
  draft.tensors.set(state!, { ...plain, name: state!, next: next!, ...(silent && { initial: silent }) });
  draft.nodes.push({
    name: draft.node(`${name}/window`),
    op: slide.name,
    inputs: [name, state!],
    outputs: [last!, next!],
    attributes: {},
  });
  draft.windows.set(key, last!);
  return last!;
}

/** Refuses a node that reads columns from `first` on, where padding has changed some of them. */
function checkColumns({ name }: Node, { padded, length }: Timed, first: number): void {
  if (first < padded)
    fail(
      `node ${name}`,
      "columns that padding over time does not change",
      `those from ${first} on, of which it changes ${padded - first} of ${length - first}`,
    );
}

/** A part of a window: as many of its last columns as it needs are kept. */
function addSlice(draft: Draft, node: Node): void {
  const [name] = node.inputs as [string];
  const time = draft.timed.get(name)!;
  const { axis, length, fresh } = time;
  const [begin, end, strides] = ["begin", "end", "strides"].map((each) => node.attributes[each]) as [
    readonly number[],
    readonly number[],
    readonly number[],
  ];
  if (strides[axis]! < 0) {
    addWhole(draft, node);
    return;
  }
  checkColumns(node, time, begin[axis]!);
  const columns = Math.max(fresh, length - begin[axis]!);
  const earlier = (places: readonly number[]): number[] =>
    places.with(axis, places[axis]! - (length - columns));
  draft.nodes.push({
    ...node,
    inputs: [windowOf(draft, name, columns)],
    attributes: { begin: earlier(begin), end: earlier(end), strides },
  });
}

/** A node that needs whole windows of what it reads: what it makes has no time. */
function addWhole(draft: Draft, node: Node): void {
  const inputs = node.inputs.map((name) => {
    const timed = draft.timed.get(name);
    if (timed) checkColumns(node, timed, 0);
    return timed ? windowOf(draft, name, timed.length) : name;
  });
  draft.nodes.push({ ...node, inputs });
}

/** A node that computes new columns as it would all of them. */
function addFresh(draft: Draft, node: Node, time: Timed, change: Partial<Node> = {}): void {
  const [name] = node.outputs as [string];
  const output = tensorOf(draft.graph, name);
  draft.timed.set(name, time);
  draft.tensors.set(name, { ...output, shape: freshShape(output.shape, time) });
  draft.nodes.push({ ...node, ...change });
}

function addReshape(draft: Draft, node: Node): void {
  const input = tensorOf(draft.graph, node.inputs[0]!);
  const { axis, fresh, padded } = draft.timed.get(input.name)!;
  const { shape } = tensorOf(draft.graph, node.outputs[0]!);
  const inner = within(input.shape, axis);
  const time = timeOf(shape, fresh * inner, padded * inner);
  if (!time) addWhole(draft, node);
  else addFresh(draft, node, time, { attributes: { ...node.attributes, shape: freshShape(shape, time) } });
}

/** Sizes of a kernel along one axis of an image. */
function kernelOf(draft: Draft, node: Node, axis: number) {
  const at = axis - 1;
  const list = (name: string): readonly number[] =>
    (node.attributes[name] as readonly number[] | undefined) ?? [];
  const size = operatorOf(node.op).pools
    ? list("kernel")[at]
    : tensorOf(draft.graph, node.inputs[1]!).shape[axis];
  const padding = list("padding");
  return { size: size!, stride: list("stride")[at]!, before: padding[at]!, after: padding[at + 2]! };
}

/**
 * Convolutions and poolings: columns of the window before the new ones are kept as far as the kernel reaches. Padding before
 * the window changes the first columns, which must not be read by then; padding behind it would change new ones.
 */
function addKernel(draft: Draft, node: Node): void {
  const [name] = node.inputs as [string];
  const time = draft.timed.get(name)!;
  const { axis, length, fresh } = time;
  const outputs = tensorOf(draft.graph, node.outputs[0]!).shape[axis]!;
  if (axis < 1 || axis > 2 || outputs === 1) {
    addWhole(draft, node);
    return;
  }
  const { stride, before, after } = kernelOf(draft, node, axis);
  const where = `node ${node.name}`;
  if (after !== 0) fail(where, "no padding behind the window", `${before} before and ${after} behind`);
  if (fresh % stride !== 0)
    fail(where, `a stride over time of which its ${fresh} new columns are a multiple (--stride)`, stride);
  const made = fresh / stride;
  const columns = length - (outputs - made) * stride + before;
  // A tensor that is all new, or leaves columns out, has nothing to keep.
  if (made >= outputs || columns < fresh) {
    addWhole(draft, node);
    return;
  }
  if (columns > fresh) draft.streamed++;
  checkColumns(node, time, length - columns);
  const padded = Math.ceil((before + time.padded) / stride);
  const padding = (node.attributes["padding"] as readonly number[]).with(axis - 1, 0);
  const inputs = [windowOf(draft, name, columns), ...node.inputs.slice(1)];
  const attributes = { ...node.attributes, padding };
  addFresh(draft, node, { axis, length: outputs, fresh: made, padded }, { inputs, attributes });
}

/** Whether a tensor has one value for all times, where it is an operand of one of that rank. */
function isTimeless(shape: Shape, rank: number, axis: number): boolean {
  const at = axis - (rank - shape.length);
  return at < 0 || shape[at] === 1;
}

function addElementwise(draft: Draft, node: Node): void {
  const output = tensorOf(draft.graph, node.outputs[0]!);
  const times = node.inputs.flatMap((name) => draft.timed.get(name) ?? []);
  const [time] = times as [Timed];
  const isAlike = node.inputs.every((name) => {
    const other = draft.timed.get(name);
    const { shape } = tensorOf(draft.graph, name);
    if (!other) return isTimeless(shape, output.shape.length, time.axis);
    return (
      shape.length === output.shape.length &&
      other.axis === time.axis &&
      other.length === time.length &&
      other.fresh === time.fresh
    );
  });
  const padded = Math.max(...times.map((each) => each.padded));
  if (isAlike && output.shape[time.axis] === time.length) addFresh(draft, node, { ...time, padded });
  else addWhole(draft, node);
}

function addNode(draft: Draft, node: Node): void {
  const operator = operatorOf(node.op);
  const isTimed = node.inputs.some((name) => draft.timed.has(name));
  if (!isTimed) draft.nodes.push(node);
  else if (operator.name === "reshape") addReshape(draft, node);
  else if (operator.name === "strided_slice") addSlice(draft, node);
  else if ((operator.window === "padded" || operator.pools) && draft.timed.has(node.inputs[0]!))
    addKernel(draft, node);
  else if (operator.elementwise && node.outputs.length === 1) addElementwise(draft, node);
  else addWhole(draft, node);
}

/**
 * The network of which each inference takes the `fresh` newest values of its window, with the bytes that the whole window
 * would give from the first inference on, the window being zeros before. `silent`: values of the tensors in such a window;
 * without, states begin with anything, which is enough to see whether the network can be converted.
 * @throws ModelError that names the node, where it can't
 */
export function streamNetwork(
  network: Graph,
  fresh: number,
  silent?: (name: string) => TensorData | undefined,
): Graph {
  const [name, ...others] = network.inputs as [string];
  const input = tensorOf(network, name);
  if (others.length > 0) fail(`model ${network.name}`, "one input", network.inputs.length);
  const time = timeOf(input.shape, fresh);
  if (!time)
    fail(`input ${name}`, `[${input.shape}] with time first, more of it than ${fresh} new values`, "another");
  const draft: Draft = {
    graph: network,
    silent: silent ?? (() => undefined),
    nodes: [],
    tensors: new Map(network.tensors),
    timed: new Map([[name, time]]),
    windows: new Map(),
    tensor: tensorNames(network),
    node: nodeNames(network),
    streamed: 0,
  };
  const { features: _, scaling: __, ...plain } = input;
  draft.tensors.set(name, { ...plain, shape: freshShape(input.shape, time) });
  for (const node of network.nodes) addNode(draft, node);
  const open = network.outputs.find((output) => draft.timed.has(output));
  if (open !== undefined) fail(`output ${open}`, "no time in it", `${draft.timed.get(open)!.length} columns`);
  if (draft.streamed === 0) fail(`model ${network.name}`, "a convolution or a pooling over time", "none");
  return { ...network, nodes: draft.nodes, tensors: draft.tensors };
}
