import { clamp, requantize } from "../fixed";
import { fillPlane } from "./plane";

export const VERSION: i32 = 2;

/** The argument block of depthwise_conv2d_s8. */
@unmanaged
export class DepthwiseConv2dS8Arguments {
  input: usize;
  output: usize;
  weights: usize;
  bias: usize;
  multiplier: usize;
  shift: usize;
  scratch: usize;
  batches: i32;
  inputHeight: i32;
  inputWidth: i32;
  outputHeight: i32;
  outputWidth: i32;
  inputChannels: u16;
  depthMultiplier: u16;
  kernelHeight: u16;
  kernelWidth: u16;
  strideHeight: u16;
  strideWidth: u16;
  dilationHeight: u16;
  dilationWidth: u16;
  padTop: i16;
  padLeft: i16;
  inputZeroPoint: i8;
  outputZeroPoint: i8;
  activationMin: i8;
  activationMax: i8;
}

/**
 * Depthwise 2-D convolution, NHWC, int8 in and out, per-channel weights; padding counts as the zero
 * point. The smaller of two kernels with one contract: depthwise_conv2d_lanes_s8 is the faster one.
 *
 *   input       [batches, inputHeight, inputWidth, inputChannels] i8
 *   weights     [inputChannels * depthMultiplier, kernelHeight, kernelWidth] i8
 *   bias        [inputChannels * depthMultiplier] i32, the input zero point folded in
 *   multiplier  [inputChannels * depthMultiplier] i32;  shift, likewise, i8
 *   output      [batches, outputHeight, outputWidth, inputChannels * depthMultiplier] i8; may be the
 *               input where it has the same size and depthMultiplier is 1
 *   scratch     one channel's padded image, see plane.ts
 *
 * Semantics: TensorFlow Lite Micro, reference_integer_ops::DepthwiseConvPerChannel.
 */
export function depthwise_conv2d_s8(block: DepthwiseConv2dS8Arguments): void {
  let input: usize = block.input;
  let output: usize = block.output;
  const weights: usize = block.weights;
  const bias: usize = block.bias;
  const multiplier: usize = block.multiplier;
  const shift: usize = block.shift;
  const scratch: usize = block.scratch;
  const batches: i32 = block.batches;
  const inputHeight: i32 = block.inputHeight;
  const inputWidth: i32 = block.inputWidth;
  const inputChannels: i32 = block.inputChannels;
  const outputHeight: i32 = block.outputHeight;
  const outputWidth: i32 = block.outputWidth;
  const depthMultiplier: i32 = block.depthMultiplier;
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
  const outputChannels: i32 = inputChannels * depthMultiplier;
  const planeWidth: i32 = (outputWidth - 1) * strideWidth + (kernelWidth - 1) * dilationWidth + 1;
  const planeHeight: i32 = (outputHeight - 1) * strideHeight + (kernelHeight - 1) * dilationHeight + 1;
  for (let batch = 0; batch < batches; batch++) {
    let filter: usize = weights;
    for (let channel = 0; channel < outputChannels; channel++) {
      if (channel % depthMultiplier == 0) {
        const image: usize = input + <usize>(channel / depthMultiplier);
        fillPlane(
          scratch,
          image,
          planeHeight,
          planeWidth,
          inputHeight,
          inputWidth,
          inputChannels,
          padTop,
          padLeft,
          inputZeroPoint,
        );
      }
      let target: usize = output + channel;
      for (let y = 0; y < outputHeight; y++) {
        for (let x = 0; x < outputWidth; x++) {
          let sum: i32 = load<i32>(bias + (<usize>channel << 2));
          let tap: usize = filter;
          for (let ky = 0; ky < kernelHeight; ky++) {
            const row: i32 = y * strideHeight + ky * dilationHeight;
            let pixel: usize = scratch + <usize>(row * planeWidth + x * strideWidth);
            for (const end: usize = tap + kernelWidth; tap < end; tap++, pixel += dilationWidth) {
              sum += <i32>load<i8>(pixel) * <i32>load<i8>(tap);
            }
          }
          const scaled: i32 = requantize(
            sum,
            load<i32>(multiplier + (<usize>channel << 2)),
            <i32>load<i8>(shift + <usize>channel),
          );
          store<i8>(target, clamp(scaled + outputZeroPoint, activationMin, activationMax));
          target += outputChannels;
        }
      }
      filter += kernelHeight * kernelWidth;
    }
    input += <usize>(inputHeight * inputWidth * inputChannels);
    output += <usize>(outputHeight * outputWidth * outputChannels);
  }
}
