import { half, rounded15, transform, wrap16 } from "./fourier";

export const VERSION: i32 = 1;

/** The argument block of rfft_s16. */
@unmanaged
export class RfftS16Arguments {
  input: usize;
  output: usize;
  twiddles: usize;
  realTwiddles: usize;
  scratch: usize;
  inputLength: i32;
  fftLength: i32;
}

/**
 * Frequencies of real numbers of 16 bits.
 *
 *   input         [inputLength] i16, behind which zeros count, up to fftLength
 *   output        [fftLength + 2] i16: fftLength/2 + 1 complex numbers; must not overlap the input
 *   twiddles      [fftLength/2, 2] i16
 *   realTwiddles  [fftLength/4, 2] i16
 *   scratch       2 * fftLength bytes
 *   fftLength     a power of two from 8 on
 *
 * Two samples are taken for one complex number, and their frequencies told apart at the end.
 * Semantics: TensorFlow Lite Micro, RfftInt16Apply, which is KISS FFT in 16 bits.
 */
export function rfft_s16(block: RfftS16Arguments): void {
  const output: usize = block.output;
  const scratch: usize = block.scratch;
  const bytes: usize = <usize>block.fftLength << 1;
  const inputBytes: usize = <usize>block.inputLength << 1;
  memory.copy(scratch, block.input, inputBytes);
  memory.fill(scratch + inputBytes, 0, bytes - inputBytes);
  transform(scratch, output, block.twiddles, block.fftLength >> 1, 0);

  let high: usize = output + bytes;
  const re: i32 = half(load<i16>(output));
  const im: i32 = half(load<i16>(output, 2));
  store<i32>(output, (re + im) & 0xffff);
  store<i32>(high, (re - im) & 0xffff);
  let twiddles: usize = block.realTwiddles;
  for (let low: usize = output + 4; low < high; low += 4, twiddles += 4) {
    high -= 4;
    const a: i32 = half(load<i16>(low));
    const b: i32 = half(load<i16>(low, 2));
    const c: i32 = half(load<i16>(high));
    const d: i32 = half(wrap16(-(<i32>load<i16>(high, 2))));
    const x: i32 = a - c;
    const y: i32 = b - d;
    const cosine: i32 = load<i16>(twiddles);
    const sine: i32 = load<i16>(twiddles, 2);
    const s: i32 = wrap16(rounded15(x * cosine - y * sine));
    const t: i32 = wrap16(rounded15(x * sine + y * cosine));
    const sumRe: i32 = a + c;
    const sumIm: i32 = b + d;
    store<i16>(low, (sumRe + s) >> 1);
    store<i16>(low, (sumIm + t) >> 1, 2);
    store<i16>(high, (sumRe - s) >> 1);
    store<i16>(high, (t - sumIm) >> 1, 2);
  }
}
