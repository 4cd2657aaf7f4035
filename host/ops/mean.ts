import { allocate, elements, perTensor, type Tensor, type TensorData } from "../ir/graph.ts";
import { clampTo, typeRange } from "./activation.ts";
import { kernelMultiplier, type Multiplier, requantize } from "./fixed_point.ts";
import type { Lowering } from "./lowering.ts";
import { type Bound, defineOperator } from "./operator.ts";
import { inferReduction, offsets, reducedValues, reductionArguments, splitAxes } from "./reduction.ts";
import { permuteReduction } from "./traits.ts";

interface MeanAttributes {
  readonly axes: readonly number[];
  readonly keepDims: boolean;
}

const sumFactor = (input: Tensor, output: Tensor): Multiplier =>
  kernelMultiplier(perTensor(input).scale / perTensor(output).scale);

/** The factor from a sum to the mean at the output's scale (TensorFlow Lite, QuantizedMeanOrSum). */
function meanFactor(input: Tensor, output: Tensor, count: number): Multiplier {
  const { multiplier, shift } = sumFactor(input, output);
  const extra = Math.min(Math.floor(Math.log2(count)), 32, 31 + shift);
  return { multiplier: Math.floor((multiplier * 2 ** extra) / count), shift: shift - extra };
}

type Factor = (input: Tensor, output: Tensor, count: number) => Multiplier;

function evaluate(
  { attributes, inputs, outputs }: Bound<MeanAttributes>,
  values: readonly (TensorData | undefined)[],
  factorOf: Factor,
  divides: boolean,
): readonly TensorData[] {
  const [input, output] = [inputs[0]!, outputs[0]!];
  const { kept, reduced } = splitAxes(input.shape, attributes.axes);
  const within = offsets(reduced);
  const sums = Array.from(offsets(kept), (base) =>
    within.reduce((sum, offset) => sum + values[0]![base + offset]!, 0),
  );
  const result = allocate(output.dtype, sums.length);
  if (output.dtype === "float32") {
    result.set(sums.map((sum) => (divides ? sum / within.length : sum)));
  } else {
    const factor = factorOf(input, output, within.length);
    const correction = perTensor(input).zeroPoint * within.length;
    const { zeroPoint } = perTensor(output);
    const range = typeRange(output);
    result.set(sums.map((sum) => clampTo(requantize(sum - correction, factor) + zeroPoint, range)));
  }
  return [result];
}

/** A mean and a sum are one kernel with another factor. */
function lower({ attributes, inputs, outputs }: Bound<MeanAttributes>, to: Lowering, factorOf: Factor): void {
  const [input, output] = [inputs[0]!, outputs[0]!];
  const count = elements(splitAxes(input.shape, attributes.axes).reduced.sizes);
  const bytes = output.dtype === "int16" ? 2 : 1;
  const shared = {
    input,
    output,
    ...reductionArguments(input, attributes.axes, bytes),
    ...factorOf(input, output, count),
  };
  if (output.dtype === "int16") to.call("mean_s16", shared);
  else
    to.call("mean_s8", {
      ...shared,
      correction: perTensor(input).zeroPoint * count,
      outputZeroPoint: perTensor(output).zeroPoint,
    });
}

/** Mean over `axes`, an ascending list. */
export const mean = defineOperator({
  name: "mean",
  summary: "mean over any axes",
  arity: [1, 1],
  attributes: { axes: "ints", keepDims: "boolean" },
  quantization: { output: { kind: "range" } },
  permute: permuteReduction,
  // A mean over channels mixes them.
  keepsFactors: ({ attributes, inputs }) => !attributes.axes.includes(inputs[0]!.shape.length - 1),
  types: ["int8", "int16"],
  infer: inferReduction,
  steps: reducedValues,
  evaluate: (node, values) => evaluate(node, values, meanFactor, true),
  lower: (node, to) => lower(node, to, meanFactor),
});

/** Sum over `axes`, an ascending list. */
export const reduceSum = defineOperator({
  name: "reduce_sum",
  summary: "sum over any axes",
  arity: [1, 1],
  attributes: { axes: "ints", keepDims: "boolean" },
  quantization: { output: { kind: "range" } },
  permute: permuteReduction,
  types: ["int8", "int16"],
  infer: inferReduction,
  steps: reducedValues,
  evaluate: (node, values) => evaluate(node, values, sumFactor, false),
  lower: (node, to) => lower(node, to, sumFactor),
});
