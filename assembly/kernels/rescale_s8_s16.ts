import { clamp, requantize } from "../fixed";

export const VERSION: i32 = 1;

/** The argument block of rescale_s8_s16. */
@unmanaged
export class RescaleS8S16Arguments {
  input: usize;
  output: usize;
  length: i32;
  multiplier: i32;
  flip: u8;
  inputZeroPoint: i8;
  shift: i8;
}

/**
 * 8-bit values as int16 ones of another scale.
 *
 *   input   [length] i8, or u8 with a `flip` of 0x80: its bytes less 128, and so its zero point
 *   output  [length] i16 of zero point 0
 *
 * Semantics: TensorFlow Lite Micro, reference_ops::Requantize from int8 to int16.
 */
export function rescale_s8_s16(block: RescaleS8S16Arguments): void {
  let input: usize = block.input;
  let output: usize = block.output;
  const length: i32 = block.length;
  const flip: i32 = block.flip;
  const inputZeroPoint: i32 = block.inputZeroPoint;
  const multiplier: i32 = block.multiplier;
  const shift: i32 = block.shift;
  const end: usize = input + length;
  for (; input < end; input++, output += 2) {
    const x: i32 = <i32>(<i8>(<i32>load<u8>(input) ^ flip)) - inputZeroPoint;
    store<i16>(output, clamp(requantize(x, multiplier, shift), -32768, 32767));
  }
}
