import { clamp, requantizeWide } from "../fixed";

export const VERSION: i32 = 1;

/** The argument block of fully_connected_w16_s16. */
@unmanaged
export class FullyConnectedW16S16Arguments {
  input: usize;
  output: usize;
  weights: usize;
  bias: usize;
  multiplier: usize;
  shift: usize;
  batches: i32;
  depth: i32;
  outputs: i32;
  outputZeroPoint: i16;
  activationMin: i16;
  activationMax: i16;
  factorStep: i8;
  outputBytes: i8;
}

/**
 * Matrix product with bias, int16 in, int16 weights, int16 or int8 out: for models with few and precise
 * weights, such as linear ones.
 *
 *   input       [batches, depth] i16, of zero point 0
 *   weights     [outputs, depth] i16
 *   bias        [outputs] i32
 *   multiplier  i32 and shift i8, for each output where factorStep is 1, one for all where it is 0;
 *               see requantizeWide
 *   output      [batches, outputs], of outputBytes each
 *
 * Semantics: ours; those of fully_connected_s16 with wider weights.
 */
export function fully_connected_w16_s16(block: FullyConnectedW16S16Arguments): void {
  let input: usize = block.input;
  let output: usize = block.output;
  let batches: i32 = block.batches;
  const inputBytes: usize = <usize>block.depth << 1;
  do {
    let filter: usize = block.weights;
    let i: i32 = 0;
    do {
      let sum: i64 = load<i32>(block.bias + (<usize>i << 2));
      const end: usize = input + inputBytes;
      let value: usize = input;
      // A product fits 32 bits; two of them need not.
      do {
        sum += <i64>(<i32>load<i16>(value) * <i32>load<i16>(filter));
        filter += 2;
        value += 2;
      } while (value < end);
      const factor: usize = <usize>(i * block.factorStep);
      const scaled: i32 = requantizeWide(
        sum,
        load<i32>(block.multiplier + (factor << 2)),
        <i32>load<i8>(block.shift + factor),
      );
      const result: i32 = clamp(scaled + block.outputZeroPoint, block.activationMin, block.activationMax);
      if (block.outputBytes == 1) store<i8>(output, result);
      else store<i16>(output, result);
      output += block.outputBytes;
    } while (++i < block.outputs);
    input += inputBytes;
  } while (--batches > 0);
}
