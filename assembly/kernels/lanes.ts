/**
 * Three output channels in one 64-bit multiplication.
 *
 * An interpreter pays for every operation that it dispatches and hardly for what the operation does. So the
 * weights of three channels are put in one i64, at bits 0, 21 and 42: weight0 + weight1 * 2^21 + weight2 *
 * 2^42, and a product with one input adds to three sums at once.
 *
 * Why the sums stay apart: the host (host/ops/lanes.ts) calls these kernels only where the sizes of the
 * weights of a channel, times 2^7 for the largest input, are together less than 2^20; or, where they are not,
 * those of any SAFE_TERMS terms, after which the lanes are emptied into 32-bit totals. Every lane starts at
 * 2^20, and is therefore never negative nor as large as 2^21: nothing is borrowed from, or carried to, the
 * lane above.
 */
import { rescaleAddend, rescaleFactor, rescaleShift, rescaleTie, storeRescaled } from "../fixed";

/** Terms that are accumulated at a time, with their weights in locals. */
export const CHUNK: i32 = 32;
/** The same where fewer than that are left. */
const SMALL_CHUNK: i32 = 8;
/** Terms after which lanes that can't hold all of them are emptied; a multiple of CHUNK. */
export const SAFE_TERMS: i32 = 64;
/** Bits of a lane. */
export const LANE: i32 = 21;
/**
 * L is i64 where lanes are emptied on the way, and i32 where they hold all terms: asc compiles what depends
 * on it once for each, so that a module only has what it needs.
 */
// @ts-ignore: decorator
@inline
function isLong<L>(): bool {
  return sizeof<L>() == sizeof<i64>();
}

/** What lanes start from. */
export const LANE_ZERO: i32 = 1 << 20;
export const LANE_ZEROS: i64 = (1 << 20) | (1 << 41) | (1 << 62);
export const LANE_MASK: i32 = (1 << 21) - 1;

/**
 * `terms` weights of three channels, each with its own first weight and step, as i64 at `packed`; further
 * ones to the next multiple of SMALL_CHUNK are zero. The lanes are multiples: a shift takes three times
 * as long.
 */
function pack(
  packed: usize,
  terms: i32,
  first0: usize,
  step0: usize,
  first1: usize,
  step1: usize,
  first2: usize,
  step2: usize,
  lane1: i64,
  lane2: i64,
): void {
  memory.fill(packed, 0, ((terms + 7) & ~7) << 3);
  const end: usize = packed + (<usize>terms << 3);
  do {
    store<i64>(packed, <i64>load<i8>(first0) + <i64>load<i8>(first1) * lane1 + <i64>load<i8>(first2) * lane2);
    first0 += step0;
    first1 += step1;
    first2 += step2;
    packed += 8;
  } while (packed < end);
}

/**
 * Adds CHUNK products to the lanes of `count` pixels, or starts the lanes if they are `fresh`. `row` is
 * the first pixel's first input, `stride` bytes before the next one's. The weights stay in locals over
 * all pixels: asc has no arrays that become locals, hence the long form.
 */
function accumulateChunk(
  row: usize,
  stride: usize,
  packed: usize,
  fresh: bool,
  sums: usize,
  count: i32,
): void {
  const w0: i64 = load<i64>(packed);
  const w1: i64 = load<i64>(packed, 8);
  const w2: i64 = load<i64>(packed, 16);
  const w3: i64 = load<i64>(packed, 24);
  const w4: i64 = load<i64>(packed, 32);
  const w5: i64 = load<i64>(packed, 40);
  const w6: i64 = load<i64>(packed, 48);
  const w7: i64 = load<i64>(packed, 56);
  const w8: i64 = load<i64>(packed, 64);
  const w9: i64 = load<i64>(packed, 72);
  const w10: i64 = load<i64>(packed, 80);
  const w11: i64 = load<i64>(packed, 88);
  const w12: i64 = load<i64>(packed, 96);
  const w13: i64 = load<i64>(packed, 104);
  const w14: i64 = load<i64>(packed, 112);
  const w15: i64 = load<i64>(packed, 120);
  const w16: i64 = load<i64>(packed, 128);
  const w17: i64 = load<i64>(packed, 136);
  const w18: i64 = load<i64>(packed, 144);
  const w19: i64 = load<i64>(packed, 152);
  const w20: i64 = load<i64>(packed, 160);
  const w21: i64 = load<i64>(packed, 168);
  const w22: i64 = load<i64>(packed, 176);
  const w23: i64 = load<i64>(packed, 184);
  const w24: i64 = load<i64>(packed, 192);
  const w25: i64 = load<i64>(packed, 200);
  const w26: i64 = load<i64>(packed, 208);
  const w27: i64 = load<i64>(packed, 216);
  const w28: i64 = load<i64>(packed, 224);
  const w29: i64 = load<i64>(packed, 232);
  const w30: i64 = load<i64>(packed, 240);
  const w31: i64 = load<i64>(packed, 248);
  const end: usize = sums + (<usize>count << 3);
  do {
    let sum: i64 = LANE_ZEROS;
    if (!fresh) sum = load<i64>(sums);
    sum += <i64>load<i8>(row) * w0;
    sum += <i64>load<i8>(row, 1) * w1;
    sum += <i64>load<i8>(row, 2) * w2;
    sum += <i64>load<i8>(row, 3) * w3;
    sum += <i64>load<i8>(row, 4) * w4;
    sum += <i64>load<i8>(row, 5) * w5;
    sum += <i64>load<i8>(row, 6) * w6;
    sum += <i64>load<i8>(row, 7) * w7;
    sum += <i64>load<i8>(row, 8) * w8;
    sum += <i64>load<i8>(row, 9) * w9;
    sum += <i64>load<i8>(row, 10) * w10;
    sum += <i64>load<i8>(row, 11) * w11;
    sum += <i64>load<i8>(row, 12) * w12;
    sum += <i64>load<i8>(row, 13) * w13;
    sum += <i64>load<i8>(row, 14) * w14;
    sum += <i64>load<i8>(row, 15) * w15;
    sum += <i64>load<i8>(row, 16) * w16;
    sum += <i64>load<i8>(row, 17) * w17;
    sum += <i64>load<i8>(row, 18) * w18;
    sum += <i64>load<i8>(row, 19) * w19;
    sum += <i64>load<i8>(row, 20) * w20;
    sum += <i64>load<i8>(row, 21) * w21;
    sum += <i64>load<i8>(row, 22) * w22;
    sum += <i64>load<i8>(row, 23) * w23;
    sum += <i64>load<i8>(row, 24) * w24;
    sum += <i64>load<i8>(row, 25) * w25;
    sum += <i64>load<i8>(row, 26) * w26;
    sum += <i64>load<i8>(row, 27) * w27;
    sum += <i64>load<i8>(row, 28) * w28;
    sum += <i64>load<i8>(row, 29) * w29;
    sum += <i64>load<i8>(row, 30) * w30;
    sum += <i64>load<i8>(row, 31) * w31;
    store<i64>(sums, sum);
    row += stride;
    sums += 8;
  } while (sums < end);
}

/** The same for SMALL_CHUNK products. */
function accumulateSmallChunk(
  row: usize,
  stride: usize,
  packed: usize,
  fresh: bool,
  sums: usize,
  count: i32,
): void {
  const w0: i64 = load<i64>(packed);
  const w1: i64 = load<i64>(packed, 8);
  const w2: i64 = load<i64>(packed, 16);
  const w3: i64 = load<i64>(packed, 24);
  const w4: i64 = load<i64>(packed, 32);
  const w5: i64 = load<i64>(packed, 40);
  const w6: i64 = load<i64>(packed, 48);
  const w7: i64 = load<i64>(packed, 56);
  const end: usize = sums + (<usize>count << 3);
  do {
    let sum: i64 = LANE_ZEROS;
    if (!fresh) sum = load<i64>(sums);
    sum += <i64>load<i8>(row) * w0;
    sum += <i64>load<i8>(row, 1) * w1;
    sum += <i64>load<i8>(row, 2) * w2;
    sum += <i64>load<i8>(row, 3) * w3;
    sum += <i64>load<i8>(row, 4) * w4;
    sum += <i64>load<i8>(row, 5) * w5;
    sum += <i64>load<i8>(row, 6) * w6;
    sum += <i64>load<i8>(row, 7) * w7;
    store<i64>(sums, sum);
    row += stride;
    sums += 8;
  } while (sums < end);
}

/** Adds the lanes of `count` pixels to totals [count, 3] i32. */
// @ts-ignore: decorator
@inline
function addLanes(sums: usize, totals: usize, count: i32): void {
  for (const end: usize = sums + (<usize>count << 3); sums < end; sums += 8) {
    const sum: i64 = load<i64>(sums);
    store<i32>(totals, load<i32>(totals) + (<i32>sum & LANE_MASK) - LANE_ZERO);
    store<i32>(totals, load<i32>(totals, 4) + ((load<i32>(sums, 2) >>> 5) & LANE_MASK) - LANE_ZERO, 4);
    store<i32>(totals, load<i32>(totals, 8) + ((load<i32>(sums, 4) >>> 10) - LANE_ZERO), 8);
    totals += 12;
  }
}

/**
 * The sums of three channels for `count` pixels: `rows` are their inputs, [count, terms] i8 `stride`
 * bytes apart, and `filters` the group's weights in blocks (conv2d_s8). Sums stay in lanes; what no
 * longer fits is in the totals, where L is long.
 *
 *   packed   room for CHUNK i64;  sums  for `count` i64;  totals  for 3 * count i32, where L is long
 */
export function laneSums<L>(
  rows: usize,
  stride: usize,
  count: i32,
  terms: i32,
  filters: usize,
  channel: i32,
  channels: i32,
  packed: usize,
  sums: usize,
  totals: usize,
): void {
  // A lane without a channel repeats the last one's, and nobody reads it.
  const channel1: i32 = min(channel + 1, channels - 1);
  const channel2: i32 = min(channel + 2, channels - 1);
  const step0: i32 = min(channels - (channel & ~3), 4);
  const step1: i32 = min(channels - (channel1 & ~3), 4);
  const step2: i32 = min(channels - (channel2 & ~3), 4);
  const filter0: usize = filters + <usize>((channel & ~3) * terms + (channel & 3));
  const filter1: usize = filters + <usize>((channel1 & ~3) * terms + (channel1 & 3));
  const filter2: usize = filters + <usize>((channel2 & ~3) * terms + (channel2 & 3));
  if (isLong<L>()) memory.fill(totals, 0, 12 * count);
  let term: i32 = 0;
  while (term < terms) {
    const fresh: bool = isLong<L>() ? (term & (SAFE_TERMS - 1)) == 0 : term == 0;
    if (isLong<L>()) {
      if (fresh && term > 0) addLanes(sums, totals, count);
    }
    const some: i32 = min(terms - term, CHUNK);
    pack(
      packed,
      some,
      filter0 + <usize>(term * step0),
      step0,
      filter1 + <usize>(term * step1),
      step1,
      filter2 + <usize>(term * step2),
      step2,
      <i64>1 << LANE,
      <i64>1 << (2 * LANE),
    );
    if (some > CHUNK - SMALL_CHUNK) {
      accumulateChunk(rows + <usize>term, stride, packed, fresh, sums, count);
    } else {
      for (let i: i32 = 0; i < some; i += SMALL_CHUNK) {
        const at: usize = <usize>(term + i);
        accumulateSmallChunk(rows + at, stride, packed + (<usize>i << 3), fresh && i == 0, sums, count);
      }
    }
    term += some;
  }
}

/**
 * The lanes of `count` pixels, and what their totals have, to int8 outputs: up to three channels next to each
 * other, `step` bytes before the next pixel's. Channel after channel: all three in one pass over the
 * pixels would save a loop's work on two of them, and take 1.2 KB more of RAM when it is compiled.
 */
export function requantizeLanes<L>(
  sums: usize,
  totals: usize,
  count: i32,
  lanes: i32,
  output: usize,
  step: usize,
  bias: usize,
  multiplier: usize,
  shift: usize,
  outputZeroPoint: i32,
  activationMin: i32,
  activationMax: i32,
): void {
  const negatives: bool = outputZeroPoint > activationMin;
  const end: usize = output + <usize>count * step;
  for (let lane: i32 = 0; lane < lanes; lane++) {
    const power: i32 = load<i8>(shift + lane);
    const limit: i32 = LANE_ZERO - load<i32>(bias + (lane << 2));
    const factor: i64 = rescaleFactor(load<i32>(multiplier + (lane << 2)), power);
    const addend: i64 = rescaleAddend(limit, factor, power, outputZeroPoint);
    const negative: i64 = addend - rescaleTie(power);
    const right: i64 = rescaleShift(power);
    const unpack: i32 = 5 * lane;
    let sum: usize = sums + 2 * lane;
    let total: usize = totals + 4 * lane;
    let target: usize = output + lane;
    do {
      let x: i32 = (load<i32>(sum) >>> unpack) & LANE_MASK;
      if (isLong<L>()) {
        x += load<i32>(total);
        total += 12;
      }
      storeRescaled(
        target,
        x,
        limit,
        factor,
        addend,
        negative,
        right,
        negatives,
        activationMin,
        activationMax,
      );
      sum += 8;
      target += step;
    } while (target < end);
  }
}
