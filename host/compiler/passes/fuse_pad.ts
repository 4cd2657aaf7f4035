import { type Graph, tensorOf } from "../../ir/graph.ts";
import { operatorOf } from "../../ops/index.ts";
import { fuseWithReader } from "./fuse.ts";

/**
 * Zeros padded around an image become the padding of the convolution that reads it: both count as
 * nothing in the sum, since a padded zero is the zero point. Saves the padded copy.
 */
export function fusePad(graph: Graph): Graph {
  return fuseWithReader(graph, (current, node, reader) => {
    if (node.op !== "pad" || operatorOf(reader.op).window !== "padded") return undefined;
    const [input, padded] = [tensorOf(current, node.inputs[0]!), tensorOf(current, node.outputs[0]!)];
    const { before, after, value } = node.attributes as { before: number[]; after: number[]; value: number };
    const isImage = before.length === 4 && [0, 3].every((axis) => before[axis] === 0 && after[axis] === 0);
    const sameScale = JSON.stringify(input.quantization) === JSON.stringify(padded.quantization);
    if (!isImage || !sameScale || value !== 0 || reader.inputs[0] !== padded.name) return undefined;
    const [top, left, bottom, right] = reader.attributes["padding"] as [number, number, number, number];
    const padding = [top + before[1]!, left + before[2]!, bottom + after[1]!, right + after[2]!];
    return {
      ...reader,
      inputs: [input.name, ...reader.inputs.slice(1)],
      attributes: { ...reader.attributes, padding },
    };
  });
}
