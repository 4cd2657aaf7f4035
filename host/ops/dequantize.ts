import { ModelError, perTensor } from "../ir/graph.ts";
import { defineOperator } from "./operator.ts";
import { evaluateUnary } from "./unary.ts";

/** 8 or 16 bits to float32: at a model's outputs and on constants only, where simplification removes it. */
export const dequantize = defineOperator({
  name: "dequantize",
  summary: "quantised to float, at a model's outputs",
  arity: [1, 1],
  attributes: {},
  quantization: { output: { kind: "range" } },
  elementwise: "unary",
  keepsOrder: true,
  moves: true,
  checkTypes: ({ inputs, outputs }) => {
    const [from, to] = [inputs[0]!.dtype, outputs[0]!.dtype];
    return ["int8", "uint8", "int16"].includes(from) && to === "float32"
      ? undefined
      : `dequantize from ${from} to ${to} is not supported`;
  },
  infer: ({ inputs }) => [inputs[0]!.shape],
  evaluate(node, values) {
    const { scale, zeroPoint } = perTensor(node.inputs[0]!);
    return [evaluateUnary(node, values[0]!, (x) => (x - zeroPoint) * scale)];
  },
  lower({ name }) {
    throw new ModelError(`node ${name}: dequantize inside a quantised model: expected it at an output only`);
  },
});
