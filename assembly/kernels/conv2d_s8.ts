import { clamp, requantize } from "../fixed";
import { gather } from "./gather";

export const VERSION: i32 = 2;

/** The argument block of conv2d_s8. */
@unmanaged
export class Conv2dS8Arguments {
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
  tile: u16;
  inputChannels: u16;
  outputChannels: u16;
  kernelHeight: u16;
  kernelWidth: u16;
  groups: u16;
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
 * 2-D convolution, NHWC, int8 in and out, per-channel weights; padding counts as the zero point.
 * The smaller of two kernels with one contract: conv2d_lanes_s8 is the faster one.
 *
 *   input       [batches, inputHeight, inputWidth, inputChannels] i8
 *   weights     in blocks of four output channels of a group, the last one narrower where they end:
 *               [kernelHeight, kernelWidth, inputChannels / groups, channels of the block] i8.
 *               Up to three bytes after the last may be read; their values do not matter.
 *   bias        [outputChannels] i32, the input zero point folded in
 *   multiplier  [outputChannels] i32;  shift [outputChannels] i8
 *   output      [batches, outputHeight, outputWidth, outputChannels] i8; may be the input where the
 *               window is one pixel with stride 1, and outputChannels <= inputChannels
 *   scratch     the inputs of up to `tile` pixels: tile * kernelHeight * kernelWidth * inputChannels / groups
 *               bytes, of which this one uses one pixel's; a native one may read inputs where they lie
 *
 * Semantics: TensorFlow Lite Micro, reference_integer_ops::ConvPerChannel.
 */
export function conv2d_s8(block: Conv2dS8Arguments): void {
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
  const outputChannels: i32 = block.outputChannels;
  const kernelHeight: i32 = block.kernelHeight;
  const kernelWidth: i32 = block.kernelWidth;
  const groups: i32 = block.groups;
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
  const groupInputs: i32 = inputChannels / groups;
  const groupOutputs: i32 = outputChannels / groups;
  const terms: usize = kernelHeight * kernelWidth * groupInputs;
  for (let batch = 0; batch < batches; batch++) {
    for (let y = 0; y < outputHeight; y++) {
      for (let x = 0; x < outputWidth; x++) {
        let filter: usize = weights;
        for (let channel = 0; channel < outputChannels; ) {
          const lastOfGroup: i32 = channel + groupOutputs;
          gather(
            scratch,
            input + <usize>((channel / groupOutputs) * groupInputs),
            y * strideHeight - padTop,
            x * strideWidth - padLeft,
            groupInputs,
            inputHeight,
            inputWidth,
            inputChannels,
            kernelHeight,
            kernelWidth,
            dilationHeight,
            dilationWidth,
            inputZeroPoint,
          );
          while (channel < lastOfGroup) {
            const width: i32 = min(lastOfGroup - channel, 4);
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
              store<i8>(output++, clamp(scaled + outputZeroPoint, activationMin, activationMax));
              // A narrower block's further sums are of bytes that are not its own, and are dropped.
              sum0 = sum1;
              sum1 = sum2;
              sum2 = sum3;
            }
          }
        }
      }
    }
    input += <usize>(inputHeight * inputWidth * inputChannels);
  }
}
