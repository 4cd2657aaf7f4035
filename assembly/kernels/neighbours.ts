import { loadElement } from "../rows";

export const VERSION: i32 = 1;

/** The argument block of neighbours. */
@unmanaged
export class NeighboursArguments {
  input: usize;
  table: usize;
  output: usize;
  scratch: usize;
  rows: i32;
  candidates: i32;
  count: i32;
  outputs: i32;
  outputZeroPoint: i16;
  inputBytes: i8;
  outputBytes: i8;
  leftShift: i8;
  rightShift: i8;
}

/**
 * The mean of the rows of a table that belong to the least values.
 *
 *   input    [rows, candidates], elements of inputBytes
 *   table    [candidates, outputs] i16
 *   output   [rows, outputs], elements of outputBytes: the sum of the `count` rows times 2^leftShift, over
 *            count * 2^rightShift, halves away from zero, and the zero point
 *   scratch  [count] i32, the least candidates so far in ascending order, of equal ones the first
 *
 * Semantics: host/ops/neighbours.ts.
 */
export function neighbours(block: NeighboursArguments): void {
  let input: usize = block.input;
  let output: usize = block.output;
  const candidates: i32 = block.candidates;
  const outputs: i32 = block.outputs;
  const outputBytes: i32 = block.outputBytes;
  const most: i64 = outputBytes == 1 ? 127 : 32767;
  for (let row = 0; row < block.rows; row++) {
    choose(block, input);
    for (let i = 0; i < outputs; i++) {
      const mean: i64 = meanOf(block, block.table + (<usize>i << 1)) + <i64>block.outputZeroPoint;
      const value: i32 = <i32>max<i64>(-most - 1, min<i64>(most, mean));
      if (outputBytes == 1) store<i8>(output, <i8>value);
      else store<i16>(output, <i16>value);
      output += outputBytes;
    }
    input += <usize>(candidates * block.inputBytes);
  }
}

/** Writes the numbers of the least candidates, by insertion. */
function choose(block: NeighboursArguments, input: usize): void {
  const scratch: usize = block.scratch;
  const bytes: i32 = block.inputBytes;
  const last: usize = scratch + (<usize>(block.count - 1) << 2);
  const candidates: i32 = block.candidates;
  let end: usize = scratch;
  let at: usize = input;
  for (let candidate = 0; candidate < candidates; candidate++) {
    const value: i32 = loadElement(at, bytes);
    at += bytes;
    if (end > last) {
      if (value >= loadElement(input + <usize>(load<i32>(last) * bytes), bytes)) continue;
      end = last;
    }
    let slot: usize = end;
    while (slot > scratch) {
      const before: i32 = load<i32>(slot - 4);
      if (loadElement(input + <usize>(before * bytes), bytes) <= value) break;
      store<i32>(slot, before);
      slot -= 4;
    }
    store<i32>(slot, candidate);
    end += 4;
  }
}

/** One column's mean over the chosen rows. */
function meanOf(block: NeighboursArguments, column: usize): i64 {
  const count: i32 = block.count;
  const rowBytes: i32 = block.outputs << 1;
  let at: usize = block.scratch;
  let sum: i64 = 0;
  for (let i = 0; i < count; i++) {
    sum += <i64>load<i16>(column + <usize>(load<i32>(at) * rowBytes));
    at += 4;
  }
  const divisor: i64 = <i64>count << block.rightShift;
  const doubled: i64 = sum << (block.leftShift + 1);
  return (doubled < 0 ? doubled - divisor : doubled + divisor) / (2 * divisor);
}
