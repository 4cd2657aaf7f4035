import { convolveLanes } from "./convolve_lanes";

export const VERSION: i32 = 1;

/**
 * conv2d_lanes_s8 where what lanes.ts says of weights holds for SAFE_TERMS terms at a time only. scratch has
 * 3 * tile i32 more, for the sums of earlier terms.
 */
export function conv2d_long_lanes_s8(
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
  convolveLanes<i64>(
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
