import { elements, type Graph, type Node, type Tensor, tensorOf, withTensors } from "../../ir/graph.ts";
import { nameGiver } from "../../ir/names.ts";
import { operatorOf } from "../../ops/index.ts";
import { fuseWithReader } from "./fuse.ts";

/** The constant of a node that applies one number to each output channel, or one to all. */
function perChannel(graph: Graph, node: Node, reader: Node): number[] | undefined {
  const output = tensorOf(graph, node.outputs[0]!);
  const channels = output.shape.at(-1)!;
  const operand = reader.inputs.find((name) => name !== output.name);
  const constant = operand === undefined ? undefined : tensorOf(graph, operand);
  if (!constant?.data || tensorOf(graph, reader.outputs[0]!).shape.join() !== output.shape.join())
    return undefined;
  const { data, shape } = constant;
  const fits = data.length === 1 || (shape.at(-1) === channels && elements(shape) === channels);
  return fits ? Array.from({ length: channels }, (_, i) => data[data.length === 1 ? 0 : i]!) : undefined;
}

function scaleWeights(weights: Tensor, axis: number, factors: readonly number[], name: string): Tensor {
  const stride = elements(weights.shape.slice(axis + 1));
  const count = weights.shape[axis]!;
  const data = (weights.data as Float32Array).map((w, i) => w * factors[Math.floor(i / stride) % count]!);
  const { quantization: _, ...rest } = weights;
  return { ...rest, name, data };
}

/** Adds up to what the layer and its reader computed. */
function combine(op: string, factors: readonly number[], bias: Tensor | undefined, name: string): Tensor {
  const old = (i: number): number => bias?.data?.[i] ?? 0;
  const next = factors.map((x, i) => (op === "mul" ? old(i) * x : op === "add" ? old(i) + x : old(i) - x));
  return { name, dtype: "float32", shape: [factors.length], data: Float32Array.from(next) };
}

function foldOnce(graph: Graph): Graph {
  const added: Tensor[] = [];
  const unique = nameGiver(graph.tensors.keys());
  const fused = fuseWithReader(graph, (given, node, reader) => {
    const current = withTensors(given, added);
    const axis = operatorOf(node.op).quantization.weights?.axis;
    const isScale = reader.op === "mul";
    const isShift = reader.op === "add" || (reader.op === "sub" && reader.inputs[0] === node.outputs[0]);
    if (axis === undefined || !(isScale || isShift) || node.attributes["activation"] !== "none")
      return undefined;
    const weights = tensorOf(current, node.inputs[1]!);
    const bias = node.inputs[2] ? tensorOf(current, node.inputs[2]) : undefined;
    const isFloat = weights.data instanceof Float32Array && (!bias || bias.data instanceof Float32Array);
    const factors = isFloat && perChannel(current, node, reader);
    if (!factors) return undefined;
    const scaled = isScale && scaleWeights(weights, axis, factors, unique(`${node.name}/scaled`));
    const shifted = (isShift || bias) && combine(reader.op, factors, bias, unique(`${node.name}/shifted`));
    if (scaled) added.push(scaled);
    if (shifted) added.push(shifted);
    return {
      ...node,
      inputs: [node.inputs[0]!, scaled ? scaled.name : weights.name, ...(shifted ? [shifted.name] : [])],
      outputs: reader.outputs,
      attributes: { ...node.attributes, activation: reader.attributes["activation"]! },
    };
  });
  return withTensors(fused, added);
}

/**
 * Float graphs: a factor or an addend for each output channel, as batch normalisation leaves them, becomes
 * part of the weights and the bias of the layer before; then the next one behind it.
 */
export function foldScale(graph: Graph): Graph {
  const folded = foldOnce(graph);
  return folded.nodes.length < graph.nodes.length ? foldScale(folded) : folded;
}
