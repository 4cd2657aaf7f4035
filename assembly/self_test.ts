/** Parts of an exported `self_test`: inputs made from a seed, and a checksum of outputs. */

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

/** FNV-1a, 32 bits: outputs are compared by it, so that a module need not hold what it expects. */
export function checksum(at: usize, length: i32): u32 {
  const end: usize = at + length;
  let hash: u32 = 0x811c9dc5;
  while (at < end) hash = (hash ^ load<u8>(at++)) * 0x01000193;
  return hash;
}

/** Brings a state back to what it was before the first inference: bytes that are all the same. */
export function reset(at: usize, length: i32, value: i32): void {
  const end: usize = at + length;
  while (at < end) store<u8>(at++, value);
}
