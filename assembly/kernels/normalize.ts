import { clamp } from "../fixed";
import { integerRoot, loadElement } from "../rows";

export const VERSION: i32 = 1;

/** The argument block of normalize. */
@unmanaged
export class NormalizeArguments {
  input: usize;
  output: usize;
  rows: i32;
  depth: i32;
  zeroPoint: i32;
  bytes: i8;
  norm: i8;
  bits: i8;
}

/**
 * Rows divided by their norm.
 *
 *   input, output  [rows, depth] i8 or i16 (bytes); one is 2^bits in the output
 *   norm           0: sum of magnitudes, 1: Euclidean, 2: the greatest value
 *
 * Semantics: host/ops/normalize.ts.
 */
export function normalize(block: NormalizeArguments): void {
  let input: usize = block.input;
  let output: usize = block.output;
  const rows: i32 = block.rows;
  const depth: i32 = block.depth;
  const bytes: i32 = block.bytes;
  const zeroPoint: i32 = block.zeroPoint;
  const norm: i32 = block.norm;
  const bits: i32 = block.bits;
  const NORM_BITS: i64 = 8;
  const high: i32 = (1 << bits) - 1;
  for (let row = 0; row < rows; row++) {
    let sum: i64 = norm == 2 ? i32.MIN_VALUE : 0;
    const end: usize = input + <usize>(depth * bytes);
    for (let at = input; at < end; at += bytes) {
      const x: i64 = <i64>(loadElement(at, bytes) - zeroPoint);
      if (norm == 0) sum += x < 0 ? -x : x;
      else if (norm == 1) sum += x * x;
      else sum = max(sum, x);
    }
    const length: i64 = norm == 1 ? <i64>integerRoot(sum << (2 * NORM_BITS)) : sum << NORM_BITS;
    const size: i64 = length < 0 ? -length : length;
    for (; input < end; input += bytes) {
      const x: i64 = <i64>(loadElement(input, bytes) - zeroPoint);
      let share: i32 = 0;
      if (size != 0) {
        const twice: i64 = (x < 0 ? -x : x) << (<i64>bits + NORM_BITS + 1);
        // More than the output holds is cut off before it is too much for 32 bits.
        share = <i32>min((twice + size) / (size << 1), 65536);
        if ((x < 0) != (length < 0)) share = -share;
      }
      share = clamp(share, -high - 1, high);
      if (bytes == 1) store<i8>(output, share);
      else store<i16>(output, share);
      output += bytes;
    }
  }
}
