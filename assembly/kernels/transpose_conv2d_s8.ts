import { clamp, requantize } from "../fixed";
import { gather } from "./gather";

export const VERSION: i32 = 1;

/** The argument block of transpose_conv2d_s8. */
@unmanaged
export class TransposeConv2dS8Arguments {
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
  outputBatchStride: i32;
  outputRowStride: i32;
  outputPixelStride: i32;
  inputChannels: u16;
  outputChannels: u16;
  kernelHeight: u16;
  kernelWidth: u16;
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
 * One phase of a transposed 2-D convolution, NHWC, int8 in and out, per-channel weights: outputs that lie a
 * stride apart see the same taps, so that each phase is a convolution of stride 1 whose pixels are not
 * neighbours in the output.
 *
 *   input       [batches, inputHeight, inputWidth, inputChannels] i8
 *   weights     the phase's taps, in blocks of four output channels, the last one narrower where they end:
 *               [kernelHeight, kernelWidth, inputChannels, channels of the block] i8.
 *               Up to three bytes after the last may be read; their values do not matter.
 *   bias        [outputChannels] i32, the input zero point folded in
 *   multiplier  [outputChannels] i32;  shift [outputChannels] i8
 *   output      the phase's first pixel; the others are outputBatchStride, outputRowStride and
 *               outputPixelStride bytes apart: [batches, outputHeight, outputWidth, outputChannels] i8
 *   scratch     the inputs of one pixel: kernelHeight * kernelWidth * inputChannels bytes
 *   padTop, padLeft  negative where the phase's first window begins inside of the image
 *
 * Semantics: TensorFlow Lite Micro, reference_integer_ops::TransposeConv.
 */
export function transpose_conv2d_s8(block: TransposeConv2dS8Arguments): void {
  let input: usize = block.input;
  const output: usize = block.output;
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
  const outputChannels: i32 = block.outputChannels;
  const outputBatchStride: i32 = block.outputBatchStride;
  const outputRowStride: i32 = block.outputRowStride;
  const outputPixelStride: i32 = block.outputPixelStride;
  const kernelHeight: i32 = block.kernelHeight;
  const kernelWidth: i32 = block.kernelWidth;
  const dilationHeight: i32 = block.dilationHeight;
  const dilationWidth: i32 = block.dilationWidth;
  const padTop: i32 = block.padTop;
  const padLeft: i32 = block.padLeft;
  const inputZeroPoint: i32 = block.inputZeroPoint;
  const outputZeroPoint: i32 = block.outputZeroPoint;
  const activationMin: i32 = block.activationMin;
  const activationMax: i32 = block.activationMax;
  const terms: usize = kernelHeight * kernelWidth * inputChannels;
  for (let batch = 0; batch < batches; batch++) {
    for (let y = 0; y < outputHeight; y++) {
      let pixel: usize = output + <usize>(batch * outputBatchStride + y * outputRowStride);
      for (let x = 0; x < outputWidth; x++) {
        gather(
          scratch,
          input,
          y - padTop,
          x - padLeft,
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
        let filter: usize = weights;
        for (let channel = 0; channel < outputChannels; ) {
          const width: i32 = min(outputChannels - channel, 4);
          let sum0: i32 = 0;
          let sum1: i32 = 0;
          let sum2: i32 = 0;
          let sum3: i32 = 0;
          for (let i: usize = scratch; i < scratch + terms; i++, filter += width) {
            const value: i32 = load<i8>(i);
            sum0 += value * <i32>load<i8>(filter);
            sum1 += value * <i32>load<i8>(filter, 1);
            sum2 += value * <i32>load<i8>(filter, 2);
            sum3 += value * <i32>load<i8>(filter, 3);
          }
          for (const end: i32 = channel + width; channel < end; channel++) {
            const scaled: i32 = requantize(
              sum0 + load<i32>(bias + (<usize>channel << 2)),
              load<i32>(multiplier + (<usize>channel << 2)),
              <i32>load<i8>(shift + <usize>channel),
            );
            store<i8>(pixel + channel, clamp(scaled + outputZeroPoint, activationMin, activationMax));
            // A narrower block's further sums are of bytes that are not its own, and are dropped.
            sum0 = sum1;
            sum1 = sum2;
            sum2 = sum3;
          }
        }
        pixel += outputPixelStride;
      }
    }
    input += <usize>(inputHeight * inputWidth * inputChannels);
  }
}
