import { multiplyWide } from "../rows";

export const VERSION: i32 = 1;

/** The argument block of subtract_max. */
@unmanaged
export class SubtractMaxArguments {
  input: usize;
  output: usize;
  rows: i32;
  depth: i32;
  limit: i32;
  multiplier: i32;
  shift: i8;
}

/**
 * Scores less the greatest of their row, as int16.
 *
 *   input   [rows, depth] i32;  output [rows, depth] i16
 *   limit   steps of the input below the greatest from which all are alike
 *
 * Semantics: host/ops/subtract_max.ts.
 */
export function subtract_max(block: SubtractMaxArguments): void {
  let input: usize = block.input;
  let output: usize = block.output;
  const rows: i32 = block.rows;
  const depth: i32 = block.depth;
  const limit: i32 = block.limit;
  const multiplier: i32 = block.multiplier;
  const shift: i32 = block.shift;
  for (let row = 0; row < rows; row++) {
    const end: usize = input + (<usize>depth << 2);
    let greatest: i32 = i32.MIN_VALUE;
    for (let at = input; at < end; at += 4) greatest = max(greatest, load<i32>(at));
    for (; input < end; input += 4) {
      const below: i64 = min(<i64>greatest - <i64>load<i32>(input), <i64>limit);
      store<i16>(output, -min(multiplyWide(<i32>below, multiplier, shift), 32767));
      output += 2;
    }
  }
}
