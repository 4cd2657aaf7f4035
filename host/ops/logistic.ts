import { quantized, type TensorData } from "../ir/graph.ts";
import { logistic as fixedLogistic } from "./fixed_point.ts";
import { type Bound, defineOperator } from "./operator.ts";
import { evaluateInQ4 } from "./sigmoid_range.ts";
import { evaluateUnary, lowerToTable } from "./unary.ts";

function evaluate(node: Bound<unknown>, values: readonly (TensorData | undefined)[]): readonly TensorData[] {
  const f =
    node.outputs[0]!.dtype === "float32"
      ? (x: number) => 1 / (1 + Math.exp(-x))
      : evaluateInQ4(node.inputs[0]!, fixedLogistic, 8, -128);
  return [evaluateUnary(node, values[0]!, f)];
}

export const logistic = defineOperator({
  name: "logistic",
  summary: "1 / (1 + exp(-x)), also called sigmoid",
  arity: [1, 1],
  attributes: {},
  quantization: { output: { kind: "fixed", quantization: quantized(1 / 256, -128) } },
  infer: ({ inputs }) => [inputs[0]!.shape],
  evaluate,
  lower: (node, to) => lowerToTable(node, to, evaluate),
});
