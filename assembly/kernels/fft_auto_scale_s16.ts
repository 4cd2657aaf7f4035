export const VERSION: i32 = 1;

/** The argument block of fft_auto_scale_s16. */
@unmanaged
export class FftAutoScaleS16Arguments {
  input: usize;
  output: usize;
  bits: usize;
  length: i32;
}

/** The greatest magnitude as TensorFlow Lite Micro finds it: that of -32768 becomes -32768. */
function greatest(input: usize, end: usize): i32 {
  let most: i32 = 0;
  for (; input < end; input += 2) {
    const value: i32 = load<i16>(input);
    if (value > most) most = value;
    else if (-value > most) most = <i32>(<i16>-value);
  }
  return most;
}

/**
 * Samples scaled up by a power of two, as far as they fit 16 bits.
 *
 *   input   [length] i16
 *   output  [length] i16; may be the input
 *   bits    [1] i32: the exponent; 0 where all samples are 0
 *
 * Four samples are one i64: a shift of all of them, and an "or" of magnitudes has the bits of the greatest.
 * Semantics: TensorFlow Lite Micro, FftAutoScale.
 */
export function fft_auto_scale_s16(block: FftAutoScaleS16Arguments): void {
  const ONES: i64 = 0x1000100010001;
  const input: usize = block.input;
  const offset: usize = block.output - input;
  const end: usize = input + (<usize>block.length << 1);
  let sizes: i64 = 0;
  let at: usize = input;
  for (; at + 8 <= end; at += 8) {
    const four: i64 = load<i64>(at);
    const signs: i64 = (four >> 15) & ONES;
    sizes |= (four ^ (signs * 0xffff)) + signs;
  }
  sizes |= sizes >> 32;
  let most: i32 = <i32>(sizes | (sizes >> 16)) & 0xffff;
  for (; at < end; at += 2) most |= abs(<i32>load<i16>(at));
  if (most > 32767) most = greatest(input, end);
  const bits: i32 = most == 0 ? 0 : max(clz(most) - 17, 0);
  store<i32>(block.bits, bits);
  const kept: i64 = ONES * <i64>(0xffff >> bits);
  for (at = input; at + 8 <= end; at += 8) store<i64>(at + offset, (load<i64>(at) & kept) << bits);
  for (; at < end; at += 2) store<i16>(at + offset, <i32>load<i16>(at) << bits);
}
