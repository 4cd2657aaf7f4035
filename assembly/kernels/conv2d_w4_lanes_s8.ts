import { rescaleAddend, rescaleFactor, rescaleShift, rescaleTie, storeRescaled } from "../fixed";
import { Conv2dS8Arguments } from "./conv2d_s8";
import { gather } from "./gather";

export const VERSION: i32 = 1;

/** Terms that are accumulated at a time, with their weights in locals. A lane of 16 bits would hold 32. */
const CHUNK: i32 = 16;
/** Output channels to a word of codes, and to the lanes of one accumulator. */
const BLOCK: i32 = 16;
const LANES: i32 = 4;
/** One in each lane. */
const ONES: i64 = 0x0001000100010001;
/** The bits of a code, and by how much it is more than the weight. */
const CODE: i64 = 15;
const CODE_ZERO: i64 = 8;
/** Codes of weights that are zero. */
const FILL: u8 = 0x88;
/** Lanes start from it: sixteen products are between -16 * 127 * 8 and 16 * 128 * 8. */
const LANE_ZERO: i32 = 0x4000;
const EVEN: i64 = 0x0000ffff0000ffff;

/** The weights of four channels as lanes: `bits` is 4 for each four channels before them in the block. */
// @ts-ignore: decorator
@inline
function lanesOf(words: usize, bits: i64, codes: i64, zeros: i64): i64 {
  return ((load<i64>(words) >> bits) & codes) - zeros;
}

/** The four lanes of `sum` to totals of 32 bits. */
// @ts-ignore: decorator
@inline
function emptyLanes(sum: i64, totals: usize): void {
  store<i64>(totals, load<i64>(totals) + (sum & EVEN));
  store<i64>(totals, load<i64>(totals, 8) + ((sum >>> 16) & EVEN), 8);
}

/**
 * Adds CHUNK products of four channels to totals of `count` pixels, [count, 4] i32, and LANE_ZERO to each.
 * `row` is the first pixel's first input, `stride` bytes before the next one's. Weights stay in locals
 * over all pixels: asc has no arrays that become locals, hence the long form.
 */
function accumulateChunk(
  row: usize,
  stride: usize,
  words: usize,
  bits: i64,
  ones: i64,
  totals: usize,
  count: i32,
): void {
  const codes: i64 = ones * CODE;
  const zeros: i64 = ones * CODE_ZERO;
  const lanes: i64 = ones * LANE_ZERO;
  const w0: i64 = lanesOf(words, bits, codes, zeros);
  const w1: i64 = lanesOf(words + 8, bits, codes, zeros);
  const w2: i64 = lanesOf(words + 16, bits, codes, zeros);
  const w3: i64 = lanesOf(words + 24, bits, codes, zeros);
  const w4: i64 = lanesOf(words + 32, bits, codes, zeros);
  const w5: i64 = lanesOf(words + 40, bits, codes, zeros);
  const w6: i64 = lanesOf(words + 48, bits, codes, zeros);
  const w7: i64 = lanesOf(words + 56, bits, codes, zeros);
  const w8: i64 = lanesOf(words + 64, bits, codes, zeros);
  const w9: i64 = lanesOf(words + 72, bits, codes, zeros);
  const w10: i64 = lanesOf(words + 80, bits, codes, zeros);
  const w11: i64 = lanesOf(words + 88, bits, codes, zeros);
  const w12: i64 = lanesOf(words + 96, bits, codes, zeros);
  const w13: i64 = lanesOf(words + 104, bits, codes, zeros);
  const w14: i64 = lanesOf(words + 112, bits, codes, zeros);
  const w15: i64 = lanesOf(words + 120, bits, codes, zeros);
  const end: usize = totals + (<usize>count << 4);
  do {
    let sum: i64 = lanes + <i64>load<i8>(row) * w0;
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
    emptyLanes(sum, totals);
    row += stride;
    totals += 16;
  } while (totals < end);
}

/**
 * The sums of four channels for `count` pixels at totals, [count, 4] i32, with LANE_ZERO for every chunk:
 * `rows` are the pixels' inputs, [count, terms] i8 `stride` bytes apart. Up to fifteen bytes behind a row are
 * read, and count for nothing.
 */
function laneSums(
  rows: usize,
  stride: usize,
  count: i32,
  terms: i32,
  words: usize,
  bits: i64,
  ones: i64,
  filled: usize,
  totals: usize,
): void {
  memory.fill(totals, 0, <usize>count << 4);
  for (let left: i32 = terms; left > 0; left -= CHUNK) {
    if (left < CHUNK) {
      // Weights of zero behind the last ones.
      memory.fill(filled, FILL, CHUNK << 3);
      memory.copy(filled, words, <usize>left << 3);
      words = filled;
    }
    accumulateChunk(rows, stride, words, bits, ones, totals, count);
    rows += CHUNK;
    words += CHUNK << 3;
  }
}

/**
 * The contract of conv2d_w4_s8, computed four output channels at a time for all pixels of a tile: larger and
 * faster. What storeRescaled (fixed.ts) says of shifts, sums and the zero point must hold.
 *
 * The weights of four channels are lanes of 16 bits in one i64, unpacked once for a tile: a product with one
 * input adds to four sums at once.
 *
 *   scratch     at a multiple of 8: CHUNK i64 of weights and `tile` times four i32 of sums; then, unless the
 *               window is one pixel with stride 1, output is not the input, and the input channels are a
 *               multiple of sixteen, the inputs of `tile` pixels and fifteen bytes
 */
export function conv2d_w4_lanes_s8(block: Conv2dS8Arguments): void {
  const input: usize = block.input;
  const output: usize = block.output;
  const weights: usize = block.weights;
  const bias: usize = block.bias;
  const multiplier: usize = block.multiplier;
  const shift: usize = block.shift;
  const filled: usize = block.scratch;
  const tile: i32 = block.tile;
  const inputHeight: i32 = block.inputHeight;
  const inputWidth: i32 = block.inputWidth;
  const inputChannels: i32 = block.inputChannels;
  const outputHeight: i32 = block.outputHeight;
  const outputWidth: i32 = block.outputWidth;
  const outputChannels: i32 = block.outputChannels;
  const kernelHeight: i32 = block.kernelHeight;
  const kernelWidth: i32 = block.kernelWidth;
  const strideHeight: i32 = block.strideHeight;
  const strideWidth: i32 = block.strideWidth;
  const padTop: i32 = block.padTop;
  const padLeft: i32 = block.padLeft;
  const outputZeroPoint: i32 = block.outputZeroPoint;
  const activationMin: i32 = block.activationMin;
  const activationMax: i32 = block.activationMax;
  const negatives: bool = outputZeroPoint > activationMin;
  const terms: i32 = kernelHeight * kernelWidth * inputChannels;
  const imagePixels: i32 = outputHeight * outputWidth;
  const pixels: i32 = block.batches * imagePixels;
  const pointwise: bool =
    (kernelHeight | kernelWidth | strideHeight | strideWidth) == 1 &&
    (padTop | padLeft) == 0 &&
    imagePixels == inputHeight * inputWidth;
  const direct: bool = pointwise && input != output && (terms & (CHUNK - 1)) == 0;
  const totals: usize = filled + (CHUNK << 3);
  const gathered: usize = totals + (<usize>tile << 4);
  const zeros: i32 = ((terms + CHUNK - 1) / CHUNK) * LANE_ZERO;
  const stride: usize = direct ? inputChannels : terms;
  // From memory: asc would write a constant wherever it is used, in ten bytes each.
  store<i64>(filled, ONES);
  const ones: i64 = load<i64>(filled);
  for (let first: i32 = 0; first < pixels; first += tile) {
    const count: i32 = min(tile, pixels - first);
    let rows: usize = input + <usize>(first * inputChannels);
    if (!direct) {
      rows = gathered;
      for (let i: i32 = 0; i < count; i++) {
        const pixel: i32 = (first + i) % imagePixels;
        const image: i32 = (first + i) / imagePixels;
        gather(
          rows + <usize>(i * terms),
          input + <usize>(image * inputHeight * inputWidth * inputChannels),
          (pixel / outputWidth) * strideHeight - padTop,
          (pixel % outputWidth) * strideWidth - padLeft,
          inputChannels,
          inputHeight,
          inputWidth,
          inputChannels,
          kernelHeight,
          kernelWidth,
          block.dilationHeight,
          block.dilationWidth,
          block.inputZeroPoint,
        );
      }
    }
    for (let channel: i32 = 0; channel < outputChannels; ) {
      const words: usize = weights + <usize>((channel / BLOCK) * terms) * 8;
      laneSums(rows, stride, count, terms, words, channel & (BLOCK - LANES), ones, filled, totals);
      let total: usize = totals;
      for (const end: i32 = min(channel + LANES, outputChannels); channel < end; channel++) {
        const power: i32 = load<i8>(shift + channel);
        const limit: i32 = zeros - load<i32>(bias + (channel << 2));
        const factor: i64 = rescaleFactor(load<i32>(multiplier + (channel << 2)), power);
        const addend: i64 = rescaleAddend(limit, factor, power, outputZeroPoint);
        const negative: i64 = addend - rescaleTie(power);
        const right: i64 = rescaleShift(power);
        let target: usize = output + <usize>(first * outputChannels + channel);
        let from: usize = total;
        for (const stop: usize = from + (<usize>count << 4); from < stop; from += 16) {
          storeRescaled(
            target,
            load<i32>(from),
            limit,
            factor,
            addend,
            negative,
            right,
            negatives,
            activationMin,
            activationMax,
          );
          target += outputChannels;
        }
        total += 4;
      }
    }
  }
}
