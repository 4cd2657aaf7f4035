import {
  allocate,
  elements,
  ModelError,
  perTensor,
  quantized,
  type Tensor,
  type TensorData,
} from "../ir/graph.ts";
import {
  clamp,
  expOnNegative,
  saturatingRoundingDoublingHighMul as highMul,
  oneOverOnePlus,
  quantizeMultiplier,
  roundingDivideByPowerOfTwo,
} from "./fixed_point.ts";
import { defineOperator } from "./operator.ts";
import { lowerSoftmax, softmaxRow } from "./softmax_s16.ts";
import { permuteLast } from "./traits.ts";

const INTEGER_BITS = 5;

/** The sum of exponentials is Q12.19, and each of them may be one. */
export const MAX_DEPTH = 4095;

/**
 * TensorFlow Lite, PreprocessSoftmaxScaling: beta times the input scale as Q5.26, capped. It refuses
 * a factor up to 1, which is taken for 1 here: all outputs of a row are equal either way.
 */
export function scaling(input: Tensor, beta: number) {
  const real = clamp(Math.fround(beta) * perTensor(input).scale * 2 ** 26, 1, 2 ** 31 - 1);
  const { multiplier, shift } = quantizeMultiplier(real);
  const differenceMin = 0 - Math.floor((31 * 2 ** 26) / 2 ** shift);
  return { multiplier, shift, differenceMin };
}

function floatRow(x: TensorData, beta: number): number[] {
  const greatest = Math.max(...x);
  const exps = Array.from(x, (value) => Math.exp((value - greatest) * beta));
  const sum = exps.reduce((a, b) => a + b, 0);
  return exps.map((exp) => exp / sum);
}

function quantizedRow(
  x: TensorData,
  { multiplier, shift, differenceMin }: ReturnType<typeof scaling>,
): number[] {
  const greatest = Math.max(...x);
  const exps = Array.from(x, (value) => {
    const difference = value - greatest;
    if (difference < differenceMin) return undefined;
    return expOnNegative(highMul(difference * 2 ** shift, multiplier), INTEGER_BITS);
  });
  const sum = exps.reduce<number>((total, exp) => total + roundingDivideByPowerOfTwo(exp ?? 0, 12), 0);
  const headroom = Math.clz32(sum);
  const reciprocal = oneOverOnePlus(sum * 2 ** headroom - 2 ** 31);
  const exponent = 12 - headroom + 23;
  return exps.map((exp) =>
    exp === undefined
      ? -128
      : clamp(roundingDivideByPowerOfTwo(highMul(reciprocal, exp), exponent) - 128, -128, 127),
  );
}

function rowOf(x: TensorData, input: Tensor, beta: number): number[] {
  if (input.dtype === "float32") return floatRow(x, beta);
  return input.dtype === "int16" ? softmaxRow(x, input, beta) : quantizedRow(x, scaling(input, beta));
}

/** Over the last axis. */
export const softmax = defineOperator({
  name: "softmax",
  summary: "softmax over the last axis, with beta",
  arity: [1, 1],
  attributes: { beta: "number" },
  quantization: {
    output: { kind: "fixed", quantization: quantized(1 / 256, -128), int16: quantized(2 ** -15, 0) },
  },
  squashes: true,
  permute: permuteLast,
  types: ["int8", "int16"],

  infer({ name, attributes, inputs }) {
    const { shape } = inputs[0]!;
    if (shape.length < 1) throw new ModelError(`node ${name}: expected at least one axis, found a scalar`);
    if (!(attributes.beta > 0))
      throw new ModelError(`node ${name}: expected a positive beta, found ${attributes.beta}`);
    if (shape.at(-1)! > MAX_DEPTH)
      throw new ModelError(`node ${name}: expected a last axis of at most ${MAX_DEPTH}, found [${shape}]`);
    return [shape];
  },

  evaluate({ attributes, inputs, outputs }, values) {
    const [input, output] = [inputs[0]!, outputs[0]!];
    const depth = input.shape.at(-1)!;
    const result = allocate(output.dtype, elements(output.shape));
    for (let row = 0; row < result.length; row += depth) {
      const x = values[0]!.subarray(row, row + depth);
      result.set(rowOf(x, input, attributes.beta), row);
    }
    return [result];
  },

  lower({ attributes, inputs, outputs }, to) {
    const [input, output] = [inputs[0]!, outputs[0]!];
    const depth = input.shape.at(-1)!;
    if (output.dtype === "int16") return lowerSoftmax(input, output, attributes.beta, to);
    to.call("softmax_s8", {
      input,
      output,
      rows: elements(input.shape) / depth,
      depth,
      ...scaling(input, attributes.beta),
    });
  },
});
