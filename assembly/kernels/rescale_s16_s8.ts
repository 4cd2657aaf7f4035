import { clamp, requantize } from "../fixed";

export const VERSION: i32 = 1;

/**
 * int16 values as 8-bit ones of another scale.
 *
 *   input   [length] i16 of zero point 0;  output [length] i8 or u8, by its zero point and bounds
 *
 * Semantics: TensorFlow Lite Micro, reference_ops::Requantize from int16 to int8.
 */
export function rescale_s16_s8(
  input: usize,
  output: usize,
  length: i32,
  multiplier: i32,
  shift: i32,
  outputZeroPoint: i32,
  activationMin: i32,
  activationMax: i32,
): void {
  const end: usize = output + length;
  for (; output < end; input += 2, output++) {
    const scaled: i32 = requantize(<i32>load<i16>(input), multiplier, shift);
    store<i8>(output, clamp(scaled + outputZeroPoint, activationMin, activationMax));
  }
}
