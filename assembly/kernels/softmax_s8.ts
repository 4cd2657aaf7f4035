import {
  doublingHighMul,
  expOnNegative,
  oneOverOnePlus,
  roundingDivideByPowerOfTwo,
} from "../fixed";

export const VERSION: i32 = 1;

/** The argument block of softmax_s8. */
@unmanaged
export class SoftmaxS8Arguments {
  input: usize;
  output: usize;
  rows: i32;
  depth: i32;
  multiplier: i32;
  differenceMin: i32;
  shift: i8;
}

/**
 * Softmax over the last axis, int8 in; out at scale 1/256 and zero point -128.
 *
 *   input, output  [rows, depth] i8
 *   multiplier, shift  beta times the input scale, as Q5.26
 *   differenceMin  values further than this below the row's greatest count as zero
 *
 * Semantics: TensorFlow Lite Micro, reference_ops::Softmax for int8.
 */
export function softmax_s8(block: SoftmaxS8Arguments): void {
  let input: usize = block.input;
  let output: usize = block.output;
  const rows: i32 = block.rows;
  const depth: i32 = block.depth;
  const multiplier: i32 = block.multiplier;
  const shift: i32 = block.shift;
  const differenceMin: i32 = block.differenceMin;
  for (let row = 0; row < rows; row++) {
    let greatest: i32 = -128;
    for (let i = 0; i < depth; i++) greatest = max(greatest, <i32>load<i8>(input + i));

    let sum: i32 = 0; // Q12.19: room for 4096 values of one, as unsigned
    let reciprocal: i32 = 0;
    let exponent: i32 = 0;
    // The exponentials are computed twice, to be added and to be divided by the sum, at one place: room
    // for all of them would cost more RAM than the time is worth.
    for (let divide = 0; divide < 2; divide++) {
      for (let i = 0; i < depth; i++) {
        const difference: i32 = <i32>load<i8>(input + i) - greatest;
        let exp: i32 = 0;
        if (difference >= differenceMin) {
          exp = expOnNegative(doublingHighMul(difference << shift, multiplier));
        }
        if (!divide) {
          sum += roundingDivideByPowerOfTwo(exp, 12);
        } else {
          // From 512 equal values on each is less than half of 1/256.
          let value: i32 = 0;
          if (exponent <= 31) value = roundingDivideByPowerOfTwo(doublingHighMul(reciprocal, exp), exponent);
          store<i8>(output + i, min(value - 128, 127));
        }
      }
      // sum = (1 + fraction) * 2^bits with the leading one dropped, fraction in Q0.31.
      const headroom: i32 = clz(sum);
      reciprocal = oneOverOnePlus(<i32>((<u32>sum << headroom) - 0x80000000));
      exponent = 12 - headroom + 31 - 8;
    }
    input += depth;
    output += depth;
  }
}
