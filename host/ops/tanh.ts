import { quantized, type TensorData } from "../ir/graph.ts";
import { tanh as fixedTanh } from "./fixed_point.ts";
import { type Bound, defineOperator } from "./operator.ts";
import { evaluateInQ4 } from "./sigmoid_range.ts";
import { evaluateUnary, lowerToTable } from "./unary.ts";

function evaluate(node: Bound<unknown>, values: readonly (TensorData | undefined)[]): readonly TensorData[] {
  const f = node.outputs[0]!.dtype === "float32" ? Math.tanh : evaluateInQ4(node.inputs[0]!, fixedTanh, 7, 0);
  return [evaluateUnary(node, values[0]!, f)];
}

export const tanh = defineOperator({
  name: "tanh",
  summary: "hyperbolic tangent",
  arity: [1, 1],
  attributes: {},
  quantization: { output: { kind: "fixed", quantization: quantized(1 / 128, 0) } },
  infer: ({ inputs }) => [inputs[0]!.shape],
  evaluate,
  lower: (node, to) => lowerToTable(node, to, evaluate),
});
