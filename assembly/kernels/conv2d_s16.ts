import { clamp } from "../fixed";
import { gather } from "./gather";
import { dotOfInt16AndInt8, rescaleSum } from "./wide_sum";

export const VERSION: i32 = 1;

/** The argument block of conv2d_s16. */
@unmanaged
export class Conv2dS16Arguments {
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
  activationMin: i16;
  activationMax: i16;
  factorStep: i8;
  narrowSums: i8;
}

/**
 * 2-D convolution, NHWC, int16 in and out, int8 weights; padding counts as zero, which is the zero point.
 *
 *   input       [batches, inputHeight, inputWidth, inputChannels] i16
 *   weights     [outputChannels, kernelHeight, kernelWidth, inputChannels / groups] i8
 *   bias        [outputChannels] i32
 *   multiplier  i32 and shift i8, for each output channel where factorStep is 1, one for all where it is
 *               0; see rescaleSum, which narrowSums is for
 *   output      [batches, outputHeight, outputWidth, outputChannels] i16
 *   scratch     the inputs of one pixel: 2 * kernelHeight * kernelWidth * inputChannels / groups bytes
 *
 * Semantics: TensorFlow Lite Micro, reference_integer_ops::ConvPerChannel for int16.
 */
export function conv2d_s16(block: Conv2dS16Arguments): void {
  let input: usize = block.input;
  let output: usize = block.output;
  const weights: usize = block.weights;
  const bias: usize = block.bias;
  const multiplier: usize = block.multiplier;
  const shift: usize = block.shift;
  const scratch: usize = block.scratch;
  const factorStep: i32 = block.factorStep;
  const narrowSums: i32 = block.narrowSums;
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
  const activationMin: i32 = block.activationMin;
  const activationMax: i32 = block.activationMax;
  const pixelBytes: i32 = inputChannels << 1;
  const groupBytes: i32 = pixelBytes / groups;
  const groupOutputs: i32 = outputChannels / groups;
  const terms: i32 = (kernelHeight * kernelWidth * groupBytes) >> 1;
  for (let batch = 0; batch < batches; batch++) {
    for (let y = 0; y < outputHeight; y++) {
      for (let x = 0; x < outputWidth; x++) {
        let filter: usize = weights;
        for (let channel = 0; channel < outputChannels; channel++) {
          if (channel % groupOutputs == 0) {
            gather(
              scratch,
              input + <usize>((channel / groupOutputs) * groupBytes),
              y * strideHeight - padTop,
              x * strideWidth - padLeft,
              groupBytes,
              inputHeight,
              inputWidth,
              pixelBytes,
              kernelHeight,
              kernelWidth,
              dilationHeight,
              dilationWidth,
              0,
            );
          }
          const factor: usize = <usize>(channel * factorStep);
          const scaled: i32 = rescaleSum(
            dotOfInt16AndInt8(scratch, filter, terms) + <i64>load<i32>(bias + (<usize>channel << 2)),
            load<i32>(multiplier + (factor << 2)),
            <i32>load<i8>(shift + factor),
            narrowSums,
          );
          store<i16>(output, clamp(scaled, activationMin, activationMax));
          output += 2;
          filter += terms;
        }
      }
    }
    input += <usize>(inputHeight * inputWidth * pixelBytes);
  }
}
