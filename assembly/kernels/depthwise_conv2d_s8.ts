import { clamp, requantize } from "../fixed";
import { fillPlane } from "./plane";

export const VERSION: i32 = 2;

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
export function depthwise_conv2d_s8(
  input: usize,
  output: usize,
  weights: usize,
  bias: usize,
  multiplier: usize,
  shift: usize,
  scratch: usize,
  batches: i32,
  inputHeight: i32,
  inputWidth: i32,
  inputChannels: i32,
  outputHeight: i32,
  outputWidth: i32,
  depthMultiplier: i32,
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
