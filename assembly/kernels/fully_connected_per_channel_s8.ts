import { clamp, requantize } from "../fixed";
import { dot } from "./dot";

export const VERSION: i32 = 1;

/**
 * Matrix product with bias, int8 in and out, one multiplier and shift per output.
 *
 *   input       [batches, depth] i8
 *   weights     [outputs, depth] i8
 *   bias        [outputs] i32, the input zero point folded in
 *   multiplier  [outputs] i32;  shift [outputs] i8
 *   output      [batches, outputs] i8
 *
 * Semantics: TensorFlow Lite Micro, reference_integer_ops::FullyConnectedPerChannel.
 */
export function fully_connected_per_channel_s8(
  input: usize,
  output: usize,
  weights: usize,
  bias: usize,
  multiplier: usize,
  shift: usize,
  batches: i32,
  depth: i32,
  outputs: i32,
  outputZeroPoint: i32,
  activationMin: i32,
  activationMax: i32,
): void {
  for (let batch = 0; batch < batches; batch++) {
    let row: usize = weights;
    for (let i = 0; i < outputs; i++) {
      const sum: i32 = load<i32>(bias + (<usize>i << 2)) + dot(input, row, depth);
      const factor: i32 = load<i32>(multiplier + (<usize>i << 2));
      const scaled: i32 = requantize(sum, factor, <i32>load<i8>(shift + <usize>i));
      store<i8>(output++, clamp(scaled + outputZeroPoint, activationMin, activationMax));
      row += depth;
    }
    input += depth;
  }
}
