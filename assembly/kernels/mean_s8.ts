import { clamp, requantize } from "../fixed";

export const VERSION: i32 = 1;

/** The argument block of mean_s8. */
@unmanaged
export class MeanS8Arguments {
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
  correction: i32;
  multiplier: i32;
  shift: i8;
  outputZeroPoint: i8;
}

/**
 * Mean over some axes of a tensor, int8 in and out. The axes are given as strides, the kept ones
 * (at most two after merging neighbours) and the reduced ones (likewise).
 *
 *   input   i8, addressed by the strides;  output [kept0, kept1] i8
 *   correction  input zero point times the number of values of each mean
 *   multiplier, shift  include the division by that number
 *
 * Semantics: TensorFlow Lite Micro, reference_ops::QuantizedMeanOrSum.
 */
export function mean_s8(block: MeanS8Arguments): void {
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
  const correction: i32 = block.correction;
  const multiplier: i32 = block.multiplier;
  const shift: i32 = block.shift;
  const outputZeroPoint: i32 = block.outputZeroPoint;
  for (let i = 0; i < kept0; i++) {
    for (let j = 0; j < kept1; j++) {
      const first: usize = input + <usize>(i * keptStride0 + j * keptStride1);
      let sum: i32 = 0;
      for (let k = 0; k < reduced0; k++) {
        let value: usize = first + <usize>(k * reducedStride0);
        for (let l = 0; l < reduced1; l++) {
          sum += <i32>load<i8>(value);
          value += reducedStride1;
        }
      }
      const mean: i32 = requantize(sum - correction, multiplier, shift) + outputZeroPoint;
      store<i8>(output++, clamp(mean, -128, 127));
    }
  }
}
