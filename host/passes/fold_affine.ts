import { type Graph, type Node, type Tensor, tensorOf, withTensors } from "../ir/graph.ts";
import { fuseWithReader } from "./fuse.ts";

/** A constant as one number for each of the features before a dense layer. */
function perFeature(constant: Tensor | undefined, features: number): readonly number[] | undefined {
  if (!constant?.data) return undefined;
  const { data, shape } = constant;
  if (data.length === 1) return Array<number>(features).fill(data[0]!);
  return data.length === features && shape.at(-1) === features ? Array.from(data) : undefined;
}

/** Weights and bias of a dense layer that also multiplies or adds what is done to its input before. */
function folded(node: Node, numbers: readonly number[], weights: Tensor, bias: Float32Array) {
  const depth = weights.shape[1]!;
  const data = weights.data as Float32Array;
  if (node.op === "mul") return { data: data.map((w, i) => w * numbers[i % depth]!), bias };
  const sign = node.op === "sub" ? -1 : 1;
  const sums = bias.map((constant, row) =>
    numbers.reduce((sum, x, i) => sum + sign * x * data[row * depth + i]!, constant),
  );
  return { data, bias: sums };
}

const FOLDED = ["add", "sub", "mul"];

/** Float graphs: a constant added to every feature, or multiplied with it, goes into the dense layer that follows. */
export function foldAffine(graph: Graph): Graph {
  const folded = foldOnce(graph);
  // What came before what was folded follows now.
  return folded.nodes.length < graph.nodes.length ? foldAffine(folded) : folded;
}

function foldOnce(graph: Graph): Graph {
  const tensors = new Map(graph.tensors);
  const fused = fuseWithReader(graph, (_, node, reader) => {
    const at = node.inputs.findIndex((name) => !tensors.get(name)?.data);
    const x = tensors.get(node.inputs[at] ?? node.outputs[0]!)!;
    const isFolded = FOLDED.includes(node.op) && node.attributes["activation"] === "none" && at >= 0;
    const isDense = reader.op === "fully_connected" && reader.inputs[0] === node.outputs[0];
    if (!isFolded || !isDense || x.dtype !== "float32" || (node.op === "sub" && at !== 0)) return undefined;
    const weights = tensors.get(reader.inputs[1]!)!;
    const bias = tensors.get(reader.inputs[2] ?? "");
    const numbers = perFeature(tensors.get(node.inputs[1 - at] ?? ""), weights.shape[1]!);
    const isWhole = x.shape.join() === tensorOf(graph, node.outputs[0]!).shape.join();
    if (!numbers || !weights.data || (bias && !bias.data) || !isWhole) return undefined;
    const zeros = new Float32Array(weights.shape[0]!);
    const result = folded(node, numbers, weights, (bias?.data as Float32Array | undefined) ?? zeros);
    const names = [`${weights.name}@${node.name}`, `${reader.name}/bias@${node.name}`] as const;
    tensors.set(names[0], { ...weights, name: names[0], data: result.data });
    tensors.set(names[1], { name: names[1], dtype: "float32", shape: [zeros.length], data: result.bias });
    return { ...reader, inputs: [x.name, ...names] };
  });
  return withTensors(fused, tensors.values());
}
