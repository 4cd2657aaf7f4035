import { perTensor, type TensorData } from "../ir/graph.ts";
import {
  ACTIVATIONS,
  type Activation,
  activationRange,
  clampTo,
  floatRange,
  typeRange,
} from "./activation.ts";
import { quantizeMultiplier, requantize, roundHalfAway } from "./fixed_point.ts";
import { type Bound, defineOperator } from "./operator.ts";
import { evaluateUnary, lowerToTable } from "./unary.ts";

/**
 * A clamping activation that stands by itself. TensorFlow Lite rescales to the output's scale in
 * RELU, and copies without rescaling in RELU6 (bounds taken from the input's scale).
 */
export const relu = defineOperator({
  name: "relu",
  summary: "RELU, RELU6 or RELU_N1_TO_1 as an operator of its own",
  arity: [1, 1],
  attributes: { activation: ACTIVATIONS },
  quantization: { output: { kind: "same" } },
  infer: ({ inputs }) => [inputs[0]!.shape],
  evaluate,
  lower: (node, to) => lowerToTable(node, to, evaluate),
});

function evaluate(
  node: Bound<{ readonly activation: Activation }>,
  values: readonly (TensorData | undefined)[],
): readonly TensorData[] {
  const { activation } = node.attributes;
  const [input, output] = [node.inputs[0]!, node.outputs[0]!];
  if (output.dtype === "float32") {
    return [evaluateUnary(node, values[0]!, (x) => clampTo(x, floatRange(activation)))];
  }
  const from = perTensor(input);
  const to = perTensor(output);
  if (activation === "relu6") {
    const six = Math.min(127, from.zeroPoint + roundHalfAway(Math.fround(6 / from.scale)));
    return [evaluateUnary(node, values[0]!, (x) => clampTo(x, { min: from.zeroPoint, max: six }))];
  }
  const factor = quantizeMultiplier(from.scale / to.scale);
  const range = activation === "none" ? typeRange(output) : activationRange(activation, output);
  return [
    evaluateUnary(node, values[0]!, (x) =>
      clampTo(to.zeroPoint + requantize(x - from.zeroPoint, factor), range),
    ),
  ];
}
