import {
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
import { clamp, roundHalfAway } from "../../ops/fixed_point.ts";
import { operatorOf } from "../../ops/index.ts";
import { bind } from "../../ops/operator.ts";
import { asymmetric } from "../../ops/scales.ts";

/** The slice along `axis` that each element belongs to, of a quantisation with several scales. */
function sliceOf({ shape }: Tensor, { scales, axis }: Quantization): (i: number) => number {
  const stride = elements(shape.slice(axis + 1));
  return scales.length === 1 ? () => 0 : (i) => Math.floor(i / stride) % shape[axis]!;
}

/** Equal scales are one: the kernels for that are smaller. */
function simplest(quantization: Quantization): Quantization {
  const [scale, zero] = [quantization.scales[0]!, quantization.zeroPoints[0]!];
  const isOne =
    quantization.scales.every((x) => x === scale) && quantization.zeroPoints.every((x) => x === zero);
  return isOne ? { scales: [scale], zeroPoints: [zero], axis: quantization.axis } : quantization;
}

/** Values that were dequantised are multiples of their scale: the integers come out exactly. */
function asIntegers(tensor: Tensor, data: TensorData, given: Quantization): Tensor {
  const quantization = simplest(given);
  const slice = sliceOf(tensor, quantization);
  const integers = Int8Array.from(data, (x, i) => {
    const at = slice(i);
    return clamp(roundHalfAway(x / quantization.scales[at]!) + quantization.zeroPoints[at]!, -128, 127);
  });
  return { ...tensor, dtype: "int8", data: integers, quantization };
}

function integerWeights(node: Node, weights: Tensor, axis: number): Tensor {
  const { data, quantization, name } = weights;
  if (!data || !quantization)
    throw new ModelError(
      `node ${node.name}: weights ${name}: expected quantised ones between quantised tensors, found float32`,
    );
  const isSymmetric = quantization.zeroPoints.every((zero) => zero === 0);
  const given = { ...quantization, axis };
  return asIntegers(weights, data, isSymmetric ? given : withoutZeroPoints(weights, data, given));
}

/** Rounding errors of a product with the scale. */
const SLIGHT = 1e-3;

/**
 * Scales for each slice with zero points of 0, as kernels take them: those of the file where its integers are at most 127
 * from their zero point, which then lose nothing, else coarser ones.
 */
function withoutZeroPoints(tensor: Tensor, data: TensorData, quantization: Quantization): Quantization {
  const { axis, scales } = quantization;
  const slices = tensor.shape[axis]!;
  const slice = sliceOf(tensor, { ...quantization, scales: Array<number>(Math.max(slices, 2)).fill(1) });
  const greatest = Array<number>(slices).fill(0);
  data.forEach((x, i) => {
    const at = slices === 1 ? 0 : slice(i);
    greatest[at] = Math.max(greatest[at]!, Math.abs(x));
  });
  const chosen = greatest.map((most, i) => {
    const scale = scales[scales.length === 1 ? 0 : i]!;
    return most / scale <= 127 + SLIGHT ? scale : Math.fround(most / 127);
  });
  return { scales: chosen, zeroPoints: chosen.map(() => 0), axis };
}

/** At the scale of the products: those of a file of int32 come out exactly up to 2^23. */
function integerBias(bias: Tensor, data: TensorData, inputScale: number, weights: Tensor): Tensor {
  const scales = weights.quantization!.scales.map((scale) => inputScale * scale);
  const integers = Int32Array.from(data, (x, i) => roundHalfAway(x / scales[scales.length === 1 ? 0 : i]!));
  const rounded = scales.map(Math.fround);
  return {
    ...bias,
    dtype: "int32",
    shape: [integers.length],
    data: integers,
    quantization: { scales: rounded, zeroPoints: rounded.map(() => 0), axis: 0 },
  };
}

/** A constant beside computed values: at their scale where they are moved, or at its own. */
function integerOperand(tensor: Tensor, data: TensorData, moved: Quantization | undefined): Tensor {
  const [least, most] = [data, data].map((list, i) =>
    (list as Float32Array).reduce((a, b) => (i === 0 ? Math.min(a, b) : Math.max(a, b)), 0),
  ) as [number, number];
  const own = tensor.quantization?.scales.length === 1 ? tensor.quantization : undefined;
  return asIntegers(tensor, data, moved ?? own ?? asymmetric(least, most));
}

/** The constants of a node whose computed inputs are integers, by input number, as integers too. */
export function integerConstants(graph: Graph, node: Node): ReadonlyMap<number, Tensor> {
  const operator = operatorOf(node.op);
  if (operator.quantizeConstants) return operator.quantizeConstants(bind(graph, node));
  const { weights: rule, bias, output } = operator.quantization;
  const constants = new Map<number, Tensor>();
  const moved = output.kind === "same" ? tensorOf(graph, node.outputs[0]!).quantization : undefined;
  if (rule)
    constants.set(rule.input, integerWeights(node, tensorOf(graph, node.inputs[rule.input]!), rule.axis));
  node.inputs.forEach((name, i) => {
    const tensor = name === "" ? undefined : tensorOf(graph, name);
    if (!tensor?.data || i === rule?.input) return;
    const isBias = rule !== undefined && i === bias;
    constants.set(
      i,
      isBias
        ? integerBias(
            tensor,
            tensor.data,
            perTensor(tensorOf(graph, node.inputs[0]!)).scale,
            constants.get(rule.input)!,
          )
        : integerOperand(tensor, tensor.data, moved),
    );
  });
  return constants;
}
