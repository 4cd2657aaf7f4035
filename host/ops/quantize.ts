import { perTensor, type TensorData } from "../ir/graph.ts";
import { typeRange } from "./activation.ts";
import { clamp, kernelMultiplier, quantizeMultiplier, requantize, roundHalfAway } from "./fixed_point.ts";
import type { Lowering } from "./lowering.ts";
import { type Bound, defineOperator } from "./operator.ts";
import { lowerRescale, lowerToOtherWidth } from "./rescale.ts";
import { evaluateUnary, lowerToTable } from "./unary.ts";
import { zeroPointFault } from "./wide_sum.ts";

function evaluate(node: Bound<unknown>, values: readonly (TensorData | undefined)[]): readonly TensorData[] {
  const [input, output] = [node.inputs[0]!, node.outputs[0]!];
  const to = perTensor(output);
  const range = typeRange(output);
  if (input.dtype === "float32") {
    // TensorFlow Lite divides in float32.
    const quantize = (x: number) => roundHalfAway(Math.fround(x / Math.fround(to.scale))) + to.zeroPoint;
    return [evaluateUnary(node, values[0]!, (x) => clamp(quantize(x), range.min, range.max))];
  }
  const from = perTensor(input);
  const isWide = input.dtype === "int16" || output.dtype === "int16";
  const factor = (isWide ? kernelMultiplier : quantizeMultiplier)(from.scale / to.scale);
  const rescale = (x: number) => requantize(x - from.zeroPoint, factor) + to.zeroPoint;
  return [evaluateUnary(node, values[0]!, (x) => clamp(rescale(x), range.min, range.max))];
}

function lower(node: Bound<unknown>, to: Lowering): void {
  const [input, output] = [node.inputs[0]!, node.outputs[0]!];
  if (input.dtype === "int16" && output.dtype === "int16")
    lowerRescale(
      node,
      to,
      typeRange(output),
      kernelMultiplier(perTensor(input).scale / perTensor(output).scale),
    );
  else if (input.dtype === "int16" || output.dtype === "int16") lowerToOtherWidth(node, to);
  else lowerToTable(node, to, evaluate);
}

const INTEGERS: readonly string[] = ["int8", "uint8", "int16"];

/** float32 to 8 or 16 bits (at a model's border only), or these to another scale, zero point and type. */
export const quantize = defineOperator({
  name: "quantize",
  summary: "change of scale, zero point or type (8 and 16 bits); from float at a model's inputs",
  arity: [1, 1],
  attributes: {},
  quantization: { output: { kind: "range" } },
  elementwise: "unary",
  keepsOrder: true,
  moves: true,
  types: ["int8", "int16"],
  checkTypes: ({ inputs, outputs }) => {
    const [from, to] = [inputs[0]!.dtype, outputs[0]!.dtype];
    return INTEGERS.includes(to) && ["float32", ...INTEGERS].includes(from)
      ? zeroPointFault([...inputs, ...outputs])
      : `quantize from ${from} to ${to} is not supported`;
  },
  infer: ({ inputs }) => [inputs[0]!.shape],
  evaluate,
  lower,
});
