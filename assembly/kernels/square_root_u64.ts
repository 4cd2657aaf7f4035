import { floorRoot32, floorRoot64 } from "./roots";

export const VERSION: i32 = 1;

/** The argument block of square_root_u64. */
@unmanaged
export class SquareRootU64Arguments {
  input: usize;
  output: usize;
  bits: usize;
  length: i32;
}

/** The nearest integer to a root: rounded up where the rest is above the root. */
// @ts-ignore: decorator
@inline
function nearestRoot(x: u64): u32 {
  if (x >> 32 != 0) {
    const root: u64 = floorRoot64(x);
    return <u32>(x - root * root > root && root != 0xffffffff ? root + 1 : root);
  }
  const low: u32 = <u32>x;
  if (low == 0) return 0;
  const shift: i32 = <i32>clz(low) >> 1;
  const root: u32 = floorRoot32(low << (shift << 1)) >> shift;
  return low - root * root > root && root != 0xffff ? root + 1 : root;
}

/**
 * The nearest integers to roots, shifted to the right.
 *
 *   input   [length] u64
 *   output  [length] u32; must not overlap the input
 *   bits    [1] i32: by how many bits
 *
 * Below 2^32 a root is at most 65535, else at most 2^32 - 1.
 * Semantics: TensorFlow Lite Micro, FilterbankSqrt.
 */
export function square_root_u64(block: SquareRootU64Arguments): void {
  const bits: i32 = load<i32>(block.bits);
  let input: usize = block.input;
  let output: usize = block.output;
  for (const end: usize = output + (<usize>block.length << 2); output < end; output += 4, input += 8) {
    store<u32>(output, nearestRoot(load<u64>(input)) >> bits);
  }
}
