import { type Graph, type Node, type Tensor, tensorOf, withTensors } from "../../ir/graph.ts";
import { tensorNames } from "../../ir/names.ts";
import { operatorOf } from "../../ops/index.ts";
import { bind } from "../../ops/operator.ts";
import type { WeightMatrix } from "../../ops/traits.ts";
import { fuseWithReader } from "./fuse.ts";

/** A constant as one number for each feature of what a layer reads. */
function perFeature(constant: Tensor | undefined, features: number): readonly number[] | undefined {
  if (!constant?.data) return undefined;
  const { data, shape } = constant;
  if (data.length === 1) return Array<number>(features).fill(data[0]!);
  return data.length === features && shape.at(-1) === features ? Array.from(data) : undefined;
}

/** Weights of a layer that also multiplies its input. Zeros around an image stay zeros. */
const multiplied = (matrix: WeightMatrix, numbers: readonly number[], weights: Tensor): Float32Array =>
  (weights.data as Float32Array).map((w, i) => w * numbers[matrix.inputChannel(i)]!);

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
  // A node in front of the folded one is now next to the layer.
  return folded.nodes.length < graph.nodes.length ? foldAffine(folded) : folded;
}

/** How the reader's weights look where it can take the node in; sums of constants only where no window meets a border. */
function foldsInto(graph: Graph, node: Node, reader: Node): WeightMatrix | undefined {
  const { matrix, window } = operatorOf(reader.op);
  if (reader.inputs[0] !== node.outputs[0] || (node.op !== "mul" && window !== undefined)) return undefined;
  return matrix(bind(graph, reader));
}

function foldOnce(graph: Graph): Graph {
  const tensors = new Map(graph.tensors);
  const unique = tensorNames(graph);
  const fused = fuseWithReader(graph, (_, node, reader) => {
    const at = node.inputs.findIndex((name) => !tensors.get(name)?.data);
    const x = tensors.get(node.inputs[at] ?? node.outputs[0]!)!;
    const isFolded = FOLDED.includes(node.op) && node.attributes["activation"] === "none" && at >= 0;
    const matrix = isFolded ? foldsInto({ ...graph, tensors }, node, reader) : undefined;
    if (!matrix || x.dtype !== "float32" || (node.op === "sub" && at !== 0)) return undefined;
    const weights = tensors.get(reader.inputs[1]!)!;
    const bias = tensors.get(reader.inputs[2] ?? "");
    const numbers = perFeature(tensors.get(node.inputs[1 - at] ?? ""), x.shape.at(-1)!);
    const isWhole = x.shape.join() === tensorOf(graph, node.outputs[0]!).shape.join();
    if (!numbers || !(weights.data instanceof Float32Array) || (bias && !bias.data) || !isWhole)
      return undefined;
    const nameOf = (role: string): string => unique(`${reader.name}/${role}@${node.name}`);
    if (node.op === "mul") {
      const data = multiplied(matrix, numbers, weights);
      const name = nameOf("weights");
      tensors.set(name, { ...weights, name, data });
      return { ...reader, inputs: [x.name, name, ...reader.inputs.slice(2)] };
    }
    const before = (bias?.data as Float32Array | undefined) ?? new Float32Array(weights.shape[0]!);
    const data = shifted(node, numbers, weights, before);
    const name = nameOf("bias");
    tensors.set(name, { name, dtype: "float32", shape: [data.length], data });
    return { ...reader, inputs: [x.name, reader.inputs[1]!, name] };
  });
  return withTensors(fused, tensors.values());
}
