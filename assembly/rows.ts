/** What kernels share that read rows of int8 or int16 and add up in 64 bits. */

/** An element of 1, 2 or 4 bytes. */
// @ts-ignore: decorator
@inline
export function loadElement(at: usize, bytes: i32): i32 {
  if (bytes == 1) return <i32>load<i8>(at);
  if (bytes == 2) return <i32>load<i16>(at);
  return load<i32>(at);
}

/** round(x / 2^shift), halves up; shift 0..62. */
// @ts-ignore: decorator
@inline
export function shiftRight64(x: i64, shift: i32): i64 {
  if (shift == 0) return x;
  return (x + (<i64>1 << (shift - 1))) >> shift;
}

/** x * multiplier / 2^shift, halves up, for factors of a multiplier of 31 bits. */
// @ts-ignore: decorator
@inline
export function multiplyWide(x: i32, multiplier: i32, shift: i32): i32 {
  return <i32>shiftRight64(<i64>x * <i64>multiplier, shift);
}

/** The greatest integer whose square is at most x, for 0 <= x < 2^62: one bit after the other. */
export function integerRoot(x: i64): i32 {
  let root: i64 = 0;
  for (let bit: i64 = 1 << 30; bit != 0; bit >>= 1) {
    const candidate: i64 = root + bit;
    if (candidate * candidate <= x) root = candidate;
  }
  return <i32>root;
}
