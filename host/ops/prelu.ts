import { ModelError, perTensor, type Tensor } from "../ir/graph.ts";
import { elementwiseArguments, evaluateElementwise, inferElementwise } from "./elementwise.ts";
import { kernelMultiplier, requantize } from "./fixed_point.ts";
import { type Bound, defineOperator } from "./operator.ts";

const plain = <T extends Pick<Bound<unknown>, "attributes">>(node: T) => ({
  ...node,
  attributes: { activation: "none" as const },
});

/** TensorFlow Lite: values of at least zero are rescaled, others multiplied by their slope. */
function factors(x: Tensor, alpha: Tensor, output: Tensor) {
  const quotient = perTensor(x).scale / perTensor(output).scale;
  return {
    positive: kernelMultiplier(quotient),
    negative: kernelMultiplier((perTensor(x).scale * perTensor(alpha).scale) / perTensor(output).scale),
  };
}

/** Inputs: x, and alpha, which broadcasts to the shape of x: mostly one slope for each channel. */
export const prelu = defineOperator({
  name: "prelu",
  summary: "x where it is positive, alpha * x elsewhere, with a constant alpha per channel",
  arity: [2, 2],
  attributes: {},
  quantization: { output: { kind: "range" } },
  elementwise: "binary",

  infer(node) {
    const [x, alpha] = node.inputs as [Tensor, Tensor];
    const [shape] = inferElementwise(plain(node));
    if (shape!.join() !== x.shape.join())
      throw new ModelError(`node ${node.name}: slopes [${alpha.shape}] do not broadcast to [${x.shape}]`);
    return [x.shape];
  },

  evaluate(node, values) {
    const [x, alpha, output] = [node.inputs[0]!, node.inputs[1]!, node.outputs[0]!];
    if (output.dtype === "float32")
      return [evaluateElementwise(plain(node), values, (a, slope) => (a >= 0 ? a : a * slope))];
    const { positive, negative } = factors(x, alpha, output);
    const [xZero, alphaZero, zero] = [x, alpha, output].map((tensor) => perTensor(tensor).zeroPoint) as [
      number,
      number,
      number,
    ];
    return [
      evaluateElementwise(plain(node), values, (a, slope) => {
        const value = a - xZero;
        const scaled =
          value >= 0 ? requantize(value, positive) : requantize(value * (slope - alphaZero), negative);
        return (scaled + zero) | 0;
      }),
    ];
  },

  lower(node, to) {
    const [x, alpha, output] = [node.inputs[0]!, node.inputs[1]!, node.outputs[0]!];
    const { positive, negative } = factors(x, alpha, output);
    const { activationMin: _, activationMax: __, ...operands } = elementwiseArguments(plain(node), to);
    to.call("prelu_s8", {
      ...operands,
      aZeroPoint: perTensor(x).zeroPoint,
      bZeroPoint: perTensor(alpha).zeroPoint,
      positiveMultiplier: positive.multiplier,
      positiveShift: positive.shift,
      negativeMultiplier: negative.multiplier,
      negativeShift: negative.shift,
      outputZeroPoint: perTensor(output).zeroPoint,
    });
  },
});
