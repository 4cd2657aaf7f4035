import {
  clamp,
  saturatingRoundingDoublingHighMul as mul,
  oneOverOnePlus,
  roundingDivideByPowerOfTwo,
} from "./fixed_point.ts";

const INT32_MAX = 2147483647;

/** Constants in Q0.31. */
const LOG_2 = 1488522236;
const SQRT_HALF = 1518500250;
const FOURTH_ROOT_OF_HALF = 1805811301;
/** Coefficients of the rational approximation around that root. */
const ALPHA_N = 117049297;
const ALPHA_D = 127690142;
const ALPHA_I = 1057819769;
const ALPHA_F = 638450708;

/** Powers of two are Q6.25 here. */
const ONE = 2 ** 25;

const INTEGER_BITS = 12;

/**
 * log(x) in Q5.26 for x >= 1 in Q12.19 (TensorFlow Lite, log_x_for_x_greater_than_or_equal_to_1): x is
 * r * 2^k with r between sqrt(1/2) and 1, found in two ways of which one has room to spare.
 */
export function logOfAtLeastOne(x: number): number {
  const headroomA = Math.clz32(x);
  const rA = Math.min(2 * mul(x * 2 ** (headroomA - 1), SQRT_HALF), INT32_MAX);
  const headroomB = Math.clz32(mul(x, SQRT_HALF)) - 1;
  const rB = Math.min(x * 2 ** headroomB, INT32_MAX);
  const power = Math.max((INTEGER_BITS - headroomA + 0.25) * ONE, (INTEGER_BITS - headroomB - 0.25) * ONE);

  const r = Math.min(rA, rB);
  const p = Math.floor((r + FOURTH_ROOT_OF_HALF + 1) / 2);
  const q = 2 * (r - FOURTH_ROOT_OF_HALF);
  const square = mul(q, q);
  const numerator = mul(q, r) + mul(mul(q, square), ALPHA_N);
  const denominator = mul(p, ALPHA_I + q + mul(ALPHA_D, square)) + mul(ALPHA_F, q);
  const log = mul(power, LOG_2) + mul(roundingDivideByPowerOfTwo(numerator, 6), oneOverOnePlus(denominator));
  return clamp(2 * log, -INT32_MAX - 1, INT32_MAX);
}
