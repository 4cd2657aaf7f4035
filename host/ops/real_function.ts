import { perTensor, type Tensor, type TensorData } from "../ir/graph.ts";
import { typeRange } from "./activation.ts";
import { clamp, roundHalfAway } from "./fixed_point.ts";
import type { Bound } from "./operator.ts";
import { evaluateUnary } from "./unary.ts";

/**
 * An 8-bit function that is a real function between dequantisation and quantisation, in float32 steps as the
 * tables of TensorFlow Lite are made (LUTPopulate): a product with the inverse of the scale, halves away from zero.
 */
export function quantizedFunction(f: (x: number) => number, input: Tensor, output: Tensor) {
  const [from, to] = [perTensor(input), perTensor(output)];
  const [scale, inverse] = [Math.fround(from.scale), Math.fround(1 / Math.fround(to.scale))];
  const { min, max } = typeRange(output);
  return (value: number): number => {
    const result = Math.fround(f(Math.fround(scale * (value - from.zeroPoint))));
    return clamp(roundHalfAway(Math.fround(result * inverse)) + to.zeroPoint, min, max);
  };
}

/** Evaluates a real function on float32 or 8-bit tensors. */
export function evaluateFunction(
  node: Bound<unknown>,
  values: readonly (TensorData | undefined)[],
  f: (x: number) => number,
): readonly TensorData[] {
  const [input, output] = [node.inputs[0]!, node.outputs[0]!];
  const g = output.dtype === "float32" ? f : quantizedFunction(f, input, output);
  return [evaluateUnary(node, values[0]!, g)];
}
