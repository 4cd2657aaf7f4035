/**
 * Exact arithmetic of 64 bits, which kernels have and numbers lose beyond 2^53, and what operators share that add
 * up integers of 16 bits without a loss: their sums leave as int32, at the finest scale that can't overflow.
 */
import { ModelError, perTensor, type Quantization, quantized, type Tensor } from "../ir/graph.ts";
import { roundHalfAway } from "./fixed_point.ts";

/** Greatest magnitude of a sum that leaves an operator: another addend of its size still fits 32 bits. */
const MAX_SUM = 2 ** 30;
/** Where an operator's real values are all tiny, more bits than these would only make their neighbours overflow. */
const LEAST_STEP = 2 ** -24;

/** A real factor as multiplier / 2^shift for numbers of 64 bits; the multiplier has 31 bits. */
export interface WideMultiplier {
  readonly multiplier: number;
  /** 1 or more. */
  readonly shift: number;
}

/** Throws ModelError for factors that are no positive numbers below 2^30. */
export function wideMultiplier(real: number): WideMultiplier {
  if (!(real > 0 && real < 2 ** 30))
    throw new ModelError(`expected scales with a quotient between 0 and 2^30, found ${real}`);
  let shift = 30 - Math.floor(Math.log2(real));
  let multiplier = roundHalfAway(real * 2 ** shift);
  if (multiplier >= 2 ** 31) {
    multiplier = roundHalfAway(multiplier / 2);
    shift--;
  }
  // Beyond 62 bits a shift of 64 bits means another one.
  return shift > 62 ? { multiplier: 0, shift: 62 } : { multiplier, shift };
}

/** round(x / 2^shift), halves up; shift 0..62. */
export const shiftRight = (x: bigint, shift: number): bigint =>
  shift === 0 ? x : (x + (1n << BigInt(shift - 1))) >> BigInt(shift);

/** x * factor, where x has at most 32 bits. */
export const multiplyWide = (x: number, { multiplier, shift }: WideMultiplier): number =>
  Number(shiftRight(BigInt(x) * BigInt(multiplier), shift));

/** The greatest integer whose square is at most x, for 0 <= x < 2^62. */
export function integerRoot(x: bigint): number {
  let root = BigInt(Math.floor(Math.sqrt(Number(x))));
  while (root * root > x) root--;
  while ((root + 1n) * (root + 1n) <= x) root++;
  return Number(root);
}

/** The int32 scale of sums of `unit` whose magnitude is at most `bound`, a power of two times the unit. */
export function sumScale(unit: number, bound: number): Quantization {
  const least = Math.max(bound / MAX_SUM, LEAST_STEP) / unit;
  const shift = clampShift(Math.ceil(Math.log2(least)));
  return quantized(Math.fround(unit * 2 ** shift), 0);
}

const clampShift = (shift: number): number => Math.min(Math.max(shift, 0), 62);

/** By how many bits a sum of `unit` is shifted to the output's scale. */
export const sumShift = (unit: number, output: Tensor): number =>
  clampShift(Math.round(Math.log2(perTensor(output).scale / unit)));

/** Numbers as int16, or as int32 at a scale that others prescribe. */
export function symmetricInt16(tensor: Tensor): Tensor {
  const greatest = Array.from(tensor.data!).reduce((max, x) => Math.max(max, Math.abs(x)), 0);
  const scale = greatest > 0 ? Math.fround(greatest / 32767) : 1;
  const data = Int16Array.from(tensor.data!, (x) => roundHalfAway(x / scale));
  return { ...tensor, dtype: "int16", data, quantization: quantized(scale, 0) };
}

export function atScale32(tensor: Tensor, { scales }: Quantization): Tensor {
  const data = Int32Array.from(tensor.data!, (x) => roundHalfAway(x / scales[0]!));
  return { ...tensor, dtype: "int32", data, quantization: quantized(scales[0]!, 0) };
}
