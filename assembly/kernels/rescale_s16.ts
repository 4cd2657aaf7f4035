import { clamp, requantize } from "../fixed";

export const VERSION: i32 = 1;

/** The argument block of rescale_s16. */
@unmanaged
export class RescaleS16Arguments {
  input: usize;
  output: usize;
  length: i32;
  multiplier: i32;
  negativeMultiplier: i32;
  activationMin: i16;
  activationMax: i16;
  shift: i8;
  negativeShift: i8;
}

/**
 * Another scale for int16 values, one factor for those that are not negative and one for the others: a
 * change of scale, a clamping activation, or a leaky one.
 *
 *   input   [length] i16;  output [length] i16;  may be the same buffer; zero points of 0
 *
 * Semantics: TensorFlow Lite Micro, reference_ops::Requantize and QuantizeLeakyRelu for int16.
 */
export function rescale_s16(block: RescaleS16Arguments): void {
  let input: usize = block.input;
  let output: usize = block.output;
  const length: i32 = block.length;
  const multiplier: i32 = block.multiplier;
  const shift: i32 = block.shift;
  const negativeMultiplier: i32 = block.negativeMultiplier;
  const negativeShift: i32 = block.negativeShift;
  const activationMin: i32 = block.activationMin;
  const activationMax: i32 = block.activationMax;
  const end: usize = input + (<usize>length << 1);
  for (; input < end; input += 2, output += 2) {
    const x: i32 = load<i16>(input);
    const isNegative: bool = x < 0;
    const scaled: i32 = requantize(
      x,
      isNegative ? negativeMultiplier : multiplier,
      isNegative ? negativeShift : shift,
    );
    store<i16>(output, clamp(scaled, activationMin, activationMax));
  }
}
