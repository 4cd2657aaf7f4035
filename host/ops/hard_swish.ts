import { type DType, perTensor, type Tensor, type TensorData } from "../ir/graph.ts";
import { clamp, type Multiplier, quantizeMultiplier, roundingDivideByPowerOfTwo } from "./fixed_point.ts";
import { type Bound, defineOperator } from "./operator.ts";
import { evaluateFunction, lowerFunction } from "./real_function.ts";
import { evaluateUnary, lowerToTable } from "./unary.ts";

const INT16_MIN = -32768;
const INT16_MAX = 32767;
const saturate = (x: number): number => clamp(x, INT16_MIN, INT16_MAX);

/** round(a * b / 2^15) of 16-bit values, halves up as in gemmlowp. */
const roundingHighMul = (a: number, b: number): number => saturate(Math.floor((a * b + 2 ** 14) / 2 ** 15));

/** a * b / 2^15 towards zero: the reference kernel rounds only once, at the end. */
const truncatingHighMul = (a: number, b: number): number => saturate(Math.trunc((a * b) / 2 ** 15));

/** A factor whose multiplier has been reduced to 16 bits. */
function narrow(real: number): Multiplier {
  const { multiplier, shift } = quantizeMultiplier(real);
  return { multiplier: Math.min(Math.floor((multiplier + 2 ** 15) / 2 ** 16), INT16_MAX), shift };
}

/** x * relu6(x + 3) / 6 in 16-bit steps, as reference_ops::HardSwish of TensorFlow Lite. */
function quantizedHardSwish(input: Tensor, output: Tensor): (value: number) => number {
  const [from, to] = [perTensor(input), perTensor(output)];
  // Both products are float32 in the reference.
  const fineScale = Math.fround(from.scale / 128);
  const outputFactor = narrow(Math.fround(fineScale / to.scale));
  const gateFactor = narrow(Math.fround(fineScale / Math.fround(3 / 32768)));
  return (value) => {
    const fine = (value - from.zeroPoint) * 128;
    let gate = fine;
    if (gateFactor.shift > 0) gate = saturate(gate * 2 ** (gateFactor.shift - 1));
    gate = roundingHighMul(gate, gateFactor.multiplier);
    if (gateFactor.shift > 0) gate = saturate(gate * 2);
    if (gateFactor.shift < 0) gate = roundingDivideByPowerOfTwo(gate, -gateFactor.shift);
    // From [-1, 1) to [0, 1).
    gate = Math.floor((gate + 2 ** 15) / 2);
    const product = truncatingHighMul(gate, roundingHighMul(fine, outputFactor.multiplier));
    return clamp(roundingDivideByPowerOfTwo(product, -outputFactor.shift) + to.zeroPoint, -128, 127);
  };
}

const realHardSwish = (x: number): number => (x * clamp(x + 3, 0, 6)) / 6;
const BYTES: readonly DType[] = ["int8", "uint8"];

function evaluate(node: Bound<unknown>, values: readonly (TensorData | undefined)[]): readonly TensorData[] {
  const [input, output] = [node.inputs[0]!, node.outputs[0]!];
  if (!BYTES.includes(output.dtype)) return evaluateFunction(node, values, realHardSwish);
  return [evaluateUnary(node, values[0]!, quantizedHardSwish(input, output))];
}

export const hardSwish = defineOperator({
  name: "hard_swish",
  summary: "x * relu6(x + 3) / 6",
  arity: [1, 1],
  attributes: {},
  quantization: { output: { kind: "range" } },
  elementwise: "unary",
  types: ["int8", "int16"],
  ownTypes: ["int16"],
  infer: ({ inputs }) => [inputs[0]!.shape],
  evaluate,
  lower(node, to) {
    if (node.outputs[0]!.dtype === "int16") lowerFunction(node, to, realHardSwish);
    else lowerToTable(node, to, evaluate);
  },
});
