import { ACTIVATIONS } from "./activation.ts";
import { roundHalfAway } from "./fixed_point.ts";
import { defineOperator } from "./operator.ts";
import { evaluatePool, inferPool, lowerPool, poolSteps } from "./pool.ts";

/** The padding does not count. Quantised: halves round away from zero. */
const mean = (values: readonly number[], quantized: boolean): number => {
  const real = values.reduce((sum, value) => sum + value, 0) / values.length;
  return quantized ? roundHalfAway(real) : real;
};

/** Input: image [N, H, W, C]; the output shares its quantisation. */
export const averagePool2d = defineOperator({
  name: "average_pool2d",
  summary: "mean over windows, padding not counted, fused activation",
  arity: [1, 1],
  attributes: { kernel: "ints", stride: "ints", padding: "ints", activation: ACTIVATIONS },
  quantization: { output: { kind: "same" } },
  pools: true,
  keepsFactors: ({ attributes }) => attributes.activation === "none" || attributes.activation === "relu",
  types: ["int8", "int16"],
  infer: inferPool,
  evaluate: (node, values) => [evaluatePool(node, values[0]!, mean)],
  lower: (node, to) => lowerPool(node, "average_pool2d", to),
  steps: poolSteps,
});
