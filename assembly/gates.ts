/** What gates of layers over time have in common: numbers of int16, and a table of the logistic function. */
import { clamp, requantize } from "./fixed";

/** A line between two entries of the table of the logistic function, at |x| with `bits` bits below them. */
// @ts-ignore: decorator
@inline
function between(table: usize, magnitude: i32, bits: i32, end: i32): i32 {
  if (magnitude >= 255 << bits) return end;
  const entry: usize = table + (<usize>(magnitude >> bits) << 1);
  const below: i32 = load<u16>(entry);
  return (below << bits) + (magnitude & ((1 << bits) - 1)) * (<i32>load<u16>(entry, 2) - below);
}

/** Of x in steps of 1 / (3 * 2^12), in 2^-15; the table has 1 / (1 + exp(-x)) at i / 24, times 2^16. */
export function logistic(table: usize, x: i32): i32 {
  const result: i32 = between(table, abs(x), 9, 0x7fff << 10);
  return (x >= 0 ? result + (1 << 9) : (1 << 25) - result + (1 << 9) - 1) >> 10;
}

export function tanh(table: usize, x: i32): i32 {
  const result: i32 = between(table, abs(x), 8, 0xffff << 8) - (1 << 23);
  return (x >= 0 ? result + (1 << 7) : -result + (1 << 7) - 1) >> 8;
}

// @ts-ignore: decorator
@inline
export function narrow(x: i32): i32 {
  return clamp(x, -32768, 32767);
}

/** What goes into a gate: products with bytes, such as the input or the last outputs, rescaled to 2^-12. */
export function gate(
  values: usize,
  count: i32,
  zeroPoint: i32,
  weights: usize,
  sum: i32,
  multiplier: i32,
  shift: i32,
): i32 {
  for (const end: usize = values + count; values < end; values++, weights++) {
    sum += (<i32>load<i8>(values) - zeroPoint) * <i32>load<i8>(weights);
  }
  return narrow(requantize(sum, multiplier, shift));
}
