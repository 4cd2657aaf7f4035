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
  const mask: i32 = (1 << exponent) - 1;
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

/*
 * requantize() with one shift, for kernels that compute a factor's constants once for many sums.
 *
 * With e = -shift > 0 and t = x * multiplier + 2^30, high = t >> 31 is the first rounding and
 * (high + 2^(e-1) - [high < 0]) >> e the second, halves away from zero. Shifts to the right nest, so this is
 * (t + 2^(30+e) - [high < 0] * 2^31) >> (31 + e), and with z * 2^(31+e) more it has a zero point of z.
 * high < 0 where x < 0; in the one exception, x = -1 with the least multiplier, both ways give the same.
 * Where e <= 0, x is multiplied by 2^-e first, and there is no second rounding.
 *
 * Callers have x + limit in place of x, and see to it that shift is at least -24, x * 2^shift fits 32
 * bits, and the zero point is between activationMin and activationMax (host/ops/lanes.ts).
 */

/** What a sum is multiplied by. */
// @ts-ignore: decorator
@inline
export function rescaleFactor(multiplier: i32, shift: i32): i64 {
  return <i64>multiplier << max(shift, 0);
}

/** And shifted by, to the right. */
// @ts-ignore: decorator
@inline
export function rescaleShift(shift: i32): i64 {
  return 31 + max(-shift, 0);
}

/** What is added in between, for sums that are not negative. */
// @ts-ignore: decorator
@inline
export function rescaleAddend(limit: i32, factor: i64, shift: i32, outputZeroPoint: i32): i64 {
  const half: i64 = shift < 0 ? (<i64>1 << 30) << -shift : 0;
  return (<i64>outputZeroPoint << rescaleShift(shift)) - <i64>limit * factor + (1 << 30) + half;
}

/** How much less it is for negative ones. */
// @ts-ignore: decorator
@inline
export function rescaleTie(shift: i32): i64 {
  return shift < 0 ? 1 << 31 : 0;
}

/**
 * Stores x, a sum plus `limit`, as an int8 output. The zero point is in the activation's range, so that a
 * sum on one side of zero can only leave the range on that side. Stores in branches: a value that leaves
 * a branch is copied once more by an interpreter.
 */
// @ts-ignore: decorator
@inline
export function storeRescaled(
  output: usize,
  x: i32,
  limit: i32,
  factor: i64,
  addend: i64,
  negativeAddend: i64,
  shift: i64,
  hasNegatives: bool,
  activationMin: i32,
  activationMax: i32,
): void {
  if (x >= limit) {
    const result: i32 = <i32>((<i64>x * factor + addend) >> shift);
    if (result > activationMax) store<i8>(output, activationMax);
    else store<i8>(output, result);
  } else if (hasNegatives) {
    store<i8>(output, max(<i32>((<i64>x * factor + negativeAddend) >> shift), activationMin));
  } else {
    store<i8>(output, activationMin);
  }
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

/**
 * x * multiplier / 2^shift, rounded once, halves towards plus infinity: the step from a sum of 64 bits to the
 * output's scale. multiplier is in [2^14, 2^15) or 0, shift 1..46, |x| below 2^47.
 */
// @ts-ignore: decorator
@inline
export function requantizeWide(x: i64, multiplier: i32, shift: i32): i32 {
  return <i32>((x * <i64>multiplier + (<i64>1 << (shift - 1))) >> shift);
}

/**
 * log(x) in Q5.26 for x >= 1 in Q12.19, as TensorFlow Lite: x is r * 2^k with r between sqrt(1/2) and 1,
 * found in two ways of which one has room to spare, and log(r) is a quotient of polynomials around 2^(-1/4).
 */
export function logOfAtLeastOne(x: i32): i32 {
  const LOG_2: i32 = 1488522236; // Q0.31, as all here
  const SQRT_HALF: i32 = 1518500250;
  const FOURTH_ROOT_OF_HALF: i32 = 1805811301;
  const ALPHA_N: i32 = 117049297;
  const ALPHA_D: i32 = 127690142;
  const ALPHA_I: i32 = 1057819769;
  const ALPHA_F: i32 = 638450708;
  const QUARTER: i32 = 1 << 23; // Q6.25

  const headroomA: i32 = clz(x);
  const rA: i32 = saturatingMultiplyByPowerOfTwo(doublingHighMul(x << (headroomA - 1), SQRT_HALF), 1);
  const headroomB: i32 = clz(doublingHighMul(x, SQRT_HALF)) - 1;
  const rB: i32 = saturatingMultiplyByPowerOfTwo(x, headroomB);
  const power: i32 = max(((12 - headroomA) << 25) + QUARTER, ((12 - headroomB) << 25) - QUARTER);

  const r: i32 = min(rA, rB);
  const p: i32 = <i32>((<i64>r + FOURTH_ROOT_OF_HALF + 1) >> 1);
  const q: i32 = (r - FOURTH_ROOT_OF_HALF) << 1;
  const square: i32 = doublingHighMul(q, q);
  const numerator: i32 = doublingHighMul(q, r) + doublingHighMul(doublingHighMul(q, square), ALPHA_N);
  const slope: i32 = ALPHA_I + q + doublingHighMul(ALPHA_D, square);
  const denominator: i32 = doublingHighMul(p, slope) + doublingHighMul(ALPHA_F, q);
  const scaled: i32 = roundingDivideByPowerOfTwo(numerator, 6);
  const quotient: i32 = doublingHighMul(scaled, oneOverOnePlus(denominator));
  return saturatingMultiplyByPowerOfTwo(doublingHighMul(power, LOG_2) + quotient, 1);
}
