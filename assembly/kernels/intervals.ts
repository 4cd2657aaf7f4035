import { loadElement } from "../rows";

export const VERSION: i32 = 1;

/** The argument block of intervals. */
@unmanaged
export class IntervalsArguments {
  input: usize;
  output: usize;
  table: usize;
  rows: i32;
  rowBytes: i32;
  outputs: i32;
  one: i32;
  inputBytes: i8;
  outputBytes: i8;
}

/**
 * Whether values of a row are in intervals.
 *
 *   input   rows of rowBytes, elements i8 or i16 (inputBytes)
 *   table   [outputs, 3] i32: byte offset in the row, least and greatest value inside
 *   output  [rows, outputs] i8 or i16 (outputBytes): `one` or 0
 *
 * Semantics: host/ops/intervals.ts.
 */
export function intervals(block: IntervalsArguments): void {
  let input: usize = block.input;
  let output: usize = block.output;
  const table: usize = block.table;
  const rows: i32 = block.rows;
  const rowBytes: i32 = block.rowBytes;
  const outputs: i32 = block.outputs;
  const inputBytes: i32 = block.inputBytes;
  const outputBytes: i32 = block.outputBytes;
  const one: i32 = block.one;
  for (let row = 0; row < rows; row++) {
    let at: usize = table;
    for (let i = 0; i < outputs; i++) {
      const x: i32 = loadElement(input + load<i32>(at), inputBytes);
      const inside: i32 = x >= load<i32>(at, 4) && x <= load<i32>(at, 8) ? one : 0;
      if (outputBytes == 1) store<i8>(output, inside);
      else store<i16>(output, inside);
      output += outputBytes;
      at += 12;
    }
    input += rowBytes;
  }
}
