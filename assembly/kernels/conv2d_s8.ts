import { clamp, requantize } from "../fixed";

export const VERSION: i32 = 1;

/**
 * 2-D convolution, NHWC, int8 in and out, per-channel weights; padding counts as zero.
 *
 *   input       [batches, inputHeight, inputWidth, inputChannels] i8
 *   weights     [outputChannels, kernelHeight, kernelWidth, inputChannels / groups] i8
 *   bias, multiplier  [outputChannels] i32;  shift [outputChannels] i8
 *   output      [batches, outputHeight, outputWidth, outputChannels] i8
 *
 * Semantics: TensorFlow Lite Micro, reference_integer_ops::ConvPerChannel.
 */
export function conv2d_s8(
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
  inputZeroPoint: i32,
  outputZeroPoint: i32,
  activationMin: i32,
  activationMax: i32,
): void {
  const groupInputs: i32 = inputChannels / groups;
  const groupOutputs: i32 = outputChannels / groups;
  for (let batch = 0; batch < batches; batch++) {
    for (let y = 0; y < outputHeight; y++) {
      const top: i32 = y * strideHeight - padTop;
      for (let x = 0; x < outputWidth; x++) {
        const left: i32 = x * strideWidth - padLeft;
        let filter: usize = weights;
        for (let channel = 0; channel < outputChannels; channel++) {
          const firstInput: usize = input + <usize>((channel / groupOutputs) * groupInputs);
          let sum: i32 = load<i32>(bias + (<usize>channel << 2));
          for (let ky = 0; ky < kernelHeight; ky++) {
            const inputY: i32 = top + ky * dilationHeight;
            if (<u32>inputY >= <u32>inputHeight) {
              filter += kernelWidth * groupInputs;
              continue;
            }
            for (let kx = 0; kx < kernelWidth; kx++) {
              const inputX: i32 = left + kx * dilationWidth;
              const end: usize = filter + groupInputs;
              if (<u32>inputX < <u32>inputWidth) {
                let pixel: usize = firstInput + <usize>((inputY * inputWidth + inputX) * inputChannels);
                // Four terms with constant offsets: the loop's own work is a third of a term's.
                for (; filter + 4 <= end; filter += 4, pixel += 4) {
                  sum +=
                    (<i32>load<i8>(pixel) - inputZeroPoint) * <i32>load<i8>(filter) +
                    (<i32>load<i8>(pixel, 1) - inputZeroPoint) * <i32>load<i8>(filter, 1) +
                    (<i32>load<i8>(pixel, 2) - inputZeroPoint) * <i32>load<i8>(filter, 2) +
                    (<i32>load<i8>(pixel, 3) - inputZeroPoint) * <i32>load<i8>(filter, 3);
                }
                for (; filter < end; filter++, pixel++) {
                  sum += (<i32>load<i8>(pixel) - inputZeroPoint) * <i32>load<i8>(filter);
                }
              }
              filter = end;
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
