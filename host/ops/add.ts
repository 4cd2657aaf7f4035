import { perTensor, type Tensor } from "../ir/graph.ts";
import { ACTIVATIONS } from "./activation.ts";
import { elementwiseArguments, evaluateElementwise, inferElementwise, zeroPoints } from "./elementwise.ts";
import { kernelMultiplier, type Multiplier, quantizeMultiplier, requantize } from "./fixed_point.ts";
import { defineOperator } from "./operator.ts";

/** Extra bits that both operands get before they are brought to a common scale. */
const headroom = (output: Tensor): number => (output.dtype === "int16" ? 2 ** 15 : 2 ** 20);

/** TensorFlow Lite, add: the common scale is twice the greater of the two. */
function factors(a: Tensor, b: Tensor, output: Tensor): { a: Multiplier; b: Multiplier; output: Multiplier } {
  const [scaleA, scaleB] = [perTensor(a).scale, perTensor(b).scale];
  const common = 2 * Math.max(scaleA, scaleB);
  return {
    a: quantizeMultiplier(scaleA / common),
    b: quantizeMultiplier(scaleB / common),
    output: kernelMultiplier(common / (headroom(output) * perTensor(output).scale)),
  };
}

function addition(name: "add" | "sub", sign: 1 | -1, summary: string) {
  return defineOperator({
    name,
    summary,
    arity: [2, 2],
    attributes: { activation: ACTIVATIONS },
    quantization: { output: { kind: "range" } },
    elementwise: "binary",
    neutral: { value: 0, operand: sign === 1 ? "either" : "second" },
    types: ["int8", "int16"],
    infer: inferElementwise,

    evaluate(node, values) {
      const [a, b, output] = [node.inputs[0]!, node.inputs[1]!, node.outputs[0]!];
      if (output.dtype === "float32") return [evaluateElementwise(node, values, (x, y) => x + sign * y)];
      const factor = factors(a, b, output);
      const extra = headroom(output);
      const [zeroA, zeroB, zero] = [a, b, output].map((tensor) => perTensor(tensor).zeroPoint) as [
        number,
        number,
        number,
      ];
      return [
        evaluateElementwise(node, values, (x, y) => {
          const left = requantize((x - zeroA) * extra, factor.a);
          const right = requantize((y - zeroB) * extra, factor.b);
          return requantize(left + sign * right, factor.output) + zero;
        }),
      ];
    },

    lower(node, to) {
      const [a, b, output] = [node.inputs[0]!, node.inputs[1]!, node.outputs[0]!];
      const factor = factors(a, b, output);
      const shared = {
        ...elementwiseArguments(node, to),
        sign,
        aMultiplier: factor.a.multiplier,
        aShift: factor.a.shift,
        bMultiplier: factor.b.multiplier,
        bShift: factor.b.shift,
        outputMultiplier: factor.output.multiplier,
        outputShift: factor.output.shift,
      };
      if (output.dtype === "int16") to.call("add_s16", shared);
      else to.call("add_s8", { ...shared, ...zeroPoints(node) });
    },
  });
}

export const add = addition("add", 1, "element-wise sum with broadcasting, fused activation");
export const sub = addition("sub", -1, "element-wise difference with broadcasting, fused activation");
