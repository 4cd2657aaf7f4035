export const VERSION: i32 = 1;

/** The argument block of copy_s8. */
@unmanaged
export class CopyS8Arguments {
  input: usize;
  output: usize;
  rows: i32;
  length: i32;
  inputStride: i32;
  outputStride: i32;
}

/**
 * Copies `rows` runs of `length` bytes: one input of a concatenation, one batch of a tensor.
 *
 *   input   rows runs, inputStride bytes apart
 *   output  rows runs, outputStride bytes apart; must not overlap the input
 */
export function copy_s8(block: CopyS8Arguments): void {
  let input: usize = block.input;
  let output: usize = block.output;
  const rows: i32 = block.rows;
  const length: i32 = block.length;
  const inputStride: i32 = block.inputStride;
  const outputStride: i32 = block.outputStride;
  for (let row = 0; row < rows; row++) {
    memory.copy(output, input, length);
    input += inputStride;
    output += outputStride;
  }
}
