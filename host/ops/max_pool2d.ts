import { ACTIVATIONS } from "./activation.ts";
import { defineOperator } from "./operator.ts";
import { evaluatePool, inferPool, lowerPool, poolSteps } from "./pool.ts";

const greatest = (values: readonly number[]): number => values.reduce((a, b) => Math.max(a, b));

/** Input: image [N, H, W, C]; the output shares its quantisation. */
export const maxPool2d = defineOperator({
  name: "max_pool2d",
  summary: "greatest value of each window, fused activation",
  arity: [1, 1],
  attributes: { kernel: "ints", stride: "ints", padding: "ints", activation: ACTIVATIONS },
  quantization: { output: { kind: "same" } },
  pools: true,
  keepsFactors: ({ attributes }) => attributes.activation === "none" || attributes.activation === "relu",
  types: ["int8", "int16"],
  infer: inferPool,
  evaluate: (node, values) => [evaluatePool(node, values[0]!, greatest)],
  lower: (node, to) => lowerPool(node, "max_pool2d", to),
  steps: poolSteps,
});
