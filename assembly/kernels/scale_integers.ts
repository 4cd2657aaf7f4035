import { loadElement } from "../rows";
import { clamp } from "../fixed";

export const VERSION: i32 = 1;

/** The argument block of scale_integers. */
@unmanaged
export class ScaleIntegersArguments {
  input: usize;
  output: usize;
  length: i32;
  factor: i32;
  addend: i32;
  divisor: i32;
  offset: i32;
  min: i32;
  max: i32;
  inputBytes: i8;
  outputBytes: i8;
}

/**
 * (x * factor + addend) / divisor + offset of integers, clamped; quotients lose their fraction, all else
 * wraps.
 *
 *   input    [length] elements of |inputBytes| bytes, 1, 2 or 4; without a sign where that is negative
 *   output   [length] elements of outputBytes bytes; may be the input where those are not more
 *   divisor  neither 0 nor -1
 *
 * It stands for several steps of arithmetic_s32; host/ops/scale_integers.ts says which.
 */
export function scale_integers(block: ScaleIntegersArguments): void {
  const inputBytes: i32 = abs(<i32>block.inputBytes);
  const outputBytes: i32 = block.outputBytes;
  const mask: i32 = block.inputBytes < 0 && inputBytes < 4 ? (1 << (8 * inputBytes)) - 1 : -1;
  const factor: i32 = block.factor;
  const addend: i32 = block.addend;
  const divisor: i32 = block.divisor;
  const offset: i32 = block.offset;
  const low: i32 = block.min;
  const high: i32 = block.max;
  let input: usize = block.input;
  let output: usize = block.output;
  for (const end: usize = input + <usize>(block.length * inputBytes); input < end; input += inputBytes) {
    const x: i32 = loadElement(input, inputBytes) & mask;
    const y: i32 = clamp((x * factor + addend) / divisor + offset, low, high);
    if (outputBytes == 1) store<i8>(output, y);
    else if (outputBytes == 2) store<i16>(output, y);
    else store<i32>(output, y);
    output += outputBytes;
  }
}
