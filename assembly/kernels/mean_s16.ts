import { clamp, requantize } from "../fixed";

export const VERSION: i32 = 1;

/** The argument block of mean_s16. */
@unmanaged
export class MeanS16Arguments {
  input: usize;
  output: usize;
  kept0: i32;
  kept1: i32;
  reduced0: i32;
  reduced1: i32;
  keptStride0: i32;
  keptStride1: i32;
  reducedStride0: i32;
  reducedStride1: i32;
  multiplier: i32;
  shift: i8;
}

/**
 * Mean over some axes of a tensor, int16 in and out. The axes are given as strides in bytes, the kept ones
 * (at most two after merging neighbours) and the reduced ones (likewise).
 *
 *   input   i16, addressed by the strides;  output [kept0, kept1] i16; zero points of 0
 *   multiplier, shift  include the division by the number of values of each mean
 *
 * Semantics: TensorFlow Lite Micro, reference_ops::QuantizedMeanOrSum for int16.
 */
export function mean_s16(block: MeanS16Arguments): void {
  const input: usize = block.input;
  let output: usize = block.output;
  const kept0: i32 = block.kept0;
  const kept1: i32 = block.kept1;
  const reduced0: i32 = block.reduced0;
  const reduced1: i32 = block.reduced1;
  const keptStride0: i32 = block.keptStride0;
  const keptStride1: i32 = block.keptStride1;
  const reducedStride0: i32 = block.reducedStride0;
  const reducedStride1: i32 = block.reducedStride1;
  const multiplier: i32 = block.multiplier;
  const shift: i32 = block.shift;
  for (let i = 0; i < kept0; i++) {
    for (let j = 0; j < kept1; j++) {
      const first: usize = input + <usize>(i * keptStride0 + j * keptStride1);
      let sum: i32 = 0;
      for (let k = 0; k < reduced0; k++) {
        let value: usize = first + <usize>(k * reducedStride0);
        for (let l = 0; l < reduced1; l++) {
          sum += <i32>load<i16>(value);
          value += reducedStride1;
        }
      }
      const mean: i32 = requantize(sum, multiplier, shift);
      store<i16>(output, clamp(mean, -32768, 32767));
      output += 2;
    }
  }
}
