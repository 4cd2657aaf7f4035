import { elements, perTensor, type Tensor, type TensorData } from "../ir/graph.ts";
import { typeRange } from "./activation.ts";
import { clamp, roundHalfAway } from "./fixed_point.ts";
import type { Lowering } from "./lowering.ts";
import { lookUp, makeLut } from "./lut_s16.ts";
import type { Bound } from "./operator.ts";
import { evaluateUnary, lowerToTable } from "./unary.ts";

export type RealFunction = (x: number) => number;

/**
 * An 8-bit function that is a real function between dequantisation and quantisation, in float32 steps as the
 * tables of TensorFlow Lite are made (LUTPopulate): a product with the inverse of the scale, halves away from zero.
 */
function narrowFunction(f: RealFunction, input: Tensor, output: Tensor): RealFunction {
  const [from, to] = [perTensor(input), perTensor(output)];
  const [scale, inverse] = [Math.fround(from.scale), Math.fround(1 / Math.fround(to.scale))];
  const { min, max } = typeRange(output);
  return (value: number): number => {
    const result = Math.fround(f(Math.fround(scale * (value - from.zeroPoint))));
    return clamp(roundHalfAway(Math.fround(result * inverse)) + to.zeroPoint, min, max);
  };
}

/**
 * A function of int16 values, whose zero points are 0, by a table over all that the input can hold. Its last entry is
 * for 32768, so that one lies on 0 itself, where functions have their poles.
 */
function wideLut(f: RealFunction, input: Tensor, output: Tensor): Int16Array {
  const { scale } = perTensor(input);
  const { min } = typeRange(input);
  return makeLut({ min: min * scale, max: -min * scale }, perTensor(output).scale, f);
}

function wideFunction(f: RealFunction, input: Tensor, output: Tensor): RealFunction {
  const lut = wideLut(f, input, output);
  return (value) => lookUp(lut, value);
}

/** A real function as a quantised tensor's values have it. */
export function quantizedFunction(f: RealFunction, input: Tensor, output: Tensor): RealFunction {
  return output.dtype === "int16" ? wideFunction(f, input, output) : narrowFunction(f, input, output);
}

/** Evaluates a real function on float32, 8-bit or int16 tensors. */
export function evaluateFunction(
  node: Bound<unknown>,
  values: readonly (TensorData | undefined)[],
  f: RealFunction,
): readonly TensorData[] {
  const [input, output] = [node.inputs[0]!, node.outputs[0]!];
  const g = output.dtype === "float32" ? f : quantizedFunction(f, input, output);
  return [evaluateUnary(node, values[0]!, g)];
}

/** Lowers what `evaluateFunction` evaluates: to a table of all bytes, or to one of lines between int16 values. */
export function lowerFunction(node: Bound<unknown>, to: Lowering, f: RealFunction): void {
  const [input, output] = [node.inputs[0]!, node.outputs[0]!];
  if (output.dtype !== "int16") {
    lowerToTable(node, to, (bound, values) => evaluateFunction(bound, values, f));
    return;
  }
  to.overwrite(output, input);
  const table = to.constant("table", wideLut(f, input, output));
  to.call("lookup_s16", { input, output, table, length: elements(input.shape) });
}
