import { defineOperator } from "./operator.ts";
import { checkShape, featuresOf } from "./rows.ts";
import { evaluateUnary } from "./unary.ts";

/**
 * Inputs: x [..., features], what to take for a value that is missing [features]. A missing value is not a
 * number, which no integer can be: quantised, nothing is missing, and nothing is done.
 */
export const impute = defineOperator({
  name: "impute",
  summary: "numbers in place of missing values, at the model's input",
  arity: [2, 2],
  attributes: {},
  quantization: { output: { kind: "same" } },
  types: ["int8", "int16"],
  infer({ name, inputs }) {
    checkShape(name, "one number for each feature", inputs[1]!, [featuresOf(inputs[0]!)]);
    return [inputs[0]!.shape];
  },
  evaluate(node, values) {
    if (node.outputs[0]!.dtype !== "float32") return [values[0]!];
    const instead = values[1]!;
    let next = 0;
    return [
      evaluateUnary(node, values[0]!, (x) => {
        const i = next++ % instead.length;
        return Number.isNaN(x) ? instead[i]! : x;
      }),
    ];
  },
  lower: ({ inputs, outputs }, to) => to.alias(outputs[0]!, inputs[0]!),
});
