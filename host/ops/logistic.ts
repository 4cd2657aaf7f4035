import { quantized, type TensorData } from "../ir/graph.ts";
import { logistic as fixedLogistic } from "./fixed_point.ts";
import { type Bound, defineOperator } from "./operator.ts";
import { evaluateInQ4 } from "./sigmoid_range.ts";
import { evaluateSigmoid, lowerSigmoid, type SigmoidAttributes } from "./sigmoid_s16.ts";
import { evaluateUnary, lowerToTable } from "./unary.ts";

function functionOf({ attributes, inputs, outputs }: Bound<SigmoidAttributes>): (value: number) => number {
  const [input, { dtype }] = [inputs[0]!, outputs[0]!];
  if (dtype === "float32") return (x: number) => 1 / (1 + Math.exp(-x));
  return dtype === "int16"
    ? evaluateSigmoid(input, "logistic", attributes)
    : evaluateInQ4(input, fixedLogistic, 8, -128);
}

const evaluate = (
  node: Bound<SigmoidAttributes>,
  values: readonly (TensorData | undefined)[],
): readonly TensorData[] => [evaluateUnary(node, values[0]!, functionOf(node))];

export const logistic = defineOperator({
  name: "logistic",
  summary: "1 / (1 + exp(-x)), also called sigmoid",
  arity: [1, 1],
  attributes: { coarse: "flag" },
  quantization: {
    output: { kind: "fixed", quantization: quantized(1 / 256, -128), int16: quantized(2 ** -15, 0) },
    int16Attributes: { coarse: true },
  },
  elementwise: "unary",
  squashes: true,
  types: ["int8", "int16"],
  infer: ({ inputs }) => [inputs[0]!.shape],
  evaluate,
  lower(node, to) {
    if (node.outputs[0]!.dtype === "int16") lowerSigmoid(node, "logistic", to);
    else lowerToTable(node, to, evaluate);
  },
});
