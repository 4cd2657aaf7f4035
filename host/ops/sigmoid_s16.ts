import { elements, ModelError, perTensor, type Tensor } from "../ir/graph.ts";
import { roundHalfAway } from "./fixed_point.ts";
import type { Lowering } from "./lowering.ts";
import type { Bound } from "./operator.ts";

/**
 * LOGISTIC and TANH of int16 as TensorFlow Lite has them (reference_integer_ops::Logistic and Tanh): one table of the
 * logistic function, straight lines in between, and tanh(x) = 2 * logistic(2x) - 1.
 */

export interface SigmoidAttributes {
  /** A third of the table, 1e-4 from the function: for models that no file prescribes the bits of. */
  readonly coarse?: boolean | undefined;
}

/** Entries for each unit of the logistic function's argument. */
const FINE = 24;
const COARSE = 8;

/**
 * logistic(i / density) * 2^16, which needs 16 bits without a sign. As in the tables of lut_s16.ts each value is moved
 * by half of what the line to the next would miss the middle by; the values of the fine one were read out of
 * TensorFlow Lite Micro, where the last one is the limit.
 */
function sigmoidTable(density: number): Uint16Array {
  const scaled = (i: number): number => 65536 / (1 + Math.exp(-i / density));
  return Uint16Array.from({ length: 256 }, (_, i) => {
    if (i === 255) return 65535;
    const [value, middle, next] = [i, i + 0.5, i + 1].map(scaled) as [number, number, number];
    // Half of 65535 would be rounded to 2^15, which is none of int16.
    return Math.min(roundHalfAway(value - ((value + next) / 2 - middle) / 2), 65534);
  });
}

export const SIGMOID_TABLE = sigmoidTable(FINE);
const COARSE_TABLE = sigmoidTable(COARSE);

type Kind = "logistic" | "tanh";

/** Bits of the scaled input below the table's index: tanh reads it at 2x. */
const INDEX_SHIFT: Readonly<Record<Kind, number>> = { logistic: 9, tanh: 8 };

/** An input in steps of 1 / (density * 2^9), as (x * multiplier + half) >> shift. */
export function inputFactor(
  input: Tensor,
  kind: Kind,
  density = FINE,
): { multiplier: number; shift: number } {
  const { scale } = perTensor(input);
  const log2 = Math.fround(Math.log2(scale));
  const exponent = roundHalfAway(log2) + 12;
  const isPowerOfTwo = Math.abs(log2 - roundHalfAway(log2)) < 1e-3;
  if (density === FINE && isPowerOfTwo && (exponent === 0 || (exponent === 1 && kind === "tanh")))
    return { multiplier: 3 * 2 ** exponent, shift: 0 };
  let multiplier = scale * 512 * density;
  let shift = 0;
  for (; multiplier <= 32767 / 2 && shift <= 30; shift++) multiplier *= 2;
  if (multiplier >= 2 ** 16)
    throw new ModelError(
      `tensor ${input.name}: expected a scale below ${Number((128 / density).toPrecision(3))}, found ${scale}`,
    );
  return { multiplier: Math.floor(multiplier), shift };
}

/** The table's value at |x| steps, with `bits` more bits; its end from 255 entries on. */
function interpolate(table: Uint16Array, magnitude: number, bits: number, end: number): number {
  const index = Math.floor(magnitude / 2 ** bits);
  if (index >= 255) return end;
  const [a, b] = [table[index]!, table[index + 1]!];
  return a * 2 ** bits + (magnitude % 2 ** bits) * (b - a);
}

function logisticOf(x: number, table: Uint16Array): number {
  const positive = interpolate(table, Math.abs(x), INDEX_SHIFT.logistic, 0x7fff * 2 ** 10);
  return Math.floor((x >= 0 ? positive + 2 ** 9 : 2 ** 25 - positive + 2 ** 9 - 1) / 2 ** 10);
}

function tanhOf(x: number, table: Uint16Array): number {
  const positive = interpolate(table, Math.abs(x), INDEX_SHIFT.tanh, 0xffff * 2 ** 8) - 2 ** 23;
  return Math.floor((x >= 0 ? positive + 2 ** 7 : -positive + 2 ** 7 - 1) / 2 ** 8);
}

export function evaluateSigmoid(
  input: Tensor,
  kind: Kind,
  { coarse }: SigmoidAttributes = {},
): (value: number) => number {
  const { multiplier, shift } = inputFactor(input, kind, coarse ? COARSE : FINE);
  const table = coarse ? COARSE_TABLE : SIGMOID_TABLE;
  const half = shift > 0 ? 2 ** (shift - 1) : 0;
  const of = kind === "tanh" ? tanhOf : logisticOf;
  return (value) => of(Math.floor((value * multiplier + half) / 2 ** shift), table);
}

/** Entries that inputs of that factor can reach: of a narrow range not even half. */
function reachable(
  table: Uint16Array,
  { multiplier, shift }: { multiplier: number; shift: number },
  kind: Kind,
): Uint16Array {
  const greatest = Math.floor((32768 * multiplier + 2 ** shift) / 2 ** shift);
  const index = Math.floor(greatest / 2 ** INDEX_SHIFT[kind]);
  return table.subarray(0, Math.min(table.length, index + 2));
}

export function lowerSigmoid(node: Bound<SigmoidAttributes>, kind: Kind, to: Lowering): void {
  const { coarse } = node.attributes;
  const [input, output] = [node.inputs[0]!, node.outputs[0]!];
  const factor = inputFactor(input, kind, coarse ? COARSE : FINE);
  to.overwrite(output, input);
  to.call(`${kind}_s16`, {
    input,
    output,
    // The kernels read the bits as unsigned.
    table: to.constant(
      "table",
      Int16Array.from(reachable(coarse ? COARSE_TABLE : SIGMOID_TABLE, factor, kind)),
    ),
    length: elements(input.shape),
    ...factor,
  });
}
