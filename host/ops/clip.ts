import { ModelError, type TensorData } from "../ir/graph.ts";
import { clamp } from "./fixed_point.ts";
import { type Bound, defineOperator } from "./operator.ts";
import { evaluateFunction } from "./real_function.ts";
import { lowerToTable } from "./unary.ts";

const evaluate = (
  node: Bound<{ readonly min: number; readonly max: number }>,
  values: readonly (TensorData | undefined)[],
) => evaluateFunction(node, values, (x) => clamp(x, node.attributes.min, node.attributes.max));

export const clip = defineOperator({
  name: "clip",
  summary: "values limited to a range",
  arity: [1, 1],
  attributes: { min: "number", max: "number" },
  quantization: { output: { kind: "range" } },
  elementwise: "unary",
  infer({ name, attributes, inputs }) {
    const { min, max } = attributes;
    if (min > max) throw new ModelError(`node ${name}: expected a range, found ${min} to ${max}`);
    return [inputs[0]!.shape];
  },
  evaluate,
  lower: (node, to) => lowerToTable(node, to, evaluate),
});
