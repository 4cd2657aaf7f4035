export const VERSION: i32 = 1;

/** The argument block of center_s16. */
@unmanaged
export class CenterS16Arguments {
  input: usize;
  output: usize;
  bits: usize;
  length: i32;
  /** Bytes from one sample to the next of the channel. */
  stride: i32;
}

/**
 * Samples of one channel less their mean, scaled up by a power of two to all of int16.
 *
 *   input   [length], every `stride` bytes, i16
 *   output  [length] i16: floor((x * length - sum) * 2^bits / length + 1/2); must not overlap the input
 *   bits    [1] i32: the exponent, -2 to 15; 0 where all samples are equal
 *   length  1 to 8192
 */
export function center_s16(block: CenterS16Arguments): void {
  const stride: usize = block.stride;
  const length: i32 = block.length;
  const input: usize = block.input;
  const end: usize = input + <usize>length * stride;
  let sum: i32 = 0;
  let least: i32 = 32767;
  let greatest: i32 = -32768;
  for (let at: usize = input; at < end; at += stride) {
    const x: i32 = load<i16>(at);
    sum += x;
    if (x < least) least = x;
    if (x > greatest) greatest = x;
  }
  // Distances from the mean, `length` times as large, have 30 bits at most.
  const most: i32 = max(length * greatest - sum, sum - length * least);
  let bits: i32 = most == 0 ? 0 : -2;
  while (most != 0 && <i64>most << (bits + 3) <= <i64>length * 131068) bits++;
  store<i32>(block.bits, bits);
  const up: i32 = max(bits, 0);
  const by: i32 = length << max(-bits, 0);
  // A multiple of the divisor keeps what it divides from being negative.
  const addend: i32 = (by << 15) + (by >> 1);
  let output: usize = block.output;
  for (let at: usize = input; at < end; at += stride, output += 2) {
    const scaled: i32 = (<i32>load<i16>(at) * length - sum) << up;
    store<i16>(output, <i32>(<u32>(scaled + addend) / <u32>by) - 32768);
  }
}
