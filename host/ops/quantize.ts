import { perTensor, type TensorData } from "../ir/graph.ts";
import { typeRange } from "./activation.ts";
import { clamp, quantizeMultiplier, requantize, roundHalfAway } from "./fixed_point.ts";
import { type Bound, defineOperator } from "./operator.ts";
import { evaluateUnary, lowerToTable } from "./unary.ts";

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
  const factor = quantizeMultiplier(from.scale / to.scale);
  const rescale = (x: number) => requantize(x - from.zeroPoint, factor) + to.zeroPoint;
  return [evaluateUnary(node, values[0]!, (x) => clamp(rescale(x), range.min, range.max))];
}

const NARROW: readonly string[] = ["int8", "uint8"];

/** float32 to 8 bits (at a model's border only), or 8 bits to another scale and zero point. */
export const quantize = defineOperator({
  name: "quantize",
  summary: "change of scale, zero point or 8-bit type; from float at a model's inputs",
  arity: [1, 1],
  attributes: {},
  quantization: { output: { kind: "range" } },
  checkTypes: ({ inputs, outputs }) => {
    const [from, to] = [inputs[0]!.dtype, outputs[0]!.dtype];
    return NARROW.includes(to) && ["float32", ...NARROW].includes(from)
      ? undefined
      : `quantize from ${from} to ${to} is not supported`;
  },
  infer: ({ inputs }) => [inputs[0]!.shape],
  evaluate,
  lower: (node, to) => lowerToTable(node, to, evaluate),
});
