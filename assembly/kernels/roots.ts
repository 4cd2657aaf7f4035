/** Roots of whole numbers, as kernels share them. */

/** The greatest integer whose square is not above m; m from 2^30 on. */
// @ts-ignore: decorator
@inline
export function floorRoot32(m: u32): u32 {
  // The tangent at 2^31 lies above the root by a sixteenth at most; each of Newton's steps squares that.
  let root: u32 = 23170 + (((m >> 16) * 46341) >> 16);
  root = (root + m / root) >> 1;
  root = min<u32>((root + m / root) >> 1, 0xffff);
  return root * root > m ? root - 1 : root;
}

/** The greatest integer whose square is not above x, from 2^32 on: the root of its upper half, and a step. */
// @ts-ignore: decorator
@inline
export function floorRoot64(x: u64): u64 {
  const shift: i32 = (33 - <i32>clz(x)) & ~1;
  const upper: u64 = <u64>floorRoot32(<u32>(x >> shift)) << (shift >> 1);
  const root: u64 = min<u64>(upper + (x - upper * upper) / (upper << 1), 0xffffffff);
  return root * root > x ? root - 1 : root;
}
