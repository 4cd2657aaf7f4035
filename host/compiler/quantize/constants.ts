/** A node's float constants as integers: weights, biases and operands. */
import {
  allocate,
  elements,
  type Graph,
  ModelError,
  type Node,
  perTensor,
  type Quantization,
  type Tensor,
  type TensorData,
  tensorOf,
} from "../../ir/graph.ts";
import { typeRange } from "../../ops/activation.ts";
import { clamp, roundHalfAway } from "../../ops/fixed_point.ts";
import { operatorOf } from "../../ops/index.ts";
import { bind } from "../../ops/operator.ts";
import { activationScale, type Precision, symmetricScales, WEIGHT_LIMITS } from "../../ops/scales.ts";

function quantizeValues(
  data: TensorData,
  dtype: Precision,
  scaleOf: (i: number) => number,
  zeroPoint: number,
  low: number,
): TensorData {
  const { max } = typeRange({ dtype });
  const result = allocate(dtype, data.length);
  data.forEach((value, i) => {
    result[i] = clamp(roundHalfAway(value / scaleOf(i)) + zeroPoint, low, max);
  });
  return result;
}

/** Channel number of each element of a tensor, along `axis`. */
export function channelOf(tensor: Tensor, axis: number): (i: number) => number {
  const stride = elements(tensor.shape.slice(axis + 1));
  return (i) => Math.floor(i / stride) % tensor.shape[axis]!;
}

function quantizeWeights(
  weights: Tensor,
  axis: number,
  bias: Tensor | undefined,
  inputScale: number,
  dtype: Precision,
): Tensor {
  const channel = channelOf(weights, axis);
  const channels: number[][] = Array.from({ length: weights.shape[axis]! }, () => []);
  weights.data!.forEach((value, i) => {
    channels[channel(i)]!.push(value);
  });
  const limit = WEIGHT_LIMITS[dtype];
  const perChannel = symmetricScales(channels, bias?.data ?? [], inputScale, limit);
  // Equal scales are one scale: the dense kernel for that is smaller, and so is its table.
  const scales = perChannel.every((scale) => scale === perChannel[0]) ? [perChannel[0]!] : perChannel;
  const scaleOf = (i: number): number => scales[scales.length === 1 ? 0 : channel(i)]!;
  return {
    ...weights,
    dtype,
    data: quantizeValues(weights.data!, dtype, scaleOf, 0, -limit),
    quantization: { scales, zeroPoints: scales.map(() => 0), axis },
  };
}

function quantizeBias(bias: Tensor, weights: Tensor, inputScale: number): Tensor {
  const { scales } = weights.quantization!;
  const scaleOf = (i: number): number => inputScale * scales[scales.length === 1 ? 0 : i]!;
  const product = scales.map((scale) => Math.fround(inputScale * scale));
  return {
    ...bias,
    dtype: "int32",
    shape: [bias.data!.length],
    data: Int32Array.from(bias.data!, (value, i) => roundHalfAway(value / scaleOf(i))),
    quantization: { scales: product, zeroPoints: product.map(() => 0), axis: 0 },
  };
}

function rangeOf(data: TensorData, precision: Precision): Quantization {
  let [min, max] = [0, 0];
  for (const value of data) {
    min = Math.min(min, value);
    max = Math.max(max, value);
  }
  return activationScale(precision, min, max);
}

function quantizeConstant(tensor: Tensor, dtype: Precision, quantization: Quantization): Tensor {
  const { scales, zeroPoints } = quantization;
  const { min } = typeRange({ dtype });
  const data = quantizeValues(tensor.data!, dtype, () => scales[0]!, zeroPoints[0]!, min);
  return { ...tensor, dtype, data, quantization };
}

/**
 * The constants of one node, quantised under names of their own: two nodes may share a constant. Operands
 * have the output's type, weights int8 unless `precision` says otherwise. `unique` gives out names of tensors.
 */
export function quantizeConstants(
  graph: Graph,
  node: Node,
  precision: ReadonlyMap<string, Precision>,
  unique: (name: string) => string,
): { node: Node; tensors: Tensor[] } {
  const operator = operatorOf(node.op);
  const rule = operator.quantization;
  const tensors: Tensor[] = [];
  const inputs = [...node.inputs];
  const replace = (i: number, tensor: Tensor): Tensor => {
    const renamed = { ...tensor, name: unique(`${tensor.name}@${node.name}`) };
    tensors.push(renamed);
    inputs[i] = renamed.name;
    return renamed;
  };
  const constantAt = (i: number): Tensor | undefined => {
    const tensor = graph.tensors.get(node.inputs[i] ?? "");
    return tensor?.data ? tensor : undefined;
  };
  if (operator.quantizeConstants) {
    for (const [i, tensor] of operator.quantizeConstants(bind(graph, node))) replace(i, tensor);
    return { node: { ...node, inputs }, tensors };
  }
  if (rule.weights) {
    const { input, axis } = rule.weights;
    const weights = constantAt(input);
    if (!weights)
      throw new ModelError(`node ${node.name}: expected constant weights, found a computed tensor`);
    const bias = constantAt(rule.bias ?? -1);
    const { scale } = perTensor(tensorOf(graph, node.inputs[0]!));
    const dtype = precision.get(weights.name) ?? "int8";
    const quantizedWeights = replace(input, quantizeWeights(weights, axis, bias, scale, dtype));
    if (bias) replace(rule.bias!, quantizeBias(bias, quantizedWeights, scale));
  }
  const output = tensorOf(graph, node.outputs[0]!);
  const dtype = output.dtype === "int16" ? "int16" : "int8";
  // Beside computed values that are only moved, a constant has to have their scale.
  const moved = rule.output.kind === "same" ? output.quantization : undefined;
  node.inputs.forEach((_, i) => {
    const tensor = constantAt(i);
    if (tensor && i !== rule.weights?.input && i !== rule.bias)
      replace(i, quantizeConstant(tensor, dtype, moved ?? rangeOf(tensor.data!, dtype)));
  });
  return { node: { ...node, inputs }, tensors };
}
