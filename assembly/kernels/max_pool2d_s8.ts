import { clamp } from "../fixed";
import { Pool2dArguments } from "./average_pool2d_s8";

export const VERSION: i32 = 1;

/**
 * Greatest value of each window, NHWC, int8; input and output share their quantisation.
 *
 *   input   [batches, inputHeight, inputWidth, channels] i8
 *   output  [batches, outputHeight, outputWidth, channels] i8
 *
 * Semantics: TensorFlow Lite Micro, reference_integer_ops::MaxPool.
 */
export function max_pool2d_s8(block: Pool2dArguments): void {
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
          let greatest: i32 = -128;
          for (let inputY = yBegin; inputY < yEnd; inputY++) {
            let pixel: usize = input + <usize>((inputY * inputWidth + xBegin) * channels + channel);
            for (let inputX = xBegin; inputX < xEnd; inputX++) {
              greatest = max(greatest, <i32>load<i8>(pixel));
              pixel += channels;
            }
          }
          store<i8>(output++, clamp(greatest, activationMin, activationMax));
        }
      }
    }
    input += <usize>(inputHeight * inputWidth * channels);
  }
}
