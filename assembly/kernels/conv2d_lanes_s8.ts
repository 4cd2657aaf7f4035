import { convolveLanes } from "./convolve_lanes";

export const VERSION: i32 = 1;

/**
 * The contract of conv2d_s8 without groups, computed three output channels at a time: larger and faster. What
 * lanes.ts says of weights, and storeRescaled (fixed.ts) of shifts, sums and the zero point, must hold,
 * the former for all terms of a channel together.
 *
 *   scratch     unless the window is one pixel with stride 1, output is not the input, and the input
 *               channels are a multiple of eight: the inputs of `tile` pixels, tile * terms bytes; then from
 *               a multiple of eight CHUNK i64 of packed weights and `tile` i64 of lanes
 */
export function conv2d_lanes_s8(
  input: usize,
  output: usize,
  weights: usize,
  bias: usize,
  multiplier: usize,
  shift: usize,
  scratch: usize,
  tile: i32,
  batches: i32,
  inputHeight: i32,
  inputWidth: i32,
  inputChannels: i32,
  outputHeight: i32,
  outputWidth: i32,
  outputChannels: i32,
  kernelHeight: i32,
  kernelWidth: i32,
  groups: i32,
  strideHeight: i32,
  strideWidth: i32,
  dilationHeight: i32,
  dilationWidth: i32,
  padTop: i32,
  padLeft: i32,
  inputZeroPoint: i32,
  outputZeroPoint: i32,
  activationMin: i32,
  activationMax: i32,
): void {
  convolveLanes<i32>(
    input,
    output,
    weights,
    bias,
    multiplier,
    shift,
    scratch,
    tile,
    batches,
    inputHeight,
    inputWidth,
    inputChannels,
    outputHeight,
    outputWidth,
    outputChannels,
    kernelHeight,
    kernelWidth,
    strideHeight,
    strideWidth,
    dilationHeight,
    dilationWidth,
    padTop,
    padLeft,
    inputZeroPoint,
    outputZeroPoint,
    activationMin,
    activationMax,
  );
}
