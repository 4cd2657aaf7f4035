import { half, rounded15, transform, wrap16 } from "./fourier";

export const VERSION: i32 = 1;

/** The argument block of irfft_s16. */
@unmanaged
export class IrfftS16Arguments {
  input: usize;
  output: usize;
  twiddles: usize;
  realTwiddles: usize;
  scratch: usize;
  fftLength: i32;
}

/**
 * Real numbers of 16 bits of their frequencies: the inverse of rfft_s16.
 *
 *   input         [fftLength + 2] i16: fftLength/2 + 1 complex numbers
 *   output        [fftLength] i16; must not overlap the input
 *   twiddles      [fftLength/2, 2] i16
 *   realTwiddles  [fftLength/4, 2] i16
 *   scratch       2 * fftLength bytes
 *   fftLength     a power of two from 8 on
 *
 * Semantics: TensorFlow Lite Micro, IrfftInt16Apply, which is KISS FFT in 16 bits.
 */
export function irfft_s16(block: IrfftS16Arguments): void {
  const input: usize = block.input;
  const scratch: usize = block.scratch;
  const bytes: usize = <usize>block.fftLength << 1;
  const first: i32 = load<i16>(input);
  const last: i32 = load<i16>(input + bytes);
  store<i16>(scratch, half(wrap16(first + last)));
  store<i16>(scratch, half(wrap16(first - last)), 2);
  let twiddles: usize = block.realTwiddles;
  let q: usize = bytes - 4;
  for (let p: usize = 4; p <= q; p += 4, q -= 4, twiddles += 4) {
    const a: i32 = half(load<i16>(input + p));
    const b: i32 = half(load<i16>(input + p, 2));
    const c: i32 = half(load<i16>(input + q));
    const d: i32 = half(wrap16(-(<i32>load<i16>(input + q, 2))));
    const x: i32 = a - c;
    const y: i32 = b - d;
    const cosine: i32 = load<i16>(twiddles);
    const sine: i32 = load<i16>(twiddles, 2);
    const s: i32 = rounded15(x * cosine - y * sine);
    const t: i32 = rounded15(x * sine + y * cosine);
    store<i16>(scratch + p, a + c + s);
    store<i16>(scratch + p, b + d + t, 2);
    store<i16>(scratch + q, a + c - s);
    store<i16>(scratch + q, t - b - d, 2);
  }
  transform(scratch, block.output, block.twiddles, block.fftLength >> 1, 1);
}
