import { type Graph, type Node, type Tensor, tensorOf, withTensors } from "../../ir/graph.ts";
import { fuseWithReader } from "./fuse.ts";

/** A constant as one number for each feature of what a layer reads. */
function perFeature(constant: Tensor | undefined, features: number): readonly number[] | undefined {
  if (!constant?.data) return undefined;
  const { data, shape } = constant;
  if (data.length === 1) return Array<number>(features).fill(data[0]!);
  return data.length === features && shape.at(-1) === features ? Array.from(data) : undefined;
}

/** The input channel that each weight is for, by operator. */
const CHANNEL_OF: Readonly<Record<string, (reader: Node, weights: Tensor) => (i: number) => number>> = {
  fully_connected:
    (_, { shape }) =>
    (i) =>
      i % shape[1]!,
  conv2d:
    (_, { shape }) =>
    (i) =>
      i % shape[3]!,
  transpose_conv2d:
    (_, { shape }) =>
    (i) =>
      i % shape[3]!,
  depthwise_conv2d: ({ attributes }, { shape }) => {
    const multiplier = attributes["depthMultiplier"] as number;
    return (i) => Math.floor((i % shape[3]!) / multiplier);
  },
};

/** Weights of a layer that also multiplies its input. Zeros around an image stay zeros. */
function multiplied(reader: Node, numbers: readonly number[], weights: Tensor): Float32Array {
  const channelOf = CHANNEL_OF[reader.op]!(reader, weights);
  return (weights.data as Float32Array).map((w, i) => w * numbers[channelOf(i)]!);
}

/** The bias of a dense layer that also adds constants to its input, or takes them away. */
function shifted(
  { op }: Node,
  numbers: readonly number[],
  weights: Tensor,
  bias: Float32Array,
): Float32Array {
  const depth = weights.shape[1]!;
  const sign = op === "sub" ? -1 : 1;
  return bias.map((constant, row) =>
    numbers.reduce((sum, x, i) => sum + sign * x * weights.data![row * depth + i]!, constant),
  );
}

const FOLDED = ["add", "sub", "mul"];

/**
 * Float graphs: a constant that every feature is multiplied with goes into the weights of the layer that follows, one
 * that is added goes into a dense layer's bias. Networks scale their images so, bytes to 0..1.
 */
export function foldAffine(graph: Graph): Graph {
  const folded = foldOnce(graph);
  // What came before what was folded follows now.
  return folded.nodes.length < graph.nodes.length ? foldAffine(folded) : folded;
}

/** Groups have each their own channels, which no weight tells. */
const canFold = (node: Node, reader: Node): boolean =>
  reader.inputs[0] === node.outputs[0] &&
  (reader.op === "fully_connected" ||
    (node.op === "mul" && reader.op in CHANNEL_OF && (reader.attributes["groups"] ?? 1) === 1));

function foldOnce(graph: Graph): Graph {
  const tensors = new Map(graph.tensors);
  const fused = fuseWithReader(graph, (_, node, reader) => {
    const at = node.inputs.findIndex((name) => !tensors.get(name)?.data);
    const x = tensors.get(node.inputs[at] ?? node.outputs[0]!)!;
    const isFolded = FOLDED.includes(node.op) && node.attributes["activation"] === "none" && at >= 0;
    if (!isFolded || !canFold(node, reader) || x.dtype !== "float32" || (node.op === "sub" && at !== 0))
      return undefined;
    const weights = tensors.get(reader.inputs[1]!)!;
    const bias = tensors.get(reader.inputs[2] ?? "");
    const numbers = perFeature(tensors.get(node.inputs[1 - at] ?? ""), x.shape.at(-1)!);
    const isWhole = x.shape.join() === tensorOf(graph, node.outputs[0]!).shape.join();
    if (!numbers || !(weights.data instanceof Float32Array) || (bias && !bias.data) || !isWhole)
      return undefined;
    const name = (of: string): string => `${reader.name}/${of}@${node.name}`;
    if (node.op === "mul") {
      const data = multiplied(reader, numbers, weights);
      tensors.set(name("weights"), { ...weights, name: name("weights"), data });
      return { ...reader, inputs: [x.name, name("weights"), ...reader.inputs.slice(2)] };
    }
    const before = (bias?.data as Float32Array | undefined) ?? new Float32Array(weights.shape[0]!);
    const data = shifted(node, numbers, weights, before);
    tensors.set(name("bias"), { name: name("bias"), dtype: "float32", shape: [data.length], data });
    return { ...reader, inputs: [x.name, reader.inputs[1]!, name("bias")] };
  });
  return withTensors(fused, tensors.values());
}
