import { type Graph, tensorOf } from "../../ir/graph.ts";
import { fuseWithReader } from "./fuse.ts";

/** A clamping activation becomes part of the operator before it, which clamps anyway. */
export function fuseActivation(graph: Graph): Graph {
  return fuseWithReader(graph, (current, node, reader) => {
    if (reader.op !== "relu" || node.attributes["activation"] !== "none" || node.op === "relu")
      return undefined;
    const [before, after] = [tensorOf(current, reader.inputs[0]!), tensorOf(current, reader.outputs[0]!)];
    // With another scale on the other side the clamp would come before the second rounding.
    if (JSON.stringify(before.quantization) !== JSON.stringify(after.quantization)) return undefined;
    const activation = reader.attributes["activation"]!;
    return { ...node, outputs: reader.outputs, attributes: { ...node.attributes, activation } };
  });
}
