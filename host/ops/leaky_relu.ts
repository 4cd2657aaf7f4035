import { perTensor, type TensorData } from "../ir/graph.ts";
import { typeRange } from "./activation.ts";
import { clamp, kernelMultiplier, quantizeMultiplier, requantize } from "./fixed_point.ts";
import { type Bound, defineOperator } from "./operator.ts";
import { lowerRescale } from "./rescale.ts";
import { evaluateUnary, lowerToTable } from "./unary.ts";

function factors({ attributes, inputs, outputs }: Bound<{ readonly alpha: number }>) {
  const [from, to] = [perTensor(inputs[0]!).scale, perTensor(outputs[0]!).scale];
  const multiplier = outputs[0]!.dtype === "int16" ? kernelMultiplier : quantizeMultiplier;
  return { positive: multiplier(from / to), negative: multiplier((from * attributes.alpha) / to) };
}

/** Quantised: each side of zero has a factor of its own, as in TensorFlow Lite. */
function evaluate(
  node: Bound<{ readonly alpha: number }>,
  values: readonly (TensorData | undefined)[],
): readonly TensorData[] {
  const { alpha } = node.attributes;
  const [input, output] = [node.inputs[0]!, node.outputs[0]!];
  if (output.dtype === "float32") return [evaluateUnary(node, values[0]!, (x) => (x >= 0 ? x : x * alpha))];
  const [from, to] = [perTensor(input), perTensor(output)];
  const range = typeRange(output);
  const { positive, negative } = factors(node);
  return [
    evaluateUnary(node, values[0]!, (value) => {
      const x = value - from.zeroPoint;
      return clamp(requantize(x, x >= 0 ? positive : negative) + to.zeroPoint, range.min, range.max);
    }),
  ];
}

export const leakyRelu = defineOperator({
  name: "leaky_relu",
  summary: "x where it is positive, alpha * x elsewhere",
  arity: [1, 1],
  attributes: { alpha: "number" },
  quantization: { output: { kind: "range" } },
  elementwise: "unary",
  keepsFactors: () => true,
  infer: ({ inputs }) => [inputs[0]!.shape],
  evaluate,
  types: ["int8", "int16"],
  lower(node, to) {
    if (node.outputs[0]!.dtype === "int16") {
      const { positive, negative } = factors(node);
      lowerRescale(node, to, typeRange(node.outputs[0]!), positive, negative);
    } else lowerToTable(node, to, evaluate);
  },
});
