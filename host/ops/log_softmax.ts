import { allocate, elements, ModelError, quantized, type Tensor, type TensorData } from "../ir/graph.ts";
import { logOfAtLeastOne } from "./fixed_log.ts";
import {
  clamp,
  expOnNegative,
  saturatingRoundingDoublingHighMul as highMul,
  quantizeMultiplier,
  requantize,
  roundingDivideByPowerOfTwo,
} from "./fixed_point.ts";
import { defineOperator } from "./operator.ts";
import { MAX_DEPTH, scaling } from "./softmax.ts";
import { permuteLast } from "./traits.ts";

const INTEGER_BITS = 5;

/**
 * TensorFlow Lite, PreprocessLogSoftmaxScalingExp: the input scale as Q5.26, and back from there, which tells how
 * far below the greatest a value may be before its difference leaves Q5.26.
 */
function factors(input: Tensor) {
  const forward = scaling(input, 1);
  return { forward, back: quantizeMultiplier(2 ** (31 - forward.shift) / forward.multiplier) };
}

function floatRow(x: TensorData): number[] {
  const greatest = Math.max(...x);
  const sum = Array.from(x, (value) => Math.exp(value - greatest)).reduce((a, b) => a + b, 0);
  return Array.from(x, (value) => value - greatest - Math.log(sum));
}

function quantizedRow(x: TensorData, { forward, back }: ReturnType<typeof factors>): number[] {
  const greatest = Math.max(...x);
  const inQ5 = (difference: number): number => highMul(difference * 2 ** forward.shift, forward.multiplier);
  const exps = Array.from(x, (value) => {
    const difference = value - greatest;
    return difference < forward.differenceMin ? 0 : expOnNegative(inQ5(difference), INTEGER_BITS);
  });
  const sum = exps.reduce((total, exp) => total + roundingDivideByPowerOfTwo(exp, 12), 0);
  const log = logOfAtLeastOne(sum);
  const least = Math.max(forward.differenceMin - 1, requantize(log - 2 ** 31, back));
  return Array.from(x, (value) => {
    const difference = value - greatest;
    if (difference <= least) return -128;
    return clamp(roundingDivideByPowerOfTwo(inQ5(difference) - log, 22) + 127, -128, 127);
  });
}

/** Over the last axis. */
export const logSoftmax = defineOperator({
  name: "log_softmax",
  summary: "logarithm of the softmax over the last axis",
  arity: [1, 1],
  attributes: {},
  quantization: { output: { kind: "fixed", quantization: quantized(16 / 256, 127) } },
  permute: permuteLast,

  infer({ name, inputs }) {
    const { shape } = inputs[0]!;
    if (shape.length < 1) throw new ModelError(`node ${name}: expected at least one axis, found a scalar`);
    if (shape.at(-1)! > MAX_DEPTH)
      throw new ModelError(`node ${name}: expected a last axis of at most ${MAX_DEPTH}, found [${shape}]`);
    return [shape];
  },

  evaluate({ inputs, outputs }, values) {
    const [input, output] = [inputs[0]!, outputs[0]!];
    const depth = input.shape.at(-1)!;
    const result = allocate(output.dtype, elements(output.shape));
    for (let row = 0; row < result.length; row += depth) {
      const x = values[0]!.subarray(row, row + depth);
      result.set(output.dtype === "float32" ? floatRow(x) : quantizedRow(x, factors(input)), row);
    }
    return [result];
  },

  lower({ inputs, outputs }, to) {
    const [input, output] = [inputs[0]!, outputs[0]!];
    const depth = input.shape.at(-1)!;
    const { forward, back } = factors(input);
    to.call("log_softmax_s8", {
      input,
      output,
      rows: elements(input.shape) / depth,
      depth,
      ...forward,
      backMultiplier: back.multiplier,
      backShift: back.shift,
    });
  },
});
