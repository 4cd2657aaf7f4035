import { clamp, requantize } from "../fixed";

export const VERSION: i32 = 1;

/**
 * Depthwise 2-D convolution, NHWC, int8 in and out, per-channel weights; padding counts as zero.
 *
 *   input       [batches, inputHeight, inputWidth, inputChannels] i8
 *   weights     [kernelHeight, kernelWidth, inputChannels * depthMultiplier] i8
 *   bias, multiplier  [inputChannels * depthMultiplier] i32;  shift, likewise, i8
 *   output      [batches, outputHeight, outputWidth, inputChannels * depthMultiplier] i8
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
  for (let batch = 0; batch < batches; batch++) {
    for (let y = 0; y < outputHeight; y++) {
      const top: i32 = y * strideHeight - padTop;
      for (let x = 0; x < outputWidth; x++) {
        const left: i32 = x * strideWidth - padLeft;
        for (let channel = 0; channel < outputChannels; channel++) {
          const plane: usize = input + <usize>(channel / depthMultiplier);
          let sum: i32 = load<i32>(bias + (<usize>channel << 2));
          for (let ky = 0; ky < kernelHeight; ky++) {
            const inputY: i32 = top + ky * dilationHeight;
            if (<u32>inputY >= <u32>inputHeight) continue;
            let tap: usize = weights + <usize>(ky * kernelWidth * outputChannels + channel);
            for (let kx = 0; kx < kernelWidth; kx++) {
              const inputX: i32 = left + kx * dilationWidth;
              if (<u32>inputX < <u32>inputWidth) {
                const pixel: usize = plane + <usize>((inputY * inputWidth + inputX) * inputChannels);
                sum += (<i32>load<i8>(pixel) - inputZeroPoint) * <i32>load<i8>(tap);
              }
              tap += outputChannels;
            }
          }
          const scaled: i32 = requantize(
            sum,
            load<i32>(multiplier + (<usize>channel << 2)),
            <i32>load<i8>(shift + <usize>channel),
          );
          store<i8>(output++, clamp(scaled + outputZeroPoint, activationMin, activationMax));
        }
      }
    }
    input += <usize>(inputHeight * inputWidth * inputChannels);
  }
}
