import { clamp, requantize } from "../fixed";

export const VERSION: i32 = 1;

/** A function of an int16, from a table of its values at every 128th with straight lines in between. */
function lookUp(table: usize, x: i32): i32 {
  const entry: usize = table + (<usize>(256 + (x >> 7)) << 1);
  const below: i32 = load<i16>(entry);
  const slope: i32 = <i32>load<i16>(entry, 2) - below;
  return below + ((slope * (x & 0x7f) + 64) >> 7);
}

/** The argument block of softmax_s16. */
@unmanaged
export class SoftmaxS16Arguments {
  input: usize;
  output: usize;
  exp: usize;
  reciprocal: usize;
  rows: i32;
  depth: i32;
  multiplier: i32;
  shift: i8;
}

/**
 * Softmax over the last axis, int16 in; int16 out at scale 2^-15. Zero points of 0.
 *
 *   input, output      [rows, depth] i16; may be the same buffer
 *   exp                [513] i16: exp(x) for x in -10..0, at scale 2^-15
 *   reciprocal         [513] i16: 1 / (1 + x) for x in 0..1, likewise
 *   multiplier, shift  beta times the input scale, in steps of exp's table
 *
 * Semantics: TensorFlow Lite Micro, reference_ops::SoftmaxInt16.
 */
export function softmax_s16(block: SoftmaxS16Arguments): void {
  let input: usize = block.input;
  let output: usize = block.output;
  const exp: usize = block.exp;
  const reciprocal: usize = block.reciprocal;
  const rows: i32 = block.rows;
  const depth: i32 = block.depth;
  const multiplier: i32 = block.multiplier;
  const shift: i32 = block.shift;
  const bytes: usize = <usize>depth << 1;
  for (let row = 0; row < rows; row++) {
    let greatest: i32 = -32768;
    for (let i: usize = 0; i < bytes; i += 2) greatest = max(greatest, <i32>load<i16>(input + i));

    let sum: i32 = 0;
    for (let i: usize = 0; i < bytes; i += 2) {
      const difference: i32 = requantize(<i32>load<i16>(input + i) - greatest, multiplier, shift);
      const value: i32 = lookUp(exp, clamp(difference + 32767, -32768, 32767));
      store<i16>(output + i, value);
      sum += value;
    }

    // sum = (1 + fraction) * 2^bits, the fraction in Q0.16 less a half.
    const headroom: i32 = clz(sum);
    const leading: i32 = <i32>(((<i64>sum << (headroom - 1)) + (1 << 13)) >> 14);
    const fraction: i32 = clamp(leading - (1 << 15) - (1 << 16), -32768, 32767);
    const factor: i32 = lookUp(reciprocal, fraction);
    const right: i32 = 31 - headroom;
    const half: i32 = 1 << (right - 1);
    for (let i: usize = 0; i < bytes; i += 2) {
      store<i16>(output + i, clamp((<i32>load<i16>(output + i) * factor + half) >> right, 0, 32767));
    }
    input += bytes;
    output += bytes;
  }
}
