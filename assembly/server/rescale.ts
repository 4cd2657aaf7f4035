/**
 * requantize() of assembly/fixed.ts for four channels at a time, each with its own factor. With e =
 * max(-shift, 0) and t = (x << max(shift, 0)) * multiplier + 2^30 it is (t + 2^(30+e) - [x < 0] * 2^31) >>
 * (31+e), see there. SIMD shifts all lanes alike, so everything is multiplied by 2^(E-e), with E the
 * greatest e: x by a power of two, which has to fit 32 bits. Nor does it shift signed numbers of 64 bits in
 * one instruction, so 2^61 is added, which makes them positive.
 */
import { allocate } from "./memory";

/** Constants of four channels: bias, multiplier and power [4] i32 each, addend and tie [4] i64 each. */
const POWER: usize = 32;
const ADDEND: usize = 48;
const TIE: usize = 80;
export const RESCALE_BYTES: usize = 112;

/**
 * Channels and what their factors are made of; the sum of a channel is at most `most` in magnitude, with
 * its bias.
 */
@unmanaged
export class Factors {
  bias: usize;
  multiplier: usize;
  shift: usize;
  /** 1, or 0 where all channels have one factor. */
  step: i32;
  channels: i32;
  outputZeroPoint: i32;
  most: i32;
  /** The greatest e, once they are prepared. */
  right: i32;
}

// @ts-ignore: decorator
@inline
function shiftOf(factors: Factors, channel: i32): i32 {
  return load<i8>(factors.shift + <usize>(channel * factors.step));
}

/** One channel of a block of four; false where its sums would not fit. */
function prepareChannel(factors: Factors, channel: i32, block: usize): bool {
  const lane: usize = <usize>(channel & 3);
  const multiplier: i32 = load<i32>(factors.multiplier + (<usize>(channel * factors.step) << 2));
  const shift: i32 = shiftOf(factors, channel);
  const right: i32 = max(-shift, 0);
  const up: i32 = factors.right - right;
  const power: i32 = max(shift, 0) + up;
  if (multiplier < 0 || power > 30 || <i64>factors.most << power >= <i64>1 << 31) return false;
  if ((<i64>factors.most << power) * <i64>multiplier >= <i64>1 << 60) return false;
  const half: i64 = right > 0 ? (<i64>1 << 30) << right : 0;
  const zeroPoint: i64 = <i64>factors.outputZeroPoint << (31 + right);
  store<i32>(block + (lane << 2), load<i32>(factors.bias + (<usize>channel << 2)));
  store<i32>(block + (lane << 2), multiplier, 16);
  store<i32>(block + (lane << 2), 1 << power, POWER);
  store<i64>(block + (lane << 3), ((<i64>1 << 61) + (((<i64>1 << 30) + half + zeroPoint) << up)), ADDEND);
  store<i64>(block + (lane << 3), right > 0 ? (<i64>1 << 31) << up : 0, TIE);
  return true;
}

/** Blocks of RESCALE_BYTES for each four channels; 0 where there is no room or the numbers do not fit. */
export function prepareFactors(factors: Factors): usize {
  const blocks: i32 = (factors.channels + 3) >> 2;
  const place: usize = allocate(<usize>blocks * RESCALE_BYTES);
  if (!place) return 0;
  memory.fill(place, 0, <usize>blocks * RESCALE_BYTES);
  factors.right = 0;
  for (let i: i32 = 0; i < factors.channels; i++) factors.right = max(factors.right, -shiftOf(factors, i));
  // 2^(31 + E) times a zero point of 8 bits is below 2^60.
  if (factors.right > 21 || factors.most < 0) return 0;
  for (let i: i32 = 0; i < factors.channels; i++)
    if (!prepareChannel(factors, i, place + <usize>(i >> 2) * RESCALE_BYTES)) return 0;
  return place;
}

/**
 * Sums of four channels, with their biases, at the output's scale, zero point added. `ties`: whether sums
 * below zero matter, which they do not where the activation cuts off all below the zero point.
 */
// @ts-ignore: decorator
@inline
export function rescale(sums: v128, block: usize, right: i32, ties: i32): v128 {
  const x: v128 = i32x4.mul(sums, v128.load(block, POWER));
  const multiplier: v128 = v128.load(block, 16);
  let low: v128 = i64x2.add(i64x2.extmul_low_i32x4_s(x, multiplier), v128.load(block, ADDEND));
  let high: v128 = i64x2.add(i64x2.extmul_high_i32x4_s(x, multiplier), v128.load(block, ADDEND + 16));
  if (ties) {
    const negative: v128 = i32x4.shr_s(x, 31);
    low = i64x2.sub(low, v128.and(i64x2.extend_low_i32x4_s(negative), v128.load(block, TIE)));
    high = i64x2.sub(high, v128.and(i64x2.extend_high_i32x4_s(negative), v128.load(block, TIE + 16)));
  }
  const shift: i32 = 31 + right;
  const numbers: v128 = v128.shuffle<i32>(i64x2.shr_u(low, shift), i64x2.shr_u(high, shift), 0, 2, 4, 6);
  return i32x4.sub(numbers, i32x4.splat(<i32>(<i64>1 << (61 - shift))));
}

/** Four numbers within bounds, as int8, in the lowest lane of 32 bits. */
// @ts-ignore: decorator
@inline
export function clampToBytes(numbers: v128, least: v128, most: v128): v128 {
  const q: v128 = i32x4.max_s(least, i32x4.min_s(most, numbers));
  return v128.shuffle<i8>(q, q, 0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12);
}

/** Stores `width` of four bytes. */
// @ts-ignore: decorator
@inline
export function storeBytes(place: usize, bytes: v128, width: i32): void {
  if (width >= 4) {
    v128.store32_lane(place, bytes, 0);
    return;
  }
  store<i8>(place, i8x16.extract_lane_s(bytes, 0));
  if (width > 1) store<i8>(place, i8x16.extract_lane_s(bytes, 1), 1);
  if (width > 2) store<i8>(place, i8x16.extract_lane_s(bytes, 2), 2);
}
