import { clamp } from "../fixed";

export const VERSION: i32 = 1;

/**
 * Greatest value of each window, NHWC, int16; input and output share their quantisation.
 *
 *   input   [batches, inputHeight, inputWidth, channels] i16
 *   output  [batches, outputHeight, outputWidth, channels] i16
 *
 * Semantics: TensorFlow Lite Micro, reference_integer_ops::MaxPool for int16.
 */
export function max_pool2d_s16(
  input: usize,
  output: usize,
  batches: i32,
  inputHeight: i32,
  inputWidth: i32,
  channels: i32,
  outputHeight: i32,
  outputWidth: i32,
  kernelHeight: i32,
  kernelWidth: i32,
  strideHeight: i32,
  strideWidth: i32,
  padTop: i32,
  padLeft: i32,
  activationMin: i32,
  activationMax: i32,
): void {
  for (let batch = 0; batch < batches; batch++) {
    for (let y = 0; y < outputHeight; y++) {
      const top: i32 = y * strideHeight - padTop;
      const yBegin: i32 = max(top, 0);
      const yEnd: i32 = min(top + kernelHeight, inputHeight);
      for (let x = 0; x < outputWidth; x++) {
        const left: i32 = x * strideWidth - padLeft;
        const xBegin: i32 = max(left, 0);
        const xEnd: i32 = min(left + kernelWidth, inputWidth);
        for (let channel = 0; channel < channels; channel++) {
          let greatest: i32 = -32768;
          for (let inputY = yBegin; inputY < yEnd; inputY++) {
            let pixel: usize = input + (<usize>((inputY * inputWidth + xBegin) * channels + channel) << 1);
            for (let inputX = xBegin; inputX < xEnd; inputX++) {
              greatest = max(greatest, <i32>load<i16>(pixel));
              pixel += <usize>channels << 1;
            }
          }
          store<i16>(output, clamp(greatest, activationMin, activationMax));
          output += 2;
        }
      }
    }
    input += <usize>(inputHeight * inputWidth * channels) << 1;
  }
}
