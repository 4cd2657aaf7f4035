import { clamp, requantize } from "../fixed";

export const VERSION: i32 = 2;

/** The argument block of fully_connected_s8. */
@unmanaged
export class FullyConnectedS8Arguments {
  input: usize;
  output: usize;
  weights: usize;
  bias: usize;
  multiplier: i32;
  scratch: usize;
  batches: i32;
  depth: i32;
  outputs: i32;
  shift: i8;
  outputZeroPoint: i8;
  activationMin: i8;
  activationMax: i8;
}

/**
 * Matrix product with bias, int8 in and out, one multiplier and shift for all outputs. The
 * smaller of two kernels with one contract: fully_connected_stationary_s8 is the faster one.
 *
 *   input       [batches, depth] i8
 *   weights     in blocks of four outputs, the last one narrower where they end: [depth, outputs of
 *               the block] i8. Up to three bytes after the last may be read; their values do not matter.
 *   bias        [outputs] i32, the input zero point folded in
 *   output      [batches, outputs] i8
 *   scratch     unused
 *
 * Semantics: TensorFlow Lite Micro, reference_integer_ops::FullyConnected.
 */
export function fully_connected_s8(block: FullyConnectedS8Arguments): void {
  let input: usize = block.input;
  let output: usize = block.output;
  const weights: usize = block.weights;
  const bias: usize = block.bias;
  const multiplier: i32 = block.multiplier;
  const shift: i32 = block.shift;
  const batches: i32 = block.batches;
  const depth: i32 = block.depth;
  const outputs: i32 = block.outputs;
  const outputZeroPoint: i32 = block.outputZeroPoint;
  const activationMin: i32 = block.activationMin;
  const activationMax: i32 = block.activationMax;
  for (let batch = 0; batch < batches; batch++) {
    let filter: usize = weights;
    for (let i = 0; i < outputs; ) {
      const width: i32 = min(outputs - i, 4);
      let sum0: i32 = 0;
      let sum1: i32 = 0;
      let sum2: i32 = 0;
      let sum3: i32 = 0;
      for (let k: usize = input; k < input + depth; k++, filter += width) {
        const value: i32 = load<i8>(k);
        sum0 += value * <i32>load<i8>(filter);
        sum1 += value * <i32>load<i8>(filter, 1);
        sum2 += value * <i32>load<i8>(filter, 2);
        sum3 += value * <i32>load<i8>(filter, 3);
      }
      for (const end: i32 = i + width; i < end; i++) {
        const sum: i32 = sum0 + load<i32>(bias + (<usize>i << 2));
        const scaled: i32 = requantize(sum, multiplier, shift);
        store<i8>(output++, clamp(scaled + outputZeroPoint, activationMin, activationMax));
        // A narrower block's further sums are of bytes that are not its own, and are dropped.
        sum0 = sum1;
        sum1 = sum2;
        sum2 = sum3;
      }
    }
    input += depth;
  }
}
