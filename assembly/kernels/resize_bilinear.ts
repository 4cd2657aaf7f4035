import { loadElement } from "../rows";

export const VERSION: i32 = 1;

/** The argument block of resize_bilinear. */
@unmanaged
export class ResizeBilinearArguments {
  input: usize;
  output: usize;
  rows: usize;
  columns: usize;
  batches: i32;
  inputHeight: i32;
  inputWidth: i32;
  outputHeight: i32;
  outputWidth: i32;
  channels: i32;
  bytes: i8;
}

/** Positions are in steps of 1/1024 of a pixel. */
const FRACTION: i32 = 10;
const MASK: i32 = (1 << FRACTION) - 1;

/**
 * An image of another size, each pixel a weighted mean of the four of the input around its place, NHWC.
 *
 *   input    [batches, inputHeight, inputWidth, channels], elements of bytes
 *   output   [batches, outputHeight, outputWidth, channels]
 *   rows     [outputHeight] i32: where in the input each row of the output is, at most in its last row
 *   columns  [outputWidth] i32: likewise
 *
 * Semantics: TensorFlow Lite Micro, reference_ops::ResizeBilinearInteger: weights of 20 bits, halves away
 * from zero.
 */
export function resize_bilinear(block: ResizeBilinearArguments): void {
  let input: usize = block.input;
  let output: usize = block.output;
  const pixelBytes: i32 = block.channels * block.bytes;
  const rowBytes: i32 = block.inputWidth * pixelBytes;
  for (let batch = 0; batch < block.batches; batch++) {
    for (let row = 0; row < block.outputHeight; row++) {
      const place: i32 = load<i32>(block.rows + (<usize>row << 2));
      const weight: i32 = place & MASK;
      const top: usize = input + <usize>((place >> FRACTION) * rowBytes);
      const bottom: usize = weight == 0 ? top : top + <usize>rowBytes;
      output = blend(block, top, bottom, weight, output);
    }
    input += <usize>(block.inputHeight * rowBytes);
  }
}

/** Writes one row of the output; the address behind it. */
function blend(
  block: ResizeBilinearArguments,
  top: usize,
  bottom: usize,
  down: i32,
  output: usize,
): usize {
  const bytes: i32 = block.bytes;
  const pixelBytes: i32 = block.channels * bytes;
  for (let column = 0; column < block.outputWidth; column++) {
    const place: i32 = load<i32>(block.columns + (<usize>column << 2));
    const right: i32 = place & MASK;
    const offset: usize = <usize>((place >> FRACTION) * pixelBytes);
    const step: usize = right == 0 ? 0 : <usize>pixelBytes;
    let above: usize = top + offset;
    let below: usize = bottom + offset;
    for (let channel = 0; channel < block.channels; channel++) {
      const first: i32 = mix(above, step, right, bytes);
      const second: i32 = mix(below, step, right, bytes);
      const sum: i64 = <i64>first * <i64>(1024 - down) + <i64>second * <i64>down;
      const mean: i32 = <i32>((sum + (sum > 0 ? 1 << 19 : -(1 << 19))) / (1 << 20));
      if (bytes == 1) store<i8>(output, <i8>mean);
      else store<i16>(output, <i16>mean);
      output += bytes;
      above += bytes;
      below += bytes;
    }
  }
  return output;
}

/** The mean of two values beside each other, times 1024. */
// @ts-ignore: decorator
@inline
function mix(at: usize, step: usize, right: i32, bytes: i32): i32 {
  return loadElement(at, bytes) * (1024 - right) + loadElement(at + step, bytes) * right;
}
