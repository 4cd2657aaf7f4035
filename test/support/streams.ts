/** Small models of a stream. */
import { joinFrontend } from "../../host/compiler/import/frontend.ts";
import { type Graph, quantized, type Stream, type Tensor, tensorOf } from "../../host/ir/graph.ts";

export const WINDOW = 4;
export const STEREO_WINDOW = 6;

const whole = quantized(1, 0);

const one = (
  name: string,
  op: string,
  attributes: Graph["nodes"][0]["attributes"],
  ends: Tensor[],
): Graph => ({
  name,
  tensors: new Map(ends.map((each) => [each.name, each])),
  nodes: [{ name: "node", op, inputs: ["input"], outputs: ["output"], attributes }],
  inputs: ["input"],
  outputs: ["output"],
});

/** Halves of a window of a stream, and the greatest of each channel of the last two windows, in every second inference. */
export function greatestOf(stream: Stream, window: number): Graph {
  const { channels } = stream;
  const halve = { factor: 1, addend: 0, divisor: 2, offset: 0, min: -128, max: 127 };
  const front = one("halves", "scale_integers", halve, [
    { name: "input", dtype: "int16", shape: [window], quantization: whole, stream },
    { name: "output", dtype: "int8", shape: [window], quantization: whole },
  ]);
  const times = (2 * window) / channels;
  const network = one("greatest", "reduce_max", { axes: [1], keepDims: false }, [
    { name: "input", dtype: "int8", shape: [1, times, channels], quantization: whole },
    { name: "output", dtype: "int8", shape: [1, channels], quantization: whole },
  ]);
  return joinFrontend(front, network, true, 2);
}

/** The graph with an input that is a stream, and an output that has labels. */
export function withLabels(graph: Graph, stream: Stream, labels: readonly string[]): Graph {
  const tensors = new Map(graph.tensors);
  const [input, output] = [tensorOf(graph, graph.inputs[0]!), tensorOf(graph, graph.outputs[0]!)];
  tensors.set(input.name, { ...input, stream });
  tensors.set(output.name, { ...output, labels });
  return { ...graph, task: "classification", tensors };
}
