import { ModelError, perTensor, type Tensor, type TensorData } from "../ir/graph.ts";
import { clampTo, type Range, typeRange } from "./activation.ts";
import { clamp, kernelMultiplier, roundHalfAway } from "./fixed_point.ts";
import { type Bound, defineOperator } from "./operator.ts";
import { evaluateFunction, lowerFunction } from "./real_function.ts";
import { lowerRescale, rescaled } from "./rescale.ts";
import { evaluateUnary } from "./unary.ts";

type Clip = Bound<Range>;

const limited =
  ({ attributes: { min, max } }: Clip) =>
  (x: number): number =>
    clamp(x, min, max);

/** Bounds of int16 values, whose zero point is 0. */
function wideRange({ min, max }: Range, output: Tensor): Range {
  const { scale } = perTensor(output);
  const inType = (bound: number): number => clampTo(roundHalfAway(bound / scale), typeRange(output));
  return { min: inType(min), max: inType(max) };
}

const wideFactor = ({ inputs, outputs }: Clip) =>
  kernelMultiplier(perTensor(inputs[0]!).scale / perTensor(outputs[0]!).scale);

function evaluate(node: Clip, values: readonly (TensorData | undefined)[]): readonly TensorData[] {
  const output = node.outputs[0]!;
  if (output.dtype !== "int16") return evaluateFunction(node, values, limited(node));
  return [evaluateUnary(node, values[0]!, rescaled(wideRange(node.attributes, output), wideFactor(node)))];
}

export const clip = defineOperator({
  name: "clip",
  summary: "values limited to a range",
  arity: [1, 1],
  attributes: { min: "number", max: "number" },
  quantization: { output: { kind: "range" } },
  elementwise: "unary",
  types: ["int8", "int16"],
  ownTypes: ["int16"],
  infer({ name, attributes, inputs }) {
    const { min, max } = attributes;
    if (min > max) throw new ModelError(`node ${name}: expected a range, found ${min} to ${max}`);
    return [inputs[0]!.shape];
  },
  evaluate,
  lower(node, to) {
    const output = node.outputs[0]!;
    if (output.dtype === "int16")
      lowerRescale(node, to, wideRange(node.attributes, output), wideFactor(node));
    else lowerFunction(node, to, limited(node));
  },
});
