import {
  elements,
  type Graph,
  type Node,
  readers,
  type Tensor,
  tensorOf,
  withTensors,
  writers,
} from "../../ir/graph.ts";
import { nodeNames, tensorNames } from "../../ir/names.ts";

/** Encoders of single columns side by side: intervals of one tensor, or dense layers of such, become one of each. */

interface Part {
  readonly intervals: Node;
  /** The dense layer behind them, if there is one. */
  readonly dense: Node | undefined;
}

const isRow = ({ shape }: Tensor): boolean => elements(shape) === shape.at(-1);

/** The operator that writes a row which nobody else reads, behind changes of shape. */
function writerOf(graph: Graph, by: ReadonlyMap<string, Node>, name: string): Node | undefined {
  let node = by.get(name);
  const users = readers(graph);
  const isAlone = (tensor: string): boolean =>
    users.get(tensor)?.length === 1 && !graph.outputs.includes(tensor) && isRow(tensorOf(graph, tensor));
  while (node?.op === "reshape" && isAlone(node.outputs[0]!)) node = by.get(node.inputs[0]!);
  return node && isAlone(node.outputs[0]!) ? node : undefined;
}

function partOf(graph: Graph, by: ReadonlyMap<string, Node>, name: string): Part | undefined {
  const last = writerOf(graph, by, name);
  if (last?.op === "intervals") return { intervals: last, dense: undefined };
  if (last?.op !== "fully_connected" || last.attributes["activation"] !== "none") return undefined;
  const first = writerOf(graph, by, last.inputs[0]!);
  const hasWeights = last.inputs.slice(1).every((input) => tensorOf(graph, input).data);
  return first?.op === "intervals" && hasWeights ? { intervals: first, dense: last } : undefined;
}

const kindOf = ({ intervals: { inputs, attributes }, dense }: Part): string =>
  [inputs[0], attributes["openLow"], attributes["openHigh"], dense !== undefined].join();

const joined = (graph: Graph, names: readonly string[]): Float32Array =>
  Float32Array.from(names.flatMap((name) => Array.from(tensorOf(graph, name).data!)));

/** Weights of layers side by side as one: blocks along the diagonal. */
function blocks(
  graph: Graph,
  layers: readonly Node[],
): { weights: Float32Array; bias: Float32Array; depth: number } {
  const all = layers.map(({ inputs }) => tensorOf(graph, inputs[1]!));
  const depth = all.reduce((sum, { shape }) => sum + shape[1]!, 0);
  const rows = all.reduce((sum, { shape }) => sum + shape[0]!, 0);
  const weights = new Float32Array(rows * depth);
  const bias = new Float32Array(rows);
  let [row, column] = [0, 0];
  all.forEach(({ shape, data }, layer) => {
    const [outputs, inputs] = shape as [number, number];
    const own = layers[layer]!.inputs[2];
    for (let i = 0; i < outputs; i++) {
      for (let j = 0; j < inputs; j++) weights[(row + i) * depth + column + j] = data![i * inputs + j]!;
      bias[row + i] = own ? tensorOf(graph, own).data![i]! : 0;
    }
    row += outputs;
    column += inputs;
  });
  return { weights, bias, depth };
}

function merge(graph: Graph, concat: Node, parts: readonly Part[]): Graph {
  const base = concat.name;
  const [uniqueTensor, uniqueNode] = [tensorNames(graph), nodeNames(graph)];
  const tensors: Tensor[] = [];
  const constant = (role: string, shape: readonly number[], data: Float32Array): string => {
    const name = uniqueTensor(`${base}/${role}`);
    tensors.push({ name, dtype: "float32", shape, data });
    return name;
  };
  const nodes: Node[] = [];
  const add = (
    op: string,
    inputs: string[],
    shape: readonly number[],
    attributes: Node["attributes"],
  ): string => {
    const name = uniqueTensor(`${base}/${op}`);
    tensors.push({ name, dtype: "float32", shape });
    nodes.push({ name: uniqueNode(name), op, inputs, outputs: [name], attributes });
    return name;
  };
  const all = parts.map(({ intervals }) => intervals);
  const [first] = all;
  const features = all.flatMap(({ attributes }) => attributes["features"] as readonly number[]);
  const count = features.length;
  const input = tensorOf(graph, first!.inputs[0]!);
  const low = constant(
    "low",
    [count],
    joined(
      graph,
      all.map(({ inputs }) => inputs[1]!),
    ),
  );
  const high = constant(
    "high",
    [count],
    joined(
      graph,
      all.map(({ inputs }) => inputs[2]!),
    ),
  );
  let last = add("intervals", [input.name, low, high], input.shape.with(-1, count), {
    ...first!.attributes,
    features,
  });
  const layers = parts.flatMap(({ dense }) => dense ?? []);
  if (layers.length > 0) {
    const { weights, bias, depth } = blocks(graph, layers);
    const inputs = [
      last,
      constant("weights", [bias.length, depth], weights),
      constant("bias", [bias.length], bias),
    ];
    last = add("fully_connected", inputs, input.shape.with(-1, bias.length), {
      keepDims: true,
      activation: "none",
    });
  }
  const output = tensorOf(graph, concat.outputs[0]!);
  nodes.push({ ...concat, op: "reshape", inputs: [last], attributes: { shape: output.shape } });
  const merged = graph.nodes.flatMap((node) => (node === concat ? nodes : [node]));
  return withTensors({ ...graph, nodes: merged }, tensors);
}

export function mergeIntervals(graph: Graph): Graph {
  return graph.nodes.reduce((current, node) => {
    if (node.op !== "concatenation" || !isRow(tensorOf(current, node.outputs[0]!))) return current;
    const by = writers(current);
    const parts = node.inputs.map((name) => partOf(current, by, name));
    const found = parts.filter((part) => part !== undefined);
    const isSame = found.length === parts.length && new Set(found.map(kindOf)).size === 1;
    return isSame && isRow(tensorOf(current, found[0]!.intervals.inputs[0]!))
      ? merge(current, node, found)
      : current;
  }, graph);
}
