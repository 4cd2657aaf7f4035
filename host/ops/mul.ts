import { perTensor, type Tensor } from "../ir/graph.ts";
import { ACTIVATIONS } from "./activation.ts";
import { elementwiseArguments, evaluateElementwise, inferElementwise, zeroPoints } from "./elementwise.ts";
import { kernelMultiplier, type Multiplier, requantize } from "./fixed_point.ts";
import { defineOperator } from "./operator.ts";

const outputFactor = (a: Tensor, b: Tensor, output: Tensor): Multiplier =>
  kernelMultiplier((perTensor(a).scale * perTensor(b).scale) / perTensor(output).scale);

export const mul = defineOperator({
  name: "mul",
  summary: "element-wise product with broadcasting, fused activation",
  arity: [2, 2],
  attributes: { activation: ACTIVATIONS },
  quantization: { output: { kind: "range" } },
  elementwise: "binary",
  neutral: { value: 1, operand: "either" },
  types: ["int8", "int16"],
  infer: inferElementwise,

  evaluate(node, values) {
    const [a, b, output] = [node.inputs[0]!, node.inputs[1]!, node.outputs[0]!];
    if (output.dtype === "float32") return [evaluateElementwise(node, values, (x, y) => x * y)];
    const factor = outputFactor(a, b, output);
    const [zeroA, zeroB, zero] = [a, b, output].map((tensor) => perTensor(tensor).zeroPoint) as [
      number,
      number,
      number,
    ];
    return [
      evaluateElementwise(node, values, (x, y) => requantize((x - zeroA) * (y - zeroB), factor) + zero),
    ];
  },

  lower(node, to) {
    const [a, b, output] = [node.inputs[0]!, node.inputs[1]!, node.outputs[0]!];
    const { multiplier, shift } = outputFactor(a, b, output);
    const shared = {
      ...elementwiseArguments(node, to),
      outputMultiplier: multiplier,
      outputShift: shift,
    };
    if (output.dtype === "int16") to.call("mul_s16", shared);
    else to.call("mul_s8", { ...shared, ...zeroPoints(node) });
  },
});
