import { loadElement } from "../rows";

export const VERSION: i32 = 1;

/** The argument block of arg_max_wide. */
@unmanaged
export class ArgMaxWideArguments {
  input: usize;
  output: usize;
  outer: i32;
  size: i32;
  inner: i32;
  bytes: i8;
  sign: i8;
}

/**
 * The index of the greatest value along an axis, the first of equal ones.
 *
 *   input   [outer, size, inner] i16 or i32 (bytes);  output [outer, inner] i32
 *   sign    1 for the greatest, -1 for the least
 */
export function arg_max_wide(block: ArgMaxWideArguments): void {
  let input: usize = block.input;
  let output: usize = block.output;
  const outer: i32 = block.outer;
  const size: i32 = block.size;
  const inner: i32 = block.inner;
  const bytes: i32 = block.bytes;
  const sign: i32 = block.sign;
  const step: i32 = inner * bytes;
  for (let i = 0; i < outer; i++) {
    for (let j = 0; j < inner; j++) {
      let at: usize = input + <usize>(j * bytes);
      let best: i64 = <i64>loadElement(at, bytes) * sign;
      let index: i32 = 0;
      for (let k = 1; k < size; k++) {
        at += step;
        const value: i64 = <i64>loadElement(at, bytes) * sign;
        if (value > best) {
          best = value;
          index = k;
        }
      }
      store<i32>(output, index);
      output += 4;
    }
    input += <usize>(size * step);
  }
}
