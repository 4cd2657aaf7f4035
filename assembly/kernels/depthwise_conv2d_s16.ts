import { clamp, requantizeWide } from "../fixed";

export const VERSION: i32 = 1;

/** The argument block of depthwise_conv2d_s16. */
@unmanaged
export class DepthwiseConv2dS16Arguments {
  input: usize;
  output: usize;
  weights: usize;
  bias: usize;
  multiplier: usize;
  shift: usize;
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
  activationMin: i16;
  activationMax: i16;
  factorStep: i8;
}

/**
 * Depthwise 2-D convolution, NHWC, int16 in and out, int8 weights; padding counts as zero, which is the
 * zero point.
 *
 *   input       [batches, inputHeight, inputWidth, inputChannels] i16
 *   weights     [kernelHeight, kernelWidth, inputChannels * depthMultiplier] i8
 *   bias        [inputChannels * depthMultiplier] i32
 *   multiplier  i32 and shift i8, for each output channel where factorStep is 1, one for all where it is
 *               0; see requantizeWide
 *   output      [batches, outputHeight, outputWidth, inputChannels * depthMultiplier] i16
 *
 * Semantics: TensorFlow Lite Micro, reference_integer_ops::DepthwiseConvPerChannel for int16.
 */
export function depthwise_conv2d_s16(block: DepthwiseConv2dS16Arguments): void {
  let input: usize = block.input;
  let output: usize = block.output;
  const weights: usize = block.weights;
  const bias: usize = block.bias;
  const multiplier: usize = block.multiplier;
  const shift: usize = block.shift;
  const factorStep: i32 = block.factorStep;
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
  const activationMin: i32 = block.activationMin;
  const activationMax: i32 = block.activationMax;
  const outputChannels: i32 = inputChannels * depthMultiplier;
  for (let batch = 0; batch < batches; batch++) {
    for (let y = 0; y < outputHeight; y++) {
      for (let x = 0; x < outputWidth; x++) {
        for (let channel = 0; channel < outputChannels; channel++) {
          const image: usize = input + (<usize>(channel / depthMultiplier) << 1);
          let tap: usize = weights + channel;
          let sum: i64 = load<i32>(bias + (<usize>channel << 2));
          for (let ky = 0; ky < kernelHeight; ky++) {
            const row: i32 = y * strideHeight - padTop + ky * dilationHeight;
            for (let kx = 0; kx < kernelWidth; kx++, tap += outputChannels) {
              const column: i32 = x * strideWidth - padLeft + kx * dilationWidth;
              if (<u32>row >= <u32>inputHeight || <u32>column >= <u32>inputWidth) continue;
              const pixel: usize = image + (<usize>((row * inputWidth + column) * inputChannels) << 1);
              sum += <i64>(<i32>load<i16>(pixel) * <i32>load<i8>(tap));
            }
          }
          const factor: usize = <usize>(channel * factorStep);
          const scaled: i32 = requantizeWide(
            sum,
            load<i32>(multiplier + (factor << 2)),
            <i32>load<i8>(shift + factor),
          );
          store<i16>(output, clamp(scaled, activationMin, activationMax));
          output += 2;
        }
      }
    }
    input += <usize>(inputHeight * inputWidth * inputChannels) << 1;
  }
}
