import { type Graph, type Tensor, tensorOf, withTensors } from "../../ir/graph.ts";
import { tensorNames } from "../../ir/names.ts";
import { fuseWithReader } from "./fuse.ts";

/** (outer [n, m]) times (inner [m, k]), in double precision. */
function product(outer: Tensor, inner: Tensor): Float32Array {
  const [n, m] = outer.shape as [number, number];
  const k = inner.shape[1]!;
  return Float32Array.from({ length: n * k }, (_, i) => {
    let sum = 0;
    for (let j = 0; j < m; j++)
      sum += outer.data![Math.floor(i / k) * m + j]! * inner.data![j * k + (i % k)]!;
    return sum;
  });
}

function biasOf(outer: Tensor, inner: Tensor | undefined, own: Tensor | undefined): Float32Array {
  const [n, m] = outer.shape as [number, number];
  const before = own?.data ?? new Float32Array(n);
  return Float32Array.from(before, (constant, row) => {
    let sum = constant;
    for (let j = 0; inner && j < m; j++) sum += outer.data![row * m + j]! * inner.data![j]!;
    return sum;
  });
}

/** Float graphs: two dense layers with nothing between are one, where that has no more weights. */
export function fuseDense(graph: Graph): Graph {
  const tensors = new Map(graph.tensors);
  const unique = tensorNames(graph);
  const fused = fuseWithReader(graph, (_, node, reader) => {
    const isDense = [node, reader].every(
      ({ op, attributes }) => op === "fully_connected" && attributes["keepDims"] === true,
    );
    const isPlain = node.attributes["activation"] === "none" && reader.inputs[0] === node.outputs[0];
    if (!isDense || !isPlain || tensorOf(graph, node.outputs[0]!).dtype !== "float32") return undefined;
    const at = (name: string | undefined): Tensor | undefined => tensors.get(name ?? "");
    const [inner, innerBias] = [at(node.inputs[1]), at(node.inputs[2])];
    const [outer, outerBias] = [at(reader.inputs[1]), at(reader.inputs[2])];
    if ([inner, outer].some((weights) => !weights?.data)) return undefined;
    const [n, m, k] = [outer!.shape[0]!, outer!.shape[1]!, inner!.shape[1]!];
    if (n * k > n * m + m * k) return undefined;
    const names = [
      unique(`${outer!.name}@${node.name}`),
      unique(`${reader.name}/bias@${node.name}`),
    ] as const;
    tensors.set(names[0], { name: names[0], dtype: "float32", shape: [n, k], data: product(outer!, inner!) });
    const bias = biasOf(outer!, innerBias, outerBias);
    tensors.set(names[1], { name: names[1], dtype: "float32", shape: [n], data: bias });
    return { ...reader, inputs: [node.inputs[0]!, ...names] };
  });
  return withTensors(fused, tensors.values());
}
