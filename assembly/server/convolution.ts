/** conv2d_s8 and its faster twins, which have one contract, with SIMD. */
import { Conv2dS8Arguments } from "../kernels/conv2d_s8";
import { allocate } from "./memory";
import { fillPlane, greatestSum, Image, PAIR_BYTES, pairsOf, prepareWeights } from "./products";
import { clampToBytes, Factors, prepareFactors, rescale, RESCALE_BYTES, storeBytes } from "./rescale";

/** Pixels that are computed together. */
const TILE: i32 = 4;

@unmanaged
class Convolution {
  block: Conv2dS8Arguments;
  weights: usize;
  factors: usize;
  right: i32;
  ties: i32;
  image: Image;
  plane: usize;
  /** Of weights: one kernel row of four channels, and all rows. */
  runBytes: usize;
  filterBytes: usize;
  /** Of the plane: from a kernel row to the next. */
  rowBytes: usize;
}

function imageOf(block: Conv2dS8Arguments): Image {
  const image = changetype<Image>(allocate(offsetof<Image>()));
  if (!changetype<usize>(image)) return image;
  image.height = block.inputHeight;
  image.width = block.inputWidth;
  image.channels = block.inputChannels;
  image.padTop = block.padTop;
  image.padLeft = block.padLeft;
  image.zeroPoint = block.inputZeroPoint;
  image.planeHeight =
    (block.outputHeight - 1) * block.strideHeight + (<i32>block.kernelHeight - 1) * block.dilationHeight + 1;
  image.planeWidth = (block.outputWidth - 1) * block.strideWidth + block.kernelWidth;
  return image;
}

export function prepareConvolution(place: usize): usize {
  const block = changetype<Conv2dS8Arguments>(place);
  const channels: i32 = block.outputChannels;
  const run: i32 = <i32>block.kernelWidth * block.inputChannels;
  const terms: i32 = <i32>block.kernelHeight * run;
  if (block.groups != 1 || block.dilationWidth != 1 || terms == 0 || terms > 1 << 20) return 0;
  const most: i32 = greatestSum(block.weights, block.bias, terms, channels);
  const factors = changetype<Factors>(allocate(offsetof<Factors>()));
  const prepared = changetype<Convolution>(allocate(offsetof<Convolution>()));
  const image = imageOf(block);
  if (!changetype<usize>(factors) || !changetype<usize>(prepared) || !changetype<usize>(image)) return 0;
  factors.bias = block.bias;
  factors.multiplier = block.multiplier;
  factors.shift = block.shift;
  factors.step = 1;
  factors.channels = channels;
  factors.outputZeroPoint = block.outputZeroPoint;
  factors.most = most;
  prepared.block = block;
  prepared.image = image;
  prepared.factors = prepareFactors(factors);
  prepared.right = factors.right;
  prepared.ties = i32(block.outputZeroPoint > block.activationMin);
  prepared.weights = prepareWeights(block.weights, block.kernelHeight, run, channels);
  prepared.runBytes = <usize>pairsOf(run) * PAIR_BYTES;
  prepared.filterBytes = block.kernelHeight * prepared.runBytes;
  prepared.rowBytes = (<usize>(image.planeWidth * image.channels) << 1) * block.dilationHeight;
  prepared.plane = allocate(<usize>(image.planeHeight * image.planeWidth * image.channels) << 1);
  return prepared.factors && prepared.weights && prepared.plane ? changetype<usize>(prepared) : 0;
}

/** Sums of four channels in one pixel to their place. */
// @ts-ignore: decorator
@inline
function finish(place: usize, sums: v128, factors: usize, prepared: Convolution, width: i32): void {
  const block = prepared.block;
  const numbers: v128 = rescale(sums, factors, prepared.right, prepared.ties);
  const least: v128 = i32x4.splat(block.activationMin);
  const most: v128 = i32x4.splat(block.activationMax);
  storeBytes(place, clampToBytes(numbers, least, most), width);
}

/** The same of eight, of which the second four are `width` or more. */
// @ts-ignore: decorator
@inline
function finishEight(
  place: usize,
  low: v128,
  high: v128,
  factors: usize,
  prepared: Convolution,
  width: i32,
): void {
  finish(place, low, factors, prepared, 4);
  finish(place + 4, high, factors + RESCALE_BYTES, prepared, width);
}

// @ts-ignore: decorator
@inline
function add(sum: v128, weights: v128, inputs: v128): v128 {
  return i32x4.add(sum, i32x4.dot_i16x8_s(weights, inputs));
}

/** Where the windows of TILE pixels begin in the plane. */
let window0: usize = 0;
let window1: usize = 0;
let window2: usize = 0;
let window3: usize = 0;

/** Eight channels of TILE pixels: each pair of inputs is read once for both blocks of four. */
// @ts-ignore: decorator
@inline
function computeEight(
  prepared: Convolution,
  filter: usize,
  factors: usize,
  output: usize,
  count: i32,
  width: i32,
): void {
  const channels: usize = prepared.block.outputChannels;
  const runBytes: usize = prepared.runBytes;
  const filterBytes: usize = prepared.filterBytes;
  const rowBytes: usize = prepared.rowBytes;
  let low0: v128 = v128.load(factors);
  let low1: v128 = low0;
  let low2: v128 = low0;
  let low3: v128 = low0;
  let high0: v128 = v128.load(factors + RESCALE_BYTES);
  let high1: v128 = high0;
  let high2: v128 = high0;
  let high3: v128 = high0;
  let row: usize = 0;
  for (const last: usize = filter + filterBytes; filter < last; row += rowBytes) {
    let input0: usize = window0 + row;
    let input1: usize = window1 + row;
    let input2: usize = window2 + row;
    let input3: usize = window3 + row;
    for (const end: usize = filter + runBytes; filter < end; filter += PAIR_BYTES) {
      const low: v128 = v128.load(filter);
      const high: v128 = v128.load(filter + filterBytes);
      let inputs: v128 = v128.load32_splat(input0);
      low0 = add(low0, low, inputs);
      high0 = add(high0, high, inputs);
      inputs = v128.load32_splat(input1);
      low1 = add(low1, low, inputs);
      high1 = add(high1, high, inputs);
      inputs = v128.load32_splat(input2);
      low2 = add(low2, low, inputs);
      high2 = add(high2, high, inputs);
      inputs = v128.load32_splat(input3);
      low3 = add(low3, low, inputs);
      high3 = add(high3, high, inputs);
      input0 += 4;
      input1 += 4;
      input2 += 4;
      input3 += 4;
    }
  }
  finishEight(output, low0, high0, factors, prepared, width);
  if (count > 1) finishEight(output + channels, low1, high1, factors, prepared, width);
  if (count > 2) finishEight(output + 2 * channels, low2, high2, factors, prepared, width);
  if (count > 3) finishEight(output + 3 * channels, low3, high3, factors, prepared, width);
}

/** The last four channels, or fewer. */
// @ts-ignore: decorator
@inline
function computeFour(
  prepared: Convolution,
  filter: usize,
  factors: usize,
  output: usize,
  count: i32,
  width: i32,
): void {
  const channels: usize = prepared.block.outputChannels;
  const runBytes: usize = prepared.runBytes;
  const rowBytes: usize = prepared.rowBytes;
  let sum0: v128 = v128.load(factors);
  let sum1: v128 = sum0;
  let sum2: v128 = sum0;
  let sum3: v128 = sum0;
  let row: usize = 0;
  for (const last: usize = filter + prepared.filterBytes; filter < last; row += rowBytes) {
    let at: usize = row;
    for (const end: usize = filter + runBytes; filter < end; filter += PAIR_BYTES, at += 4) {
      const weights: v128 = v128.load(filter);
      sum0 = add(sum0, weights, v128.load32_splat(window0 + at));
      sum1 = add(sum1, weights, v128.load32_splat(window1 + at));
      sum2 = add(sum2, weights, v128.load32_splat(window2 + at));
      sum3 = add(sum3, weights, v128.load32_splat(window3 + at));
    }
  }
  finish(output, sum0, factors, prepared, width);
  if (count > 1) finish(output + channels, sum1, factors, prepared, width);
  if (count > 2) finish(output + 2 * channels, sum2, factors, prepared, width);
  if (count > 3) finish(output + 3 * channels, sum3, factors, prepared, width);
}

/** TILE pixels, of which `count` are stored. */
// @ts-ignore: decorator
@inline
function computeTile(prepared: Convolution, output: usize, count: i32): void {
  const channels: i32 = prepared.block.outputChannels;
  const filterBytes: usize = prepared.filterBytes;
  let filter: usize = prepared.weights;
  let factors: usize = prepared.factors;
  let channel: i32 = 0;
  for (; channel + 4 < channels; channel += 8, filter += 2 * filterBytes, factors += 2 * RESCALE_BYTES)
    computeEight(prepared, filter, factors, output + <usize>channel, count, channels - channel - 4);
  if (channel < channels)
    computeFour(prepared, filter, factors, output + <usize>channel, count, channels - channel);
}

/** Where the window of a pixel begins; of one behind the last, that of the last. */
// @ts-ignore: decorator
@inline
function windowOf(prepared: Convolution, pixel: i32, pixels: i32): usize {
  const block = prepared.block;
  const each: i32 = min(pixel, pixels - 1);
  const y: i32 = each / block.outputWidth;
  const x: i32 = each - y * block.outputWidth;
  const at: i32 = y * block.strideHeight * prepared.image.planeWidth + x * block.strideWidth;
  return prepared.plane + (<usize>(at * prepared.image.channels) << 1);
}

export function convolve(place: usize): void {
  const prepared = changetype<Convolution>(place);
  const block = prepared.block;
  const pixels: i32 = block.outputHeight * block.outputWidth;
  let input: usize = block.input;
  let output: usize = block.output;
  for (let batch: i32 = 0; batch < block.batches; batch++) {
    fillPlane(prepared.plane, input, prepared.image, prepared.image.channels);
    for (let pixel: i32 = 0; pixel < pixels; pixel += TILE) {
      window0 = windowOf(prepared, pixel, pixels);
      window1 = windowOf(prepared, pixel + 1, pixels);
      window2 = windowOf(prepared, pixel + 2, pixels);
      window3 = windowOf(prepared, pixel + 3, pixels);
      const count: i32 = min(pixels - pixel, TILE);
      computeTile(prepared, output, count);
      output += <usize>(count * block.outputChannels);
    }
    input += <usize>(block.inputHeight * block.inputWidth * block.inputChannels);
  }
}
