export const VERSION: i32 = 1;

/** The argument block of reduce_max_s8. */
@unmanaged
export class ReduceMaxS8Arguments {
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
  flip: i8;
}

/**
 * The greatest or the least value over some axes of a tensor, int8; input and output share their
 * quantisation. The axes are given as strides, the kept ones (at most two after merging neighbours) and
 * the reduced ones (likewise).
 *
 *   input   i8, addressed by the strides;  output [kept0, kept1] i8
 *   flip    0 for the greatest, -1 for the least: that is the complement of the greatest complement
 *
 * Semantics: TensorFlow Lite Micro, reference_ops::ReduceGeneric with a maximum.
 */
export function reduce_max_s8(block: ReduceMaxS8Arguments): void {
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
  const flip: i32 = block.flip;
  for (let i = 0; i < kept0; i++) {
    for (let j = 0; j < kept1; j++) {
      const first: usize = input + <usize>(i * keptStride0 + j * keptStride1);
      let greatest: i32 = -128;
      for (let k = 0; k < reduced0; k++) {
        let value: usize = first + <usize>(k * reducedStride0);
        for (let l = 0; l < reduced1; l++) {
          greatest = max(greatest, <i32>load<i8>(value) ^ flip);
          value += reducedStride1;
        }
      }
      store<i8>(output++, greatest ^ flip);
    }
  }
}
