/**
 * Fixed-point arithmetic: the only definition of the integer maths in a module.
 *
 * The semantics are those of gemmlowp's fixedpoint.h as the TensorFlow Lite Micro reference
 * kernels use it (double rounding). Qm.n is a 32-bit integer with m integer and n fraction bits.
 */

/** round(a * b / 2^31), halves towards plus infinity; the one overflow, MIN * MIN, saturates. */
// @ts-ignore: decorator
@inline
export function saturatingRoundingDoublingHighMul(a: i32, b: i32): i32 {
  if (a == i32.MIN_VALUE && b == i32.MIN_VALUE) return i32.MAX_VALUE;
  return doublingHighMul(a, b);
}

/** As above where the caller knows that not both operands are MIN. */
// @ts-ignore: decorator
@inline
export function doublingHighMul(a: i32, b: i32): i32 {
  return <i32>((<i64>a * <i64>b + (1 << 30)) >> 31);
}

/** round(x / 2^exponent), halves away from zero; exponent 0..31. */
// @ts-ignore: decorator
@inline
export function roundingDivideByPowerOfTwo(x: i32, exponent: i32): i32 {
  const mask: i32 = <i32>((<i64>1 << exponent) - 1);
  const threshold: i32 = (mask >> 1) + (x >>> 31);
  return (x >> exponent) + i32((x & mask) > threshold);
}

/** x * 2^exponent where it is representable, else the nearest bound; exponent 1..31. */
// @ts-ignore: decorator
@inline
export function saturatingMultiplyByPowerOfTwo(x: i32, exponent: i32): i32 {
  const limit: i32 = (1 << (31 - exponent)) - 1;
  if (x > limit) return i32.MAX_VALUE;
  if (x < -limit) return i32.MIN_VALUE;
  return x << exponent;
}

/**
 * x * multiplier * 2^shift / 2^31 with double rounding: the step from an int32 accumulator to the
 * output's scale. multiplier is Q0.31 in [2^30, 2^31) or 0, shift -31..30.
 */
// @ts-ignore: decorator
@inline
export function requantize(x: i32, multiplier: i32, shift: i32): i32 {
  const left: i32 = max(shift, 0);
  const right: i32 = max(-shift, 0);
  return roundingDivideByPowerOfTwo(doublingHighMul(x << left, multiplier), right);
}

// @ts-ignore: decorator
@inline
export function clamp(x: i32, low: i32, high: i32): i32 {
  return max(low, min(high, x));
}

/** exp(a) for a in Q0.31 within [-1/4, 0): a Taylor expansion around -1/8, as in gemmlowp. */
// @ts-ignore: decorator
@inline
function expOnQuarter(a: i32): i32 {
  const EXP_MINUS_EIGHTH: i32 = 1895147668;
  const ONE_THIRD: i32 = 715827883;
  const x: i32 = a + (1 << 28);
  const x2: i32 = doublingHighMul(x, x);
  const x3: i32 = doublingHighMul(x2, x);
  const x4: i32 = doublingHighMul(x2, x2);
  const x4Over4: i32 = roundingDivideByPowerOfTwo(x4, 2);
  const tail: i32 = roundingDivideByPowerOfTwo(doublingHighMul(x4Over4 + x3, ONE_THIRD) + x2, 1);
  return EXP_MINUS_EIGHTH + doublingHighMul(EXP_MINUS_EIGHTH, x + tail);
}

/** exp(a) in Q0.31 for a <= 0 in Q5.26. */
export function expOnNegative(a: i32): i32 {
  if (a == 0) return i32.MAX_VALUE;
  const QUARTER: i32 = 1 << 24;
  const fraction: i32 = (a & (QUARTER - 1)) - QUARTER;
  let result: i32 = expOnQuarter(fraction << 5);
  const rest: i32 = fraction - a;
  // One factor exp(-2^k) for each bit of the whole quarters, k = -2..4.
  if (rest & (1 << 24)) result = doublingHighMul(result, 1672461947);
  if (rest & (1 << 25)) result = doublingHighMul(result, 1302514674);
  if (rest & (1 << 26)) result = doublingHighMul(result, 790015084);
  if (rest & (1 << 27)) result = doublingHighMul(result, 290630308);
  if (rest & (1 << 28)) result = doublingHighMul(result, 39332535);
  if (rest & (1 << 29)) result = doublingHighMul(result, 720401);
  if (rest & (1 << 30)) result = doublingHighMul(result, 242);
  return result;
}

/** 1 / (1 + a) for a in [0, 1], both Q0.31, by three Newton-Raphson steps. */
// @ts-ignore: decorator
@inline
export function oneOverOnePlus(a: i32): i32 {
  const FORTY_EIGHT_SEVENTEENTHS: i32 = 1515870810; // Q2.29
  const MINUS_THIRTY_TWO_SEVENTEENTHS: i32 = -1010580540; // Q2.29
  // Rounding half sum of a and 1: neither is negative, so halves go up.
  const half: i32 = <i32>((<i64>a + i32.MAX_VALUE + 1) >> 1);
  let x: i32 = FORTY_EIGHT_SEVENTEENTHS + doublingHighMul(half, MINUS_THIRTY_TWO_SEVENTEENTHS);
  for (let i = 0; i < 3; i++) {
    const error: i32 = (1 << 29) - doublingHighMul(half, x);
    x += saturatingMultiplyByPowerOfTwo(doublingHighMul(x, error), 2);
  }
  return saturatingMultiplyByPowerOfTwo(x, 1);
}
