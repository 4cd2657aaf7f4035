import { type Graph, type Node, type Tensor, tensorOf, withTensors } from "../../ir/graph.ts";
import { tensorNames } from "../../ir/names.ts";
import { fuseWithReader } from "./fuse.ts";

/** Weights for all columns: zeros where a column is not wanted, the sum where it is wanted twice. */
function spread(weights: Tensor, indices: readonly number[], features: number): Float32Array {
  const [rows, depth] = weights.shape as [number, number];
  const data = new Float32Array(rows * features);
  weights.data!.forEach((w, i) => {
    data[Math.floor(i / depth) * features + indices[i % depth]!]! += w;
  });
  return data;
}

/** A dense layer computes zeros in vain: so many times as many columns at most. */
const MAX_SPREAD = 2;

/** Float graphs: who reads a choice of columns chooses for itself, by number or by weights of zero. */
export function absorbSelect(graph: Graph): Graph {
  const tensors = new Map(graph.tensors);
  const unique = tensorNames(graph);
  const fused = fuseWithReader(graph, (_, node, reader): Node | undefined => {
    if (node.op !== "select" || reader.inputs[0] !== node.outputs[0]) return undefined;
    const input = tensorOf(graph, node.inputs[0]!);
    const indices = node.attributes["indices"] as readonly number[];
    if (input.dtype !== "float32") return undefined;
    const inputs = [input.name, ...reader.inputs.slice(1)];
    if (reader.op === "intervals") {
      const features = (reader.attributes["features"] as readonly number[]).map((i) => indices[i]!);
      return { ...reader, inputs, attributes: { ...reader.attributes, features } };
    }
    const weights = tensors.get(reader.inputs[1] ?? "");
    const features = input.shape.at(-1)!;
    const isDense = reader.op === "fully_connected" && reader.attributes["keepDims"] === true;
    if (!isDense || !weights?.data || features > MAX_SPREAD * indices.length) return undefined;
    const name = unique(`${weights.name}@${node.name}`);
    const shape = [weights.shape[0]!, features];
    tensors.set(name, { ...weights, name, shape, data: spread(weights, indices, features) });
    return { ...reader, inputs: [input.name, name, ...reader.inputs.slice(2)] };
  });
  return withTensors(fused, tensors.values());
}
