/**
 * The fast Fourier transform of 16-bit numbers with the order and the roundings of KISS FFT
 * (host/ops/kiss_fft.ts says what it computes). Complex numbers are pairs of i16, real part first; what does
 * not fit wraps when it is stored.
 *
 * Two parts in one i64 were no faster on a chip of 32 bits, where wasm3 takes 9 instructions for an operation
 * of 32 bits and 13 to 23 for one of 64.
 */

/** x / 4 and x / 2, rounded: x times 32767 / 4 or 32767 / 2 with 15 fraction bits. */
// @ts-ignore: decorator
@inline
function quarter(x: i32): i32 {
  return (x * 8191 + (1 << 14)) >> 15;
}

// @ts-ignore: decorator
@inline
export function half(x: i32): i32 {
  return (x * 16383 + (1 << 14)) >> 15;
}

// @ts-ignore: decorator
@inline
export function wrap16(x: i32): i32 {
  return (x << 16) >> 16;
}

/** A product with 15 fraction bits, rounded. */
// @ts-ignore: decorator
@inline
export function rounded15(x: i32): i32 {
  return (x + (1 << 14)) >> 15;
}

/** Sums and differences of four numbers; `back` and `forth` are where those with a quarter turn go. */
// @ts-ignore: decorator
@inline
function join(
  at: usize,
  opposite: usize,
  back: usize,
  forth: usize,
  aRe: i32,
  aIm: i32,
  bRe: i32,
  bIm: i32,
  cRe: i32,
  cIm: i32,
  dRe: i32,
  dIm: i32,
): void {
  const evenRe: i32 = aRe + cRe;
  const evenIm: i32 = aIm + cIm;
  const sumRe: i32 = bRe + dRe;
  const sumIm: i32 = bIm + dIm;
  store<i16>(at, evenRe + sumRe);
  store<i16>(at, evenIm + sumIm, 2);
  store<i16>(opposite, evenRe - sumRe);
  store<i16>(opposite, evenIm - sumIm, 2);
  const oddRe: i32 = aRe - cRe;
  const oddIm: i32 = aIm - cIm;
  const differenceRe: i32 = bRe - dRe;
  const differenceIm: i32 = bIm - dIm;
  store<i16>(back, oddRe + differenceIm);
  store<i16>(back, oddIm - differenceRe, 2);
  store<i16>(forth, oddRe - differenceIm);
  store<i16>(forth, oddIm + differenceRe, 2);
}

/** The next place in the order of reversed digits of base 4, of which the lowest counts `weight`. */
// @ts-ignore: decorator
@inline
function nextReversed(place: i32, weight: i32): i32 {
  while ((place & (3 * weight)) == 3 * weight) {
    place -= 3 * weight;
    weight >>= 2;
  }
  return place + weight;
}

/**
 * The first stage: its turns are by nothing, which leaves numbers of this size as they are. It takes the
 * samples in the order that the later stages need.
 */
function firstStage(samples: usize, values: usize, n: i32, inverse: i32): void {
  const radix: i32 = (ctz(n) & 1) != 0 ? 2 : 4;
  const apart: usize = <usize>(n / radix) << 2;
  const weight: i32 = n / (4 * radix);
  const back: usize = inverse != 0 ? 12 : 4;
  const end: usize = values + (<usize>n << 2);
  for (let place: i32 = 0; ; place = nextReversed(place, weight)) {
    const first: usize = samples + (<usize>place << 2);
    const second: usize = first + apart;
    if (radix == 2) {
      const aRe: i32 = half(load<i16>(first));
      const aIm: i32 = half(load<i16>(first, 2));
      const bRe: i32 = half(load<i16>(second));
      const bIm: i32 = half(load<i16>(second, 2));
      store<i16>(values, aRe + bRe);
      store<i16>(values, aIm + bIm, 2);
      store<i16>(values, aRe - bRe, 4);
      store<i16>(values, aIm - bIm, 6);
      values += 8;
    } else {
      const third: usize = second + apart;
      const fourth: usize = third + apart;
      join(
        values,
        values + 8,
        values + back,
        values + 16 - back,
        quarter(load<i16>(first)),
        quarter(load<i16>(first, 2)),
        quarter(load<i16>(second)),
        quarter(load<i16>(second, 2)),
        quarter(load<i16>(third)),
        quarter(load<i16>(third, 2)),
        quarter(load<i16>(fourth)),
        quarter(load<i16>(fourth, 2)),
      );
      values += 16;
    }
    if (values == end) return;
  }
}

/** One stage: fours of values that lie `step` bytes apart. */
function stage(values: usize, end: usize, step: usize, twiddles: usize, stride: usize, inverse: i32): void {
  const toBack: usize = inverse != 0 ? step * 3 : step;
  const toForth: usize = (step << 2) - toBack;
  let factor: usize = 0;
  for (let first: usize = values; first < values + step; first += 4, factor += stride) {
    const c1: i32 = load<i16>(twiddles + factor);
    const s1: i32 = load<i16>(twiddles + factor, 2);
    const c2: i32 = load<i16>(twiddles + (factor << 1));
    const s2: i32 = load<i16>(twiddles + (factor << 1), 2);
    const c3: i32 = load<i16>(twiddles + factor * 3);
    const s3: i32 = load<i16>(twiddles + factor * 3, 2);
    for (let at: usize = first; at < end; at += step << 2) {
      const second: usize = at + step;
      const third: usize = second + step;
      const fourth: usize = third + step;
      const bRe: i32 = quarter(load<i16>(second));
      const bIm: i32 = quarter(load<i16>(second, 2));
      const cRe: i32 = quarter(load<i16>(third));
      const cIm: i32 = quarter(load<i16>(third, 2));
      const dRe: i32 = quarter(load<i16>(fourth));
      const dIm: i32 = quarter(load<i16>(fourth, 2));
      join(
        at,
        third,
        at + toBack,
        at + toForth,
        quarter(load<i16>(at)),
        quarter(load<i16>(at, 2)),
        rounded15(bRe * c1 - bIm * s1),
        rounded15(bRe * s1 + bIm * c1),
        rounded15(cRe * c2 - cIm * s2),
        rounded15(cRe * s2 + cIm * c2),
        rounded15(dRe * c3 - dIm * s3),
        rounded15(dRe * s3 + dIm * c3),
      );
    }
  }
}

/**
 * Transforms n complex numbers, a power of two from 4 on.
 *
 *   samples   [n, 2] i16
 *   values    [n, 2] i16: the result; must not overlap the samples
 *   twiddles  [n, 2] i16
 *   inverse   1 for the inverse, whose twiddles are others too; else 0
 */
export function transform(samples: usize, values: usize, twiddles: usize, n: i32, inverse: i32): void {
  firstStage(samples, values, n, inverse);
  for (let m: i32 = (ctz(n) & 1) != 0 ? 2 : 4; m < n; m <<= 2)
    stage(values, values + (<usize>n << 2), <usize>m << 2, twiddles, <usize>n / <usize>m, inverse);
}
