import { loadElement } from "../rows";

export const VERSION: i32 = 1;

/** The argument block of svm_votes. */
@unmanaged
export class SvmVotesArguments {
  input: usize;
  output: usize;
  scratch: usize;
  rows: i32;
  classes: i32;
  inputZeroPoint: i32;
  one: i32;
  inputBytes: i8;
  voteShift: i8;
}

/**
 * Votes for classes by the decisions between all pairs of them, and less than one vote by their sums.
 *
 *   input    [rows, classes * (classes - 1) / 2], elements of inputBytes
 *   output   [rows, classes] i16, one vote is 2^voteShift;  one: what one is in decisions
 *   scratch  [classes] i64
 *
 * Semantics: host/ops/svm_votes.ts.
 */
export function svm_votes(block: SvmVotesArguments): void {
  let input: usize = block.input;
  let output: usize = block.output;
  const scratch: usize = block.scratch;
  const rows: i32 = block.rows;
  const classes: i32 = block.classes;
  const inputBytes: i32 = block.inputBytes;
  const inputZeroPoint: i32 = block.inputZeroPoint;
  const one: i32 = block.one;
  const voteShift: i32 = block.voteShift;
  for (let row = 0; row < rows; row++) {
    memory.fill(output, 0, <usize>classes << 1);
    memory.fill(scratch, 0, <usize>classes << 3);
    for (let a = 0; a < classes; a++) {
      const sumA: usize = scratch + (<usize>a << 3);
      for (let b = a + 1; b < classes; b++) {
        const sumB: usize = scratch + (<usize>b << 3);
        const decision: i32 = loadElement(input, inputBytes) - inputZeroPoint;
        const winner: usize = output + (<usize>(decision < 0 ? b : a) << 1);
        store<i16>(winner, load<i16>(winner) + 1);
        store<i64>(sumA, load<i64>(sumA) + <i64>decision);
        store<i64>(sumB, load<i64>(sumB) - <i64>decision);
        input += inputBytes;
      }
    }
    for (let i = 0; i < classes; i++) {
      const sum: i64 = load<i64>(scratch + (<usize>i << 3));
      const size: i64 = sum < 0 ? -sum : sum;
      const part: i64 = (sum << voteShift) / (3 * (size + <i64>one));
      store<i16>(output, (<i32>load<i16>(output) << voteShift) + <i32>part);
      output += 2;
    }
  }
}
