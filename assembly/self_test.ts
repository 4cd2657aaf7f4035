/** What an exported `self_test` needs: inputs made from a seed, and a comparison. */

/**
 * Fills `length` bytes from a linear congruential generator (Numerical Recipes: multiplier 1664525,
 * increment 1013904223), the top byte of each state. The same as `lcgBytes` on the host.
 */
export function fill(at: usize, length: i32, seed: u32): u32 {
  const end: usize = at + length;
  while (at < end) {
    seed = seed * 1664525 + 1013904223;
    store<u8>(at++, seed >>> 24);
  }
  return seed;
}

export function equal(a: usize, b: usize, length: i32): bool {
  const end: usize = a + length;
  while (a < end) if (load<u8>(a++) != load<u8>(b++)) return false;
  return true;
}

/** Brings a state back to what it was before the first inference: bytes that are all the same. */
export function reset(at: usize, length: i32, value: i32): void {
  const end: usize = at + length;
  while (at < end) store<u8>(at++, value);
}
