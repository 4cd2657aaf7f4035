import { clamp } from "../fixed";
import { dotOfInt16AndInt8, rescaleSum } from "./wide_sum";

export const VERSION: i32 = 1;

/** The argument block of fully_connected_s16. */
@unmanaged
export class FullyConnectedS16Arguments {
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
  narrowSums: i8;
  outputBytes: i8;
}

/**
 * Matrix product with bias, int16 in, int8 weights, int16 or int8 out.
 *
 *   input       [batches, depth] i16, of zero point 0
 *   weights     [outputs, depth] i8
 *   bias        [outputs] i32
 *   multiplier  i32 and shift i8, for each output where factorStep is 1, one for all where it is 0;
 *               see rescaleSum, which narrowSums is for
 *   output      [batches, outputs], of outputBytes each
 *
 * Semantics: TensorFlow Lite Micro, reference_integer_ops::FullyConnected and
 * FullyConnectedPerChannel for int16.
 */
export function fully_connected_s16(block: FullyConnectedS16Arguments): void {
  let input: usize = block.input;
  let output: usize = block.output;
  const weights: usize = block.weights;
  const bias: usize = block.bias;
  const multiplier: usize = block.multiplier;
  const shift: usize = block.shift;
  const factorStep: i32 = block.factorStep;
  const narrowSums: i32 = block.narrowSums;
  const batches: i32 = block.batches;
  const depth: i32 = block.depth;
  const outputs: i32 = block.outputs;
  const outputBytes: i32 = block.outputBytes;
  const outputZeroPoint: i32 = block.outputZeroPoint;
  const activationMin: i32 = block.activationMin;
  const activationMax: i32 = block.activationMax;
  for (let batch = 0; batch < batches; batch++) {
    let filter: usize = weights;
    for (let i = 0; i < outputs; i++) {
      const factor: usize = <usize>(i * factorStep);
      const scaled: i32 = rescaleSum(
        dotOfInt16AndInt8(input, filter, depth) + <i64>load<i32>(bias + (<usize>i << 2)),
        load<i32>(multiplier + (factor << 2)),
        <i32>load<i8>(shift + factor),
        narrowSums,
      );
      const result: i32 = clamp(scaled + outputZeroPoint, activationMin, activationMax);
      if (outputBytes == 1) store<i8>(output, result);
      else store<i16>(output, result);
      output += outputBytes;
      filter += depth;
    }
    input += <usize>depth << 1;
  }
}
