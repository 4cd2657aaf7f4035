/** Products of int8 inputs and weights, widened to 16 bits, two terms and four channels at a time. */
import { allocate } from "./memory";

/** Bytes of two terms of four channels' weights, as int16. */
export const PAIR_BYTES: usize = 16;

/** Pairs of a run of so many terms: the last may be alone. */
// @ts-ignore: decorator
@inline
export function pairsOf(run: i32): i32 {
  return (run + 1) >> 1;
}

/**
 * Weights in blocks of four channels, [runs, run, 4] i8 and narrower at the end (host/ops/layout.ts), to
 * pairs of the terms of a run: [runs, pairs, 4, 2] i16, with zeros where channels or runs end. The place of
 * the blocks, one after the other; 0 where there is no room.
 */
export function prepareWeights(weights: usize, runs: i32, run: i32, channels: i32): usize {
  const runBytes: usize = <usize>pairsOf(run) * PAIR_BYTES;
  const bytes: usize = <usize>((channels + 3) >> 2) * <usize>runs * runBytes;
  const place: usize = allocate(bytes);
  if (!place) return 0;
  memory.fill(place, 0, bytes);
  let target: usize = place;
  for (let first: i32 = 0; first < channels; first += 4) {
    const width: i32 = min(channels - first, 4);
    for (let i: i32 = 0; i < runs; i++, target += runBytes)
      for (let term: i32 = 0; term < run; term++) {
        const pair: usize = target + <usize>(term >> 1) * PAIR_BYTES + (<usize>(term & 1) << 1);
        for (let lane: i32 = 0; lane < width; lane++)
          store<i16>(pair + (<usize>lane << 2), <i16>load<i8>(weights++));
      }
  }
  return place;
}

/**
 * The greatest sum of a channel in magnitude: of its bias, and of all inputs at -128; -1 where 32 bits do
 * not hold it.
 */
export function greatestSum(weights: usize, bias: usize, terms: i32, channels: i32): i32 {
  let greatest: i64 = 0;
  for (let first: i32 = 0; first < channels; first += 4) {
    const width: i32 = min(channels - first, 4);
    for (let lane: i32 = 0; lane < width; lane++) {
      let sum: i64 = abs<i64>(<i64>load<i32>(bias + (<usize>(first + lane) << 2)));
      for (let term: i32 = 0; term < terms; term++)
        sum += <i64>abs<i32>(<i32>load<i8>(weights + <usize>(term * width + lane))) << 7;
      greatest = max<i64>(greatest, sum);
    }
    weights += <usize>(terms * width);
  }
  return greatest < <i64>1 << 31 ? <i32>greatest : -1;
}

/** int8 to int16, eight at a time: up to seven more are read and written. */
// @ts-ignore: decorator
@inline
export function widen(target: usize, source: usize, count: i32): void {
  for (let i: i32 = 0; i < count; i += 8)
    v128.store(target + (<usize>i << 1), v128.load_ext<i8>(source + <usize>i));
}

/** So many values of one number, as int16; up to seven more are written. */
// @ts-ignore: decorator
@inline
export function fillWide(target: usize, value: i32, count: i32): void {
  const eight: v128 = i16x8.splat(<i16>value);
  for (let i: i32 = 0; i < count; i += 8) v128.store(target + (<usize>i << 1), eight);
}

/** An image of int8 and where a window's positions lie in it. */
@unmanaged
export class Image {
  height: i32;
  width: i32;
  channels: i32;
  padTop: i32;
  padLeft: i32;
  zeroPoint: i32;
  planeHeight: i32;
  planeWidth: i32;
}

/** Pixels of `stride` int16 from `place` on, all of the image's zero point. */
// @ts-ignore: decorator
@inline
function fillPixels(place: usize, image: Image, count: i32, stride: i32): void {
  fillWide(place, image.zeroPoint, count * stride);
}

/**
 * The image as int16 with its padding, [planeHeight, planeWidth, stride], to `plane`. Up to seven values
 * more are written behind it. Channels beyond the image's hold anything.
 */
export function fillPlane(plane: usize, input: usize, image: Image, stride: i32): void {
  const rowBytes: usize = <usize>(image.planeWidth * stride) << 1;
  const from: i32 = max(image.padLeft, 0);
  const seen: i32 = max(min(image.planeWidth - from, image.width - (from - image.padLeft)), 0);
  for (let row: i32 = 0; row < image.planeHeight; row++, plane += rowBytes) {
    const y: i32 = row - image.padTop;
    if (<u32>y >= <u32>image.height || seen == 0) {
      fillPixels(plane, image, image.planeWidth, stride);
      continue;
    }
    fillPixels(plane, image, from, stride);
    let source: usize = input + <usize>((y * image.width + from - image.padLeft) * image.channels);
    let place: usize = plane + (<usize>(from * stride) << 1);
    if (stride == image.channels) widen(place, source, seen * stride);
    else
      for (let x: i32 = 0; x < seen; x++, source += image.channels, place += <usize>stride << 1)
        widen(place, source, image.channels);
    fillPixels(plane + (<usize>((from + seen) * stride) << 1), image, image.planeWidth - from - seen, stride);
  }
}
