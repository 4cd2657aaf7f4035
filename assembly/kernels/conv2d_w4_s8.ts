import { clamp, requantize } from "../fixed";
import { Conv2dS8Arguments } from "./conv2d_s8";
import { gather } from "./gather";

export const VERSION: i32 = 1;

/** Output channels to a word of codes. */
const BLOCK: i32 = 16;
/** Terms whose sums surely fit 16 bits: products are at most 15 * 128 in size. */
const CHUNK: i32 = 16;
const CODES: i64 = 0x000f000f000f000f;
const EVEN: i64 = 0x0000ffff0000ffff;
/** The start of a lane, so that none is ever below zero. */
const ZERO: i32 = 0x8000;
const ZEROS: i64 = 0x8000800080008000;
/** A code is the weight and this. */
const CODE_ZERO: i32 = 8;

/** Sixteen sums of x * code at `totals`, [16] i32, each with ZERO for every chunk that was begun. */
function sumCodes(row: usize, terms: i32, weights: usize, totals: usize): void {
  let even0: i64 = 0;
  let odd0: i64 = 0;
  let even1: i64 = 0;
  let odd1: i64 = 0;
  let even2: i64 = 0;
  let odd2: i64 = 0;
  let even3: i64 = 0;
  let odd3: i64 = 0;
  for (const end: usize = row + <usize>terms; row < end; ) {
    let lanes0: i64 = ZEROS;
    let lanes1: i64 = ZEROS;
    let lanes2: i64 = ZEROS;
    let lanes3: i64 = ZEROS;
    for (const stop: usize = min(row + CHUNK, end); row < stop; row++) {
      const x: i64 = <i64>load<i8>(row);
      const codes: i64 = load<i64>(weights);
      lanes0 += x * (codes & CODES);
      lanes1 += x * ((codes >> 4) & CODES);
      lanes2 += x * ((codes >> 8) & CODES);
      lanes3 += x * ((codes >> 12) & CODES);
      weights += 8;
    }
    even0 += lanes0 & EVEN;
    odd0 += (lanes0 >> 16) & EVEN;
    even1 += lanes1 & EVEN;
    odd1 += (lanes1 >> 16) & EVEN;
    even2 += lanes2 & EVEN;
    odd2 += (lanes2 >> 16) & EVEN;
    even3 += lanes3 & EVEN;
    odd3 += (lanes3 >> 16) & EVEN;
  }
  store<i64>(totals, even0);
  store<i64>(totals, odd0, 8);
  store<i64>(totals, even1, 16);
  store<i64>(totals, odd1, 24);
  store<i64>(totals, even2, 32);
  store<i64>(totals, odd2, 40);
  store<i64>(totals, even3, 48);
  store<i64>(totals, odd3, 56);
}

/**
 * 2-D convolution, and a dense layer as one of a single pixel, without groups: int8 in and out, weights of
 * 4 bits. The contract of conv2d_s8 but for
 *
 *   weights     in -8 to 7, as codes w + 8 of 4 bits: blocks of sixteen output channels, the last one filled
 *               up with zero weights; of each [kernelHeight * kernelWidth * inputChannels] words of 64 bits.
 *               Bits 16 l + 4 k and the three above are the code of the block's channel
 *               4 k + [0, 2, 1, 3][l]
 *   terms       kernelHeight * kernelWidth * inputChannels, at most 2^16
 *   scratch     at a multiple of 8: 64 bytes, and the inputs of up to `tile` pixels
 *
 * One multiplication makes four products of 16 bits, which are added up in place: unpacking costs less than
 * it saves.
 */
export function conv2d_w4_s8(block: Conv2dS8Arguments): void {
  let input: usize = block.input;
  let output: usize = block.output;
  const bias: usize = block.bias;
  const multiplier: usize = block.multiplier;
  const shift: usize = block.shift;
  const totals: usize = block.scratch;
  const inputHeight: i32 = block.inputHeight;
  const inputWidth: i32 = block.inputWidth;
  const inputChannels: i32 = block.inputChannels;
  const outputHeight: i32 = block.outputHeight;
  const outputWidth: i32 = block.outputWidth;
  const outputChannels: i32 = block.outputChannels;
  const kernelHeight: i32 = block.kernelHeight;
  const kernelWidth: i32 = block.kernelWidth;
  const outputZeroPoint: i32 = block.outputZeroPoint;
  const activationMin: i32 = block.activationMin;
  const activationMax: i32 = block.activationMax;
  const terms: i32 = kernelHeight * kernelWidth * inputChannels;
  const zeros: i32 = ((terms + CHUNK - 1) / CHUNK) * ZERO;
  for (let batch: i32 = block.batches; batch > 0; batch--) {
    for (let y: i32 = 0; y < outputHeight; y++) {
      for (let x: i32 = 0; x < outputWidth; x++) {
        const row: usize = totals + 64;
        gather(
          row,
          input,
          y * <i32>block.strideHeight - <i32>block.padTop,
          x * <i32>block.strideWidth - <i32>block.padLeft,
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
        let correction: i32 = zeros;
        for (let i: usize = row; i < row + <usize>terms; i++) correction += CODE_ZERO * <i32>load<i8>(i);
        let weights: usize = block.weights;
        for (let channel: i32 = 0; channel < outputChannels; ) {
          sumCodes(row, terms, weights, totals);
          weights += <usize>terms << 3;
          let total: usize = totals;
          for (const end: i32 = min(channel + BLOCK, outputChannels); channel < end; channel++) {
            const sum: i32 = load<i32>(total) - correction + load<i32>(bias + (<usize>channel << 2));
            const factor: i32 = load<i32>(multiplier + (<usize>channel << 2));
            const scaled: i32 = requantize(sum, factor, <i32>load<i8>(shift + <usize>channel));
            store<i8>(output++, clamp(scaled + outputZeroPoint, activationMin, activationMax));
            total += 4;
          }
        }
      }
    }
    input += <usize>(inputHeight * inputWidth * inputChannels);
  }
}
