import { clamp } from "../fixed";

export const VERSION: i32 = 1;

/** The argument block of average_pool2d_s8. */
@unmanaged
export class Pool2dArguments {
  input: usize;
  output: usize;
  batches: i32;
  inputHeight: i32;
  inputWidth: i32;
  channels: i32;
  outputHeight: i32;
  outputWidth: i32;
  kernelHeight: i32;
  kernelWidth: i32;
  strideHeight: i32;
  strideWidth: i32;
  padTop: i16;
  padLeft: i16;
  activationMin: i16;
  activationMax: i16;
}

/**
 * Mean over windows, NHWC, int8; input and output share their quantisation. The divisor is the
 * number of values inside the image, and halves round away from zero.
 *
 *   input   [batches, inputHeight, inputWidth, channels] i8
 *   output  [batches, outputHeight, outputWidth, channels] i8
 *
 * Semantics: TensorFlow Lite Micro, reference_integer_ops::AveragePool.
 */
export function average_pool2d_s8(block: Pool2dArguments): void {
  let input: usize = block.input;
  let output: usize = block.output;
  const batches: i32 = block.batches;
  const inputHeight: i32 = block.inputHeight;
  const inputWidth: i32 = block.inputWidth;
  const channels: i32 = block.channels;
  const outputHeight: i32 = block.outputHeight;
  const outputWidth: i32 = block.outputWidth;
  const kernelHeight: i32 = block.kernelHeight;
  const kernelWidth: i32 = block.kernelWidth;
  const strideHeight: i32 = block.strideHeight;
  const strideWidth: i32 = block.strideWidth;
  const padTop: i32 = block.padTop;
  const padLeft: i32 = block.padLeft;
  const activationMin: i32 = block.activationMin;
  const activationMax: i32 = block.activationMax;
  const image: usize = <usize>(inputHeight * inputWidth * channels);
  const inputEnd: usize = input + <usize>batches * image;
  do {
    let y: i32 = 0;
    do {
      const top: i32 = y * strideHeight - padTop;
      const yBegin: i32 = max(top, 0);
      const yEnd: i32 = min(top + kernelHeight, inputHeight);
      let x: i32 = 0;
      do {
        const left: i32 = x * strideWidth - padLeft;
        const xBegin: i32 = max(left, 0);
        const xEnd: i32 = min(left + kernelWidth, inputWidth);
        const count: i32 = (yEnd - yBegin) * (xEnd - xBegin);
        let channel: i32 = 0;
        do {
          let sum: i32 = 0;
          for (let inputY = yBegin; inputY < yEnd; inputY++) {
            let pixel: usize = input + <usize>((inputY * inputWidth + xBegin) * channels + channel);
            for (let inputX = xBegin; inputX < xEnd; inputX++) {
              sum += <i32>load<i8>(pixel);
              pixel += channels;
            }
          }
          const mean: i32 = (sum > 0 ? sum + (count >> 1) : sum - (count >> 1)) / count;
          store<i8>(output++, clamp(mean, activationMin, activationMax));
        } while (++channel < channels);
      } while (++x < outputWidth);
    } while (++y < outputHeight);
    input += image;
  } while (input < inputEnd);
}
