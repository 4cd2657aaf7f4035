import {
  elements,
  type Graph,
  type Node,
  readers,
  type Scaling,
  type Tensor,
  tensorOf,
  withTensors,
} from "../../ir/graph.ts";
import { nameGiver, tensorNames } from "../../ir/names.ts";

/**
 * Operations on single columns of a table right at a graph's input, such as scalers, imputers and a choice of
 * columns, which is all moved out of the graph: the caller scales each feature (Tensor.scaling), and one
 * choice of columns is left where they are not all wanted in order.
 */

/** A column of the input as (x - offset) * factor; a missing x is taken for `missing`. */
interface Column {
  readonly feature: number;
  readonly offset: number;
  readonly factor: number;
  readonly missing: number | undefined;
}

type Columns = readonly Column[];

/** A constant as one number for each column; undefined where it is of another shape. */
function perColumn(constant: Tensor | undefined, columns: Columns): readonly number[] | undefined {
  if (!constant?.data || constant.shape.length > 2) return undefined;
  const count = constant.data.length;
  if (count === 1) return columns.map(() => constant.data![0]!);
  return count === columns.length && constant.shape.at(-1) === count ? Array.from(constant.data) : undefined;
}

const moved = (column: Column, by: number): Column => ({
  ...column,
  offset: column.offset - by / column.factor,
});
const times = (column: Column, factor: number): Column => ({ ...column, factor: column.factor * factor });

/** Element-wise operators by what they make of a column and a number. */
const ARITHMETIC: Readonly<Record<string, (column: Column, number: number, isFirst: boolean) => Column>> = {
  add: moved,
  mul: times,
  sub: (column, number, isFirst) => (isFirst ? moved(column, -number) : moved(times(column, -1), number)),
  impute: (column, number) =>
    column.missing === undefined ? { ...column, missing: number / column.factor + column.offset } : column,
};

function arithmetic(graph: Graph, node: Node, columns: Columns, at: number): Columns | undefined {
  const numbers = perColumn(graph.tensors.get(node.inputs[1 - at] ?? ""), columns);
  const isPlain = (node.attributes["activation"] ?? "none") === "none";
  if (!numbers || !isPlain || (node.op === "mul" && numbers.includes(0))) return undefined;
  return columns.map((column, i) => ARITHMETIC[node.op]!(column, numbers[i]!, at === 0));
}

function sliced({ attributes }: Node, rank: number, columns: Columns): Columns | undefined {
  const [begin, end, strides] = ["begin", "end", "strides"].map(
    (key) => attributes[key] as readonly number[],
  );
  const [first, last, step] = [begin![rank - 1]!, end![rank - 1]!, strides![rank - 1]!];
  return step > 0 ? columns.filter((_, i) => i >= first && i < last && (i - first) % step === 0) : undefined;
}

/** The columns that a node makes of columns; undefined where it makes something else. */
function columnsOf(graph: Graph, node: Node, known: ReadonlyMap<string, Columns>): Columns | undefined {
  const output = tensorOf(graph, node.outputs[0]!);
  const lists = node.inputs.map((name) => known.get(name));
  const at = lists.findIndex((list) => list !== undefined);
  const columns = lists[at];
  if (!columns || elements(output.shape) !== output.shape.at(-1)) return undefined;
  if (node.op === "concatenation")
    return lists.every((list) => list !== undefined) ? lists.flat() : undefined;
  if (node.op in ARITHMETIC) return arithmetic(graph, node, columns, at);
  if (node.op === "reshape") return columns;
  if (node.op === "select") return (node.attributes["indices"] as readonly number[]).map((i) => columns[i]!);
  if (node.op === "strided_slice")
    return sliced(node, tensorOf(graph, node.inputs[0]!).shape.length, columns);
  return undefined;
}

/** The one way in which each feature is used; undefined where there are two. */
function scalingOf(features: number, lists: readonly Columns[]): Scaling | undefined {
  const used = new Array<Column | undefined>(features);
  for (const column of lists.flat()) {
    const other = used[column.feature];
    const isSame =
      !other ||
      (other.offset === column.offset && other.factor === column.factor && other.missing === column.missing);
    if (!isSame || !Number.isFinite(column.offset) || !Number.isFinite(column.factor)) return undefined;
    used[column.feature] = column;
  }
  const each = Array.from(used);
  const isMissing = each.some((column) => column?.missing !== undefined);
  return {
    offsets: each.map((column) => column?.offset ?? 0),
    factors: each.map((column) => column?.factor ?? 1),
    ...(isMissing && { missing: each.map((column) => column?.missing ?? 0) }),
  };
}

const isIdentity = ({ offsets, factors, missing }: Scaling): boolean =>
  !missing && offsets.every((o) => o === 0) && factors.every((f) => f === 1);

/** Givers of names, for tensors and for nodes. */
interface Unique {
  readonly tensor: (name: string) => string;
  readonly node: (name: string) => string;
}

/** Columns of the input as a tensor of that name and shape: a choice of them, and the shape. */
function choose(
  input: Tensor,
  tensor: Tensor,
  columns: Columns,
  unique: Unique,
): { nodes: Node[]; tensors: Tensor[] } {
  const indices = columns.map(({ feature }) => feature);
  const isAll = indices.every((feature, i) => feature === i) && indices.length === input.shape.at(-1);
  const shape = input.shape.with(-1, indices.length);
  const isShaped = shape.join() === tensor.shape.join();
  const between = isShaped ? tensor.name : unique.tensor(`${tensor.name}/columns`);
  const chosen: Node = {
    name: unique.node(between),
    op: "select",
    inputs: [input.name],
    outputs: [between],
    attributes: { indices },
  };
  const reshaped: Node = {
    name: unique.node(`${tensor.name}/shape`),
    op: "reshape",
    inputs: [isAll ? input.name : between],
    outputs: [tensor.name],
    attributes: { shape: tensor.shape },
  };
  // A select of all columns in order is removed as an identity where nothing else gives the tensor its name.
  if (isShaped) return { nodes: [chosen], tensors: [] };
  return isAll
    ? { nodes: [reshaped], tensors: [] }
    : { nodes: [chosen, reshaped], tensors: [{ name: between, dtype: "float32", shape }] };
}

function moveOut(graph: Graph, input: Tensor): Graph {
  const features = input.shape.at(-1)!;
  const known = new Map<string, Columns>();
  known.set(
    input.name,
    Array.from({ length: features }, (_, feature) => ({ feature, offset: 0, factor: 1, missing: undefined })),
  );
  const absorbed = new Set<Node>();
  for (const node of graph.nodes) {
    const columns = columnsOf(graph, node, known);
    if (!columns) continue;
    absorbed.add(node);
    known.set(node.outputs[0]!, columns);
  }
  if (absorbed.size === 0) return graph;
  const users = readers(graph);
  const border = [...known].filter(
    ([name]) => graph.outputs.includes(name) || users.get(name)?.some((node) => !absorbed.has(node)),
  );
  const scaling = scalingOf(
    features,
    border.map(([, columns]) => columns),
  );
  const isOutput = border.some(([name]) => graph.outputs.includes(name));
  if (!scaling || isOutput) return graph;
  const left = graph.nodes.filter((node) => !absorbed.has(node));
  const unique = { tensor: tensorNames(graph), node: nameGiver(left.map(({ name }) => name)) };
  const parts = border
    .filter(([name]) => name !== input.name)
    .map(([name, columns]) => choose(input, tensorOf(graph, name), columns, unique));
  const scaled = isIdentity(scaling) ? input : { ...input, scaling };
  const tensors = [scaled, ...parts.flatMap((part) => part.tensors)];
  const nodes = [...parts.flatMap((part) => part.nodes), ...left];
  return removeWhole(withTensors({ ...graph, nodes }, tensors), input);
}

/** Selections of all columns in order are the input. */
function removeWhole(graph: Graph, input: Tensor): Graph {
  const isWhole = ({ op, inputs, attributes }: Node): boolean =>
    op === "select" &&
    inputs[0] === input.name &&
    (attributes["indices"] as readonly number[]).join() ===
      Array.from({ length: input.shape.at(-1)! }, (_, i) => i).join();
  const names = new Set(graph.nodes.filter(isWhole).map((node) => node.outputs[0]!));
  const nodes = graph.nodes
    .filter((node) => !isWhole(node))
    .map((node) => ({ ...node, inputs: node.inputs.map((name) => (names.has(name) ? input.name : name)) }));
  return { ...graph, nodes };
}

export function columnsAtBorder(graph: Graph): Graph {
  return graph.inputs.reduce((current, name) => {
    const input = tensorOf(current, name);
    const isRow = input.shape.length >= 1 && elements(input.shape) === input.shape.at(-1);
    return isRow && input.dtype === "float32" && !input.scaling ? moveOut(current, input) : current;
  }, graph);
}
