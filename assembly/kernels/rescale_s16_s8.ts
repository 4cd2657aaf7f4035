import { clamp, requantize } from "../fixed";

export const VERSION: i32 = 1;

/** The argument block of rescale_s16_s8. */
@unmanaged
export class RescaleS16S8Arguments {
  input: usize;
  output: usize;
  length: i32;
  multiplier: i32;
  outputZeroPoint: i16;
  activationMin: i16;
  activationMax: i16;
  shift: i8;
}

/**
 * int16 values as 8-bit ones of another scale.
 *
 *   input   [length] i16 of zero point 0;  output [length] i8 or u8, by its zero point and bounds
 *
 * Semantics: TensorFlow Lite Micro, reference_ops::Requantize from int16 to int8.
 */
export function rescale_s16_s8(block: RescaleS16S8Arguments): void {
  let input: usize = block.input;
  let output: usize = block.output;
  const length: i32 = block.length;
  const multiplier: i32 = block.multiplier;
  const shift: i32 = block.shift;
  const outputZeroPoint: i32 = block.outputZeroPoint;
  const activationMin: i32 = block.activationMin;
  const activationMax: i32 = block.activationMax;
  const end: usize = output + length;
  for (; output < end; input += 2, output++) {
    const scaled: i32 = requantize(<i32>load<i16>(input), multiplier, shift);
    store<i8>(output, clamp(scaled + outputZeroPoint, activationMin, activationMax));
  }
}
