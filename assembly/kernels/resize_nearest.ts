export const VERSION: i32 = 1;

/** The argument block of resize_nearest. */
@unmanaged
export class ResizeNearestArguments {
  input: usize;
  output: usize;
  rows: usize;
  columns: usize;
  batches: i32;
  inputHeight: i32;
  inputWidth: i32;
  outputHeight: i32;
  outputWidth: i32;
  pixelBytes: i32;
}

/**
 * An image of another size, each pixel a copy of one of the input, NHWC.
 *
 *   input    [batches, inputHeight, inputWidth] pixels of pixelBytes bytes
 *   output   [batches, outputHeight, outputWidth] pixels
 *   rows     [outputHeight] u16: the input's row that each row of the output is
 *   columns  [outputWidth] u16: likewise
 */
export function resize_nearest(block: ResizeNearestArguments): void {
  let input: usize = block.input;
  let output: usize = block.output;
  const rows: usize = block.rows;
  const columns: usize = block.columns;
  const batches: i32 = block.batches;
  const inputHeight: i32 = block.inputHeight;
  const inputWidth: i32 = block.inputWidth;
  const outputHeight: i32 = block.outputHeight;
  const outputWidth: i32 = block.outputWidth;
  const pixelBytes: i32 = block.pixelBytes;
  const lastRow: usize = rows + ((<usize>outputHeight) << 1);
  const lastColumn: usize = columns + ((<usize>outputWidth) << 1);
  const rowBytes: i32 = outputWidth * pixelBytes;
  for (let batch = 0; batch < batches; batch++) {
    let before: i32 = -1;
    for (let row: usize = rows; row < lastRow; row += 2) {
      const y: i32 = load<u16>(row);
      if (y == before) {
        // An enlarged image repeats whole rows.
        memory.copy(output, output - rowBytes, rowBytes);
        output += rowBytes;
        continue;
      }
      before = y;
      const first: usize = input + <usize>(y * inputWidth * pixelBytes);
      if (pixelBytes == 1) {
        for (let column: usize = columns; column < lastColumn; column += 2)
          store<u8>(output++, load<u8>(first + <usize>load<u16>(column)));
      } else {
        for (let column: usize = columns; column < lastColumn; column += 2) {
          memory.copy(output, first + <usize>(<i32>load<u16>(column) * pixelBytes), pixelBytes);
          output += pixelBytes;
        }
      }
    }
    input += <usize>(inputHeight * inputWidth * pixelBytes);
  }
}
