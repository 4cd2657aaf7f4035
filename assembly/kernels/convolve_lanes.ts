import { Conv2dS8Arguments } from "./conv2d_s8";
import { gather } from "./gather";
import { CHUNK, laneSums, requantizeLanes } from "./lanes";

/**
 * conv2d_lanes_s8 for an L of i32 and conv2d_long_lanes_s8 for i64 (see lanes.ts).
 */
// @ts-ignore: decorator
@inline
export function convolveLanes<L>(block: Conv2dS8Arguments): void {
  const input: usize = block.input;
  const output: usize = block.output;
  const weights: usize = block.weights;
  const bias: usize = block.bias;
  const multiplier: usize = block.multiplier;
  const shift: usize = block.shift;
  const scratch: usize = block.scratch;
  const tile: i32 = block.tile;
  const batches: i32 = block.batches;
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
  const dilationHeight: i32 = block.dilationHeight;
  const dilationWidth: i32 = block.dilationWidth;
  const padTop: i32 = block.padTop;
  const padLeft: i32 = block.padLeft;
  const inputZeroPoint: i32 = block.inputZeroPoint;
  const outputZeroPoint: i32 = block.outputZeroPoint;
  const activationMin: i32 = block.activationMin;
  const activationMax: i32 = block.activationMax;
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
