import { elements, ModelError, perTensor, type Tensor } from "../ir/graph.ts";
import type { Lowering } from "../plan/lower.ts";
import { roundHalfAway } from "./fixed_point.ts";
import type { Bound } from "./operator.ts";

/**
 * LOGISTIC and TANH of int16 as TensorFlow Lite has them (reference_integer_ops::Logistic and Tanh): one table of the
 * logistic function, straight lines in between, and tanh(x) = 2 * logistic(2x) - 1.
 */

const scaledLogistic = (i: number): number => 65536 / (1 + Math.exp(-i / 24));

/**
 * logistic(i / 24) * 2^16, which needs 16 bits without a sign. As in the tables of lut_s16.ts each value is moved by half
 * of what the line to the next would miss the middle by; the values were read out of TensorFlow Lite Micro,
 * where the last one is the limit.
 */
export const SIGMOID_TABLE = Uint16Array.from({ length: 256 }, (_, i) => {
  if (i === 255) return 65535;
  const [value, middle, next] = [i, i + 0.5, i + 1].map(scaledLogistic) as [number, number, number];
  return roundHalfAway(value - ((value + next) / 2 - middle) / 2);
});

type Kind = "logistic" | "tanh";

/** An input in steps of 1 / (3 * 2^12), as (x * multiplier + half) >> shift. */
export function inputFactor(input: Tensor, kind: Kind): { multiplier: number; shift: number } {
  const { scale } = perTensor(input);
  const log2 = Math.fround(Math.log2(scale));
  const exponent = roundHalfAway(log2) + 12;
  const isPowerOfTwo = Math.abs(log2 - roundHalfAway(log2)) < 1e-3;
  if (isPowerOfTwo && (exponent === 0 || (exponent === 1 && kind === "tanh")))
    return { multiplier: 3 * 2 ** exponent, shift: 0 };
  let multiplier = scale * 4096 * 3;
  let shift = 0;
  for (; multiplier <= 32767 / 2 && shift <= 30; shift++) multiplier *= 2;
  if (multiplier >= 2 ** 16)
    throw new ModelError(`tensor ${input.name}: expected a scale below 16 / 3, found ${scale}`);
  return { multiplier: Math.floor(multiplier), shift };
}

/** The table's value at |x| steps, with `bits` more bits; its end from 255 entries on. */
function interpolate(magnitude: number, bits: number, end: number): number {
  const index = Math.floor(magnitude / 2 ** bits);
  if (index >= 255) return end;
  const [a, b] = [SIGMOID_TABLE[index]!, SIGMOID_TABLE[index + 1]!];
  return a * 2 ** bits + (magnitude % 2 ** bits) * (b - a);
}

function logisticOf(x: number): number {
  const positive = interpolate(Math.abs(x), 9, 0x7fff * 2 ** 10);
  return Math.floor((x >= 0 ? positive + 2 ** 9 : 2 ** 25 - positive + 2 ** 9 - 1) / 2 ** 10);
}

function tanhOf(x: number): number {
  const positive = interpolate(Math.abs(x), 8, 0xffff * 2 ** 8) - 2 ** 23;
  return Math.floor((x >= 0 ? positive + 2 ** 7 : -positive + 2 ** 7 - 1) / 2 ** 8);
}

export function evaluateSigmoid(input: Tensor, kind: Kind): (value: number) => number {
  const { multiplier, shift } = inputFactor(input, kind);
  const half = shift > 0 ? 2 ** (shift - 1) : 0;
  const of = kind === "tanh" ? tanhOf : logisticOf;
  return (value) => of(Math.floor((value * multiplier + half) / 2 ** shift));
}

export function lowerSigmoid({ inputs, outputs }: Bound<unknown>, kind: Kind, to: Lowering): void {
  const [input, output] = [inputs[0]!, outputs[0]!];
  to.overwrite(output, input);
  to.call(`${kind}_s16`, {
    input,
    output,
    // The kernels read the bits as unsigned.
    table: to.constant("table", Int16Array.from(SIGMOID_TABLE)),
    length: elements(input.shape),
    ...inputFactor(input, kind),
  });
}
