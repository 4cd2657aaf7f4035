import {
  clamp,
  doublingHighMul,
  expOnNegative,
  logOfAtLeastOne,
  requantize,
  roundingDivideByPowerOfTwo,
} from "../fixed";

export const VERSION: i32 = 1;

/** The argument block of log_softmax_s8. */
@unmanaged
export class LogSoftmaxS8Arguments {
  input: usize;
  output: usize;
  rows: i32;
  depth: i32;
  multiplier: i32;
  differenceMin: i32;
  backMultiplier: i32;
  shift: i8;
  backShift: i8;
}

/**
 * Logarithm of the softmax over the last axis, int8 in; out at scale 1/16 and zero point 127.
 *
 *   input, output  [rows, depth] i8; may be the same buffer
 *   multiplier, shift  the input scale, as Q5.26
 *   differenceMin  values further than this below the row's greatest add nothing to the sum
 *   backMultiplier, backShift  from Q5.26 to the input scale
 *
 * Semantics: TensorFlow Lite Micro, reference_ops::LogSoftmax for int8.
 */
export function log_softmax_s8(block: LogSoftmaxS8Arguments): void {
  let input: usize = block.input;
  let output: usize = block.output;
  const rows: i32 = block.rows;
  const depth: i32 = block.depth;
  const multiplier: i32 = block.multiplier;
  const shift: i32 = block.shift;
  const differenceMin: i32 = block.differenceMin;
  const backMultiplier: i32 = block.backMultiplier;
  const backShift: i32 = block.backShift;
  for (let row = 0; row < rows; row++) {
    const end: usize = input + depth;
    let greatest: i32 = -128;
    for (let value: usize = input; value < end; value++) greatest = max(greatest, <i32>load<i8>(value));

    let sum: i32 = 0; // Q12.19: room for 4095 values of one
    for (let value: usize = input; value < end; value++) {
      const difference: i32 = <i32>load<i8>(value) - greatest;
      if (difference < differenceMin) continue;
      sum += roundingDivideByPowerOfTwo(expOnNegative(doublingHighMul(difference << shift, multiplier)), 12);
    }

    const log: i32 = logOfAtLeastOne(sum);
    const least: i32 = max(differenceMin - 1, requantize(log + i32.MIN_VALUE, backMultiplier, backShift));
    for (; input < end; input++) {
      const difference: i32 = <i32>load<i8>(input) - greatest;
      let result: i32 = -128;
      if (difference > least) {
        const scaled: i32 = doublingHighMul(difference << shift, multiplier);
        result = clamp(roundingDivideByPowerOfTwo(scaled - log, 22) + 127, -128, 127);
      }
      store<i8>(output++, result);
    }
  }
}
