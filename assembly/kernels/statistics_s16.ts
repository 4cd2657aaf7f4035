import { floorRoot64 } from "./roots";

export const VERSION: i32 = 1;

/** The argument block of statistics_s16. */
@unmanaged
export class StatisticsS16Arguments {
  input: usize;
  output: usize;
  length: i32;
  channels: i32;
  multiplier: i32;
  shapeMultiplier: i32;
  /** A bit for each number that is asked for, in the order below. */
  features: u8;
  shift: u8;
  shapeShift: u8;
  /** Whether the mean is subtracted first. */
  centered: u8;
}

/** sqrt(squares) / length in 1/256. */
function rootOf(squares: u64, length: u64): i32 {
  if (squares == 0) return 0;
  const bits: u64 = clz(squares) & ~1;
  const by: u64 = length << (bits >> 1);
  return <i32>(((floorRoot64(squares << bits) << 8) + (by >> 1)) / by);
}

/** cubes / length / (squares / length)^1.5 in 1/65536; samples of 12 bits. */
function skewness(squares: u64, cubes: i64, length: u64): i32 {
  const share: u64 = (<u64>abs(cubes) << 13) / squares;
  const root: u64 = floorRoot64((squares << 26) / length);
  const size: i32 = <i32>(((share << 16) + (root >> 1)) / root);
  return cubes < 0 ? -size : size;
}

/** fourths / length / (squares / length)^2 - 3 in 1/65536; samples of 12 bits. */
function kurtosis(squares: u64, fourths: u64, length: u64): i32 {
  const bits: u64 = clz(fourths);
  const share: u64 = (fourths << bits) / squares;
  const found: u64 = (share << 20) / ((squares << 8) / length);
  return <i32>(bits < 4 ? found << (4 - bits) : found >> (bits - 4)) - (3 << 16);
}

/** Stores value * multiplier / 2^shift, halves rounded up, within 16 bits. */
function put(output: usize, value: i32, multiplier: i32, shift: i64): usize {
  const found: i64 = (<i64>value * multiplier + (<i64>1 << (shift - 1))) >> shift;
  store<i16>(output, max<i64>(min<i64>(found, 32767), -32767));
  return output + 2;
}

/** Stores the shapes of one channel, whose greatest distance from the mean is `most` / length. */
function putShapes(
  block: StatisticsS16Arguments,
  input: usize,
  sum: i32,
  most: i32,
  output: usize,
): usize {
  const length: i32 = block.length;
  const stride: usize = <usize>block.channels << 1;
  const end: usize = input + <usize>length * stride;
  const center: i32 = block.centered ? sum : 0;
  // Distances from the mean with 12 bits, so that fourth powers fit.
  const up: i32 = max(clz(most) - 20, 0);
  const down: i32 = max(20 - clz(most), 0);
  const half: i32 = (1 << down) >> 1;
  let crossings: i32 = 0;
  let wasBelow: i32 = (<i32>load<i16>(input) * length - center) >>> 31;
  let squares: i64 = 0;
  let cubes: i64 = 0;
  let fourths: i64 = 0;
  for (let at: usize = input; at < end; at += stride) {
    const scaled: i32 = <i32>load<i16>(at) * length;
    const isBelow: i32 = (scaled - center) >>> 31;
    crossings += isBelow ^ wasBelow;
    wasBelow = isBelow;
    const d: i32 = (((scaled - sum) << up) + half) >> down;
    const square: i64 = d * d;
    squares += square;
    cubes += square * d;
    fourths += square * square;
  }
  const features: i32 = block.features;
  const multiplier: i32 = block.shapeMultiplier;
  const shift: i64 = block.shapeShift;
  if (features & 32) {
    const found: i32 = most == 0 ? 0 : skewness(squares, cubes, length);
    output = put(output, found, multiplier, shift);
  }
  if (features & 64) {
    const found: i32 = most == 0 ? -3 << 16 : kurtosis(squares, fourths, length);
    output = put(output, found, multiplier, shift);
  }
  if (features & 128) {
    const pairs: i32 = max(length - 1, 1);
    output = put(output, ((crossings << 16) + (pairs >> 1)) / pairs, multiplier, shift);
  }
  return output;
}

/**
 * Numbers that tell about the samples of each channel.
 *
 *   input     [length, channels] i16; length 1 to 8192
 *   output    [channels, count] i16; must not overlap the input
 *   features  1 mean, 2 least, 4 greatest, 8 root of the mean square, 16 deviation: in 1/256 times
 *             `multiplier` by 2^shift; 32 skewness, 64 excess kurtosis, 128 share of neighbours of
 *             unlike sign: in 1/65536 times `shapeMultiplier` by 2^shapeShift
 *
 * Skewness of equal samples is 0, and kurtosis -3. host/ops/statistics.ts has every rounding.
 */
export function statistics_s16(block: StatisticsS16Arguments): void {
  const length: i32 = block.length;
  const stride: usize = <usize>block.channels << 1;
  const features: i32 = block.features;
  const multiplier: i32 = block.multiplier;
  const shift: i64 = block.shift;
  let output: usize = block.output;
  let input: usize = block.input;
  for (const last: usize = input + stride; input < last; input += 2) {
    const end: usize = input + <usize>length * stride;
    let sum: i32 = 0;
    let squares: i64 = 0;
    let least: i32 = 32767;
    let greatest: i32 = -32768;
    for (let at: usize = input; at < end; at += stride) {
      const x: i32 = load<i16>(at);
      sum += x;
      squares += x * x;
      if (x < least) least = x;
      if (x > greatest) greatest = x;
    }
    // A multiple of the length keeps what it divides from being negative.
    const above: i64 = (<i64>sum << 8) + (<i64>length << 23);
    const mean: i32 = <i32>((above + (length >> 1)) / length) - (1 << 23);
    const spread: u64 = squares * length - <i64>sum * sum;
    const middle: i32 = block.centered ? mean : 0;
    if (features & 1) output = put(output, mean, multiplier, shift);
    if (features & 2) output = put(output, (least << 8) - middle, multiplier, shift);
    if (features & 4) output = put(output, (greatest << 8) - middle, multiplier, shift);
    if (features & 8) {
      const about: u64 = block.centered ? spread : squares * length;
      output = put(output, rootOf(about, length), multiplier, shift);
    }
    if (features & 16) output = put(output, rootOf(spread, length), multiplier, shift);
    if (features < 32) continue;
    const most: i32 = max(length * greatest - sum, sum - length * least);
    output = putShapes(block, input, sum, most, output);
  }
}
