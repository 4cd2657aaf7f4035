import { gather } from "./gather";
import { CHUNK, laneSums, requantizeLanes } from "./lanes";

/**
 * conv2d_lanes_s8 for an L of i32 and conv2d_long_lanes_s8 for i64 (see lanes.ts).
 */
// @ts-ignore: decorator
@inline
export function convolveLanes<L>(
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
  const terms: i32 = kernelHeight * kernelWidth * inputChannels;
  const imagePixels: i32 = outputHeight * outputWidth;
  const pixels: i32 = batches * imagePixels;
  const pointwise: bool =
    (kernelHeight | kernelWidth | strideHeight | strideWidth) == 1 &&
    (padTop | padLeft) == 0 &&
    imagePixels == inputHeight * inputWidth;
  const direct: bool = pointwise && input != output && (terms & 7) == 0;
  const packed: usize = (scratch + (direct ? 0 : tile * terms) + 7) & ~7;
  const sums: usize = packed + 8 * CHUNK;
  const totals: usize = sums + 8 * tile;
  const stride: usize = direct ? inputChannels : terms;

  let first: i32 = 0;
  do {
    const count: i32 = min(tile, pixels - first);
    let rows: usize = input + <usize>(first * inputChannels);
    if (!direct) {
      rows = scratch;
      let i: i32 = 0;
      do {
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
          dilationHeight,
          dilationWidth,
          inputZeroPoint,
        );
      } while (++i < count);
    }
    let channel: i32 = 0;
    do {
      laneSums<L>(rows, stride, count, terms, weights, channel, outputChannels, packed, sums, totals);
      requantizeLanes<L>(
        sums,
        totals,
        count,
        min(outputChannels - channel, 3),
        output + <usize>(first * outputChannels + channel),
        outputChannels,
        bias + (<usize>channel << 2),
        multiplier + (<usize>channel << 2),
        shift + <usize>channel,
        outputZeroPoint,
        activationMin,
        activationMax,
      );
      channel += 3;
    } while (channel < outputChannels);
    first += tile;
  } while (first < pixels);
}
