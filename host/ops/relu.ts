import { perTensor, type TensorData } from "../ir/graph.ts";
import {
  ACTIVATIONS,
  type Activation,
  activationRange,
  clampTo,
  floatRange,
  type Range,
  typeRange,
} from "./activation.ts";
import {
  kernelMultiplier,
  type Multiplier,
  quantizeMultiplier,
  requantize,
  roundHalfAway,
} from "./fixed_point.ts";
import { type Bound, defineOperator } from "./operator.ts";
import { lowerRescale } from "./rescale.ts";
import { evaluateUnary, lowerToTable } from "./unary.ts";

interface Attributes {
  readonly activation: Activation;
}

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
  elementwise: "unary",
  keepsFactors: ({ attributes }) => attributes.activation === "none" || attributes.activation === "relu",
  infer: ({ inputs }) => [inputs[0]!.shape],
  evaluate,
  types: ["int8", "int16"],
  lower(node, to) {
    if (node.outputs[0]!.dtype === "int16") {
      const { factor, range } = rescaling(node);
      lowerRescale(node, to, range, factor);
    } else lowerToTable(node, to, evaluate);
  },
});

/** A value that is only clamped: 2^30 / 2^31 * 2^1. */
const ONE: Multiplier = { multiplier: 2 ** 30, shift: 1 };

/** The factor of a quantised value, and its bounds after that. */
function rescaling({ attributes, inputs, outputs }: Bound<Attributes>): { factor: Multiplier; range: Range } {
  const [input, output] = [inputs[0]!, outputs[0]!];
  const from = perTensor(input);
  if (attributes.activation === "relu6") {
    const six = from.zeroPoint + roundHalfAway(Math.fround(6 / from.scale));
    return { factor: ONE, range: { min: from.zeroPoint, max: Math.min(typeRange(output).max, six) } };
  }
  const multiplier = output.dtype === "int16" ? kernelMultiplier : quantizeMultiplier;
  return {
    factor: multiplier(from.scale / perTensor(output).scale),
    range:
      attributes.activation === "none" ? typeRange(output) : activationRange(attributes.activation, output),
  };
}

function evaluate(
  node: Bound<Attributes>,
  values: readonly (TensorData | undefined)[],
): readonly TensorData[] {
  const [input, output] = [node.inputs[0]!, node.outputs[0]!];
  if (output.dtype === "float32") {
    return [evaluateUnary(node, values[0]!, (x) => clampTo(x, floatRange(node.attributes.activation)))];
  }
  const { factor, range } = rescaling(node);
  const from = perTensor(input).zeroPoint;
  const to = node.attributes.activation === "relu6" ? from : perTensor(output).zeroPoint;
  return [evaluateUnary(node, values[0]!, (x) => clampTo(to + requantize(x - from, factor), range))];
}
