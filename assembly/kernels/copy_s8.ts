export const VERSION: i32 = 1;

/**
 * Copies `rows` runs of `length` bytes: one input of a concatenation, one batch of a tensor.
 *
 *   input   rows runs, inputStride bytes apart
 *   output  rows runs, outputStride bytes apart; must not overlap the input
 */
export function copy_s8(
  input: usize,
  output: usize,
  rows: i32,
  length: i32,
  inputStride: i32,
  outputStride: i32,
): void {
  for (let row = 0; row < rows; row++) {
    memory.copy(output, input, length);
    input += inputStride;
    output += outputStride;
  }
}
