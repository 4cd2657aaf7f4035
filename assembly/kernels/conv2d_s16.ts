import { clamp } from "../fixed";
import { gather } from "./gather";
import { dotOfInt16AndInt8, rescaleSum } from "./wide_sum";

export const VERSION: i32 = 1;

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
export function conv2d_s16(
  input: usize,
  output: usize,
  weights: usize,
  bias: usize,
  multiplier: usize,
  shift: usize,
  scratch: usize,
  factorStep: i32,
  narrowSums: i32,
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
  activationMin: i32,
  activationMax: i32,
): void {
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
