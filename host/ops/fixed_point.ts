/**
 * Meaning of the integer arithmetic, for the reference interpreter: gemmlowp's fixedpoint.h as the
 * TensorFlow Lite Micro reference kernels use it, with double rounding. It is written apart from
 * assembly/fixed.ts on purpose: a mistake has to be made twice to go unseen.
 */
import { ModelError } from "../ir/graph.ts";

const INT32_MAX = 2147483647;
const INT32_MIN = -2147483648;

/** Half away from zero, as C's round(); Math.round takes -0.5 to -0. */
export const roundHalfAway = (x: number): number => (x < 0 ? -Math.floor(-x + 0.5) : Math.floor(x + 0.5));

export const clamp = (x: number, low: number, high: number): number =>
  x <= low ? low : x >= high ? high : x;

/** Whole numbers below, and what is added to round them, are doubles without loss. */
const EXACT = 2 ** 52;

/** round(a * b / 2^31), halves up. A product of 62 bits is split into 16-bit halves of b. */
export function saturatingRoundingDoublingHighMul(a: number, b: number): number {
  const product = a * b;
  if (product < EXACT && product > -EXACT) return Math.floor((product + 2 ** 30) / 2 ** 31);
  if (a === INT32_MIN && b === INT32_MIN) return INT32_MAX;
  const high = Math.floor(b / 65536);
  const low = b - high * 65536;
  return Math.floor((a * high + Math.floor((a * low + 2 ** 30) / 65536)) / 32768);
}

/** A table, since a search for scales takes more powers than anything else. */
const POWERS: readonly number[] = Array.from({ length: 64 }, (_, exponent) => 2 ** exponent);

/** round(x / 2^exponent), halves away from zero; exponent 0..31. */
export const roundingDivideByPowerOfTwo = (x: number, exponent: number): number =>
  roundHalfAway(x / POWERS[exponent]!);

/** A real factor as multiplier * 2^shift / 2^31; the multiplier's magnitude is 0 or in [2^30, 2^31). */
export interface Multiplier {
  readonly multiplier: number;
  readonly shift: number;
}

/** QuantizeMultiplier of TensorFlow Lite: factors below 2^-32 become zero. */
export function quantizeMultiplier(real: number): Multiplier {
  if (!Number.isFinite(real)) throw new ModelError(`expected scales with a finite quotient, found ${real}`);
  if (real === 0) return { multiplier: 0, shift: 0 };
  if (real < 0) {
    const { multiplier, shift } = quantizeMultiplier(-real);
    return { multiplier: -multiplier, shift };
  }
  let shift = Math.floor(Math.log2(real)) + 1;
  // log2 may round to the next integer just below a power of two.
  while (real / 2 ** shift >= 1) shift++;
  while (real / 2 ** shift < 0.5) shift--;
  let multiplier = roundHalfAway((real / 2 ** shift) * 2 ** 31);
  if (multiplier === 2 ** 31) {
    multiplier /= 2;
    shift++;
  }
  return shift < -31 ? { multiplier: 0, shift: 0 } : { multiplier, shift };
}

/** The multiplier for a kernel, which can't shift an int32 by 32 bits or more: throws ModelError from 2^31 on. */
export function kernelMultiplier(real: number): Multiplier {
  if (!(Math.abs(real) < 2 ** 31))
    throw new ModelError(`expected scales with a quotient below 2^31, found ${real}`);
  return quantizeMultiplier(real);
}

/** x * factor with double rounding; a left shift wraps at 32 bits as the C code does. */
export function requantize(x: number, { multiplier, shift }: Multiplier): number {
  const shifted = shift > 0 ? (x * POWERS[shift]!) | 0 : x;
  return roundingDivideByPowerOfTwo(
    saturatingRoundingDoublingHighMul(shifted, multiplier),
    shift < 0 ? -shift : 0,
  );
}

/**
 * A factor for sums of 64 bits, as multiplier / 2^shift: the multiplier is 0 or in [2^14, 2^15), the shift 1..46. The
 * 16 bits that TensorFlow Lite leaves of a factor then. Throws ModelError from 2^14 on: there is no shift to the left.
 */
export function wideMultiplier(real: number): Multiplier {
  if (!(Math.abs(real) < 2 ** 14))
    throw new ModelError(`expected scales with a quotient below 2^14, found ${real}`);
  const { multiplier, shift } = quantizeMultiplier(real);
  const reduced = multiplier < 0x7fff0000 ? Math.floor((multiplier + 2 ** 15) / 2 ** 16) : 0x7fff;
  return { multiplier: reduced, shift: 15 - shift };
}

/** x * factor, rounded once, halves up: MultiplyByQuantizedMultiplier of TensorFlow Lite for int64. */
export function requantizeWide(x: number, { multiplier, shift }: Multiplier): number {
  const product = x * multiplier;
  // Exact in a double, and so are a quotient by a power of two and its floor.
  if (Math.abs(product) < EXACT) return Math.floor((product + POWERS[shift - 1]!) / POWERS[shift]!) | 0;
  const scaled = (BigInt(x) * BigInt(multiplier) + (1n << BigInt(shift - 1))) >> BigInt(shift);
  return Number(BigInt.asIntN(32, scaled));
}

const saturate = (x: number): number => clamp(x, INT32_MIN, INT32_MAX);
const mul = saturatingRoundingDoublingHighMul;

/** Changes a value with `from` integer bits to one with fewer; saturates. */
const rescale = (x: number, from: number, to: number): number => saturate(x * 2 ** (from - to));

function expOnQuarter(a: number): number {
  const expMinusEighth = 1895147668;
  const x = a + 2 ** 28;
  const x2 = mul(x, x);
  const x3 = mul(x2, x);
  const x4Over4 = roundingDivideByPowerOfTwo(mul(x2, x2), 2);
  const tail = roundingDivideByPowerOfTwo(mul(x4Over4 + x3, 715827883) + x2, 1);
  return expMinusEighth + mul(expMinusEighth, x + tail);
}

/** exp(-2^k) in Q0.31 for k = -2 .. 4. */
const EXP_OF_POWERS = [1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242];

/** exp(a) in Q0.31 for a <= 0 with `integerBits` (at most 5) integer bits. */
export function expOnNegative(a: number, integerBits: number): number {
  if (a === 0) return INT32_MAX;
  const fractionBits = 31 - integerBits;
  const quarter = 2 ** (fractionBits - 2);
  const fraction = (((a % quarter) + quarter) % quarter) - quarter;
  let result = expOnQuarter(rescale(fraction, integerBits, 0));
  const quarters = (fraction - a) / quarter;
  EXP_OF_POWERS.forEach((factor, bit) => {
    if (bit - 2 < integerBits && Math.floor(quarters / 2 ** bit) % 2 === 1) result = mul(result, factor);
  });
  return result;
}

/** Newton-Raphson for 1 / half in Q2.29, where half = (1 + a) / 2 in Q0.31. */
function reciprocalOfHalf(a: number): number {
  const half = Math.floor((a + INT32_MAX + 1) / 2);
  let x = 1515870810 + mul(half, -1010580540);
  for (let i = 0; i < 3; i++) x += rescale(mul(x, 2 ** 29 - mul(half, x)), 4, 2);
  return x;
}

/** 1 / (1 + a), a in [0, 1], Q0.31. */
export const oneOverOnePlus = (a: number): number => rescale(reciprocalOfHalf(a), 1, 0);

/** (1 - a) / (1 + a), a in [0, 1], Q0.31. */
const oneMinusOverOnePlus = (a: number): number => rescale(reciprocalOfHalf(a) - 2 ** 29, 2, 0);

/** 1 / (1 + exp(-a)) in Q0.31, a in Q4.27. */
export function logistic(a: number): number {
  if (a === 0) return 2 ** 30;
  const positive = oneOverOnePlus(expOnNegative(-Math.abs(a), 4));
  return a > 0 ? positive : INT32_MAX - positive;
}

/** tanh(a) in Q0.31, a in Q4.27: the same raw value in Q5.26 is 2a. */
export function tanh(a: number): number {
  if (a === 0) return 0;
  const positive = oneMinusOverOnePlus(expOnNegative(-Math.abs(a), 5));
  return a > 0 ? positive : -positive;
}
