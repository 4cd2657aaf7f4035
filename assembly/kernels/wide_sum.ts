import { requantize, requantizeWide } from "../fixed";

/** What layers with 16-bit values share: sums of products in 64 bits, and what becomes of them. */

/** Products of 23 bits that 32 bits hold the sum of. */
const CHUNK: i32 = 256;

/** Sum of `terms` products of i16 and i8. Adds in 32 bits where that is safe: an interpreter is faster so. */
export function dotOfInt16AndInt8(input: usize, filter: usize, terms: i32): i64 {
  let sum: i64 = 0;
  while (terms > 0) {
    const end: usize = input + (<usize>min(terms, CHUNK) << 1);
    let part: i32 = 0;
    for (; input + 14 < end; input += 16, filter += 8) {
      part +=
        <i32>load<i16>(input) * <i32>load<i8>(filter) +
        <i32>load<i16>(input, 2) * <i32>load<i8>(filter, 1) +
        <i32>load<i16>(input, 4) * <i32>load<i8>(filter, 2) +
        <i32>load<i16>(input, 6) * <i32>load<i8>(filter, 3) +
        <i32>load<i16>(input, 8) * <i32>load<i8>(filter, 4) +
        <i32>load<i16>(input, 10) * <i32>load<i8>(filter, 5) +
        <i32>load<i16>(input, 12) * <i32>load<i8>(filter, 6) +
        <i32>load<i16>(input, 14) * <i32>load<i8>(filter, 7);
    }
    for (; input < end; input += 2, filter++) part += <i32>load<i16>(input) * <i32>load<i8>(filter);
    sum += part;
    terms -= CHUNK;
  }
  return sum;
}

/** A sum at the output's scale: rounded twice as of 32 bits, or once as of 64. */
// @ts-ignore: decorator
@inline
export function rescaleSum(sum: i64, multiplier: i32, shift: i32, narrowSums: i32): i32 {
  if (narrowSums) return requantize(<i32>sum, multiplier, shift);
  return requantizeWide(sum, multiplier, shift);
}
