import { clamp, requantizeWide } from "../fixed";

export const VERSION: i32 = 1;

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
export function depthwise_conv2d_s16(
  input: usize,
  output: usize,
  weights: usize,
  bias: usize,
  multiplier: usize,
  shift: usize,
  factorStep: i32,
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
  activationMin: i32,
  activationMax: i32,
): void {
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
