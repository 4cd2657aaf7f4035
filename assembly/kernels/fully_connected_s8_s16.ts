import { clamp, requantizeWide } from "../fixed";

export const VERSION: i32 = 1;

/** The argument block of fully_connected_s8_s16. */
@unmanaged
export class FullyConnectedS8S16Arguments {
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
}

/**
 * Matrix product with bias, int8 in, int8 weights, int16 out: the last layer of a classifier whose
 * scores are to be told apart.
 *
 *   input       [batches, depth] i8
 *   weights     [outputs, depth] i8
 *   bias        [outputs] i32, the input zero point folded in
 *   multiplier  i32 and shift i8, for each output where factorStep is 1, one for all where it is 0;
 *               see requantizeWide
 *   output      [batches, outputs] i16
 *
 * Semantics: ours; those of fully_connected_s16 with narrower inputs.
 */
export function fully_connected_s8_s16(block: FullyConnectedS8S16Arguments): void {
  let input: usize = block.input;
  let output: usize = block.output;
  const weights: usize = block.weights;
  const bias: usize = block.bias;
  const multiplier: usize = block.multiplier;
  const shift: usize = block.shift;
  const factorStep: i32 = block.factorStep;
  const batches: i32 = block.batches;
  const depth: i32 = block.depth;
  const outputs: i32 = block.outputs;
  const outputZeroPoint: i32 = block.outputZeroPoint;
  const activationMin: i32 = block.activationMin;
  const activationMax: i32 = block.activationMax;
  for (let batch = 0; batch < batches; batch++) {
    let filter: usize = weights;
    for (let i = 0; i < outputs; i++) {
      let sum: i32 = 0;
      const end: usize = input + depth;
      for (let value: usize = input; value < end; value++, filter++) {
        sum += <i32>load<i8>(value) * <i32>load<i8>(filter);
      }
      const factor: usize = <usize>(i * factorStep);
      const scaled: i32 = requantizeWide(
        <i64>load<i32>(bias + (<usize>i << 2)) + sum,
        load<i32>(multiplier + (factor << 2)),
        <i32>load<i8>(shift + factor),
      );
      store<i16>(output, clamp(scaled + outputZeroPoint, activationMin, activationMax));
      output += 2;
    }
    input += depth;
  }
}
