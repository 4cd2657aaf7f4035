import { loadElement } from "../rows";

export const VERSION: i32 = 1;

/** The argument block of cast. */
@unmanaged
export class CastArguments {
  input: usize;
  output: usize;
  length: i32;
  inputBytes: i8;
  outputBytes: i8;
}

/**
 * Integers in another width; what does not fit loses its upper bits.
 *
 *   input   [length] elements of |inputBytes| bytes, 1, 2 or 4; without a sign where that is negative
 *   output  [length] elements of outputBytes bytes; must not overlap the input
 */
export function cast(block: CastArguments): void {
  const isUnsigned: bool = block.inputBytes < 0;
  const inputBytes: i32 = abs(<i32>block.inputBytes);
  const outputBytes: i32 = block.outputBytes;
  const mask: i32 = isUnsigned && inputBytes < 4 ? (1 << (8 * inputBytes)) - 1 : -1;
  let input: usize = block.input;
  let output: usize = block.output;
  for (let left: i32 = block.length; left > 0; left--) {
    const value: i32 = loadElement(input, inputBytes) & mask;
    if (outputBytes == 1) store<i8>(output, value);
    else if (outputBytes == 2) store<i16>(output, value);
    else store<i32>(output, value);
    input += inputBytes;
    output += outputBytes;
  }
}
