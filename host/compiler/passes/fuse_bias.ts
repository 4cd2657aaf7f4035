import { elements, type Graph, tensorOf } from "../../ir/graph.ts";
import { operatorOf } from "../../ops/index.ts";
import { fuseWithReader } from "./fuse.ts";

/** Float graphs: a constant added to every output channel becomes the bias of the operator before. */
export function fuseBias(graph: Graph): Graph {
  return fuseWithReader(graph, (current, node, reader) => {
    const product = node.outputs[0]!;
    const output = tensorOf(current, product);
    const takesBias = operatorOf(node.op).quantization.bias === node.inputs.length;
    if (!takesBias || reader.op !== "add") return undefined;
    if (output.dtype !== "float32" || node.attributes["activation"] !== "none") return undefined;
    const other = tensorOf(current, reader.inputs.find((name) => name !== product) ?? product);
    const channels = output.shape.at(-1)!;
    const perChannel = other.shape.at(-1) === channels && elements(other.shape) === channels;
    if (
      !other.data ||
      !perChannel ||
      tensorOf(current, reader.outputs[0]!).shape.join() !== output.shape.join()
    ) {
      return undefined;
    }
    const activation = reader.attributes["activation"]!;
    return {
      ...node,
      inputs: [...node.inputs, other.name],
      outputs: reader.outputs,
      attributes: { ...node.attributes, activation },
    };
  });
}
