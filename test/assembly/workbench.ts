/**
 * The memory that a spec hands to a kernel: buffers in a row with marked bytes between them, so that
 * `expectOutput` can tell whether anything but the output was written.
 */
const SIZE: i32 = 2048;
const GUARD: i32 = 16;
const MARK: u8 = 0xa5;

const bench = new StaticArray<u8>(SIZE);
/** What the bench held before the kernel ran. */
const shadow = new StaticArray<u8>(SIZE);
let top: i32 = 0;

/** A factor of 2^(shift - 1) for `requantize`: ONE with shift 1 leaves a value as it is. */
export const ONE: i32 = 1 << 30;

export function reset(): void {
  bench.fill(MARK);
  shadow.fill(MARK);
  top = GUARD;
}

/** The address of `length` bytes, aligned as tensors are. */
export function room(length: i32): usize {
  const at: i32 = top;
  top = ((at + length + 7) & ~7) + GUARD;
  if (top > SIZE) throw new Error("the workbench is full");
  return changetype<usize>(bench) + at;
}

function place(from: usize, length: i32): usize {
  const at: usize = room(length);
  memory.copy(at, from, length);
  memory.copy(at - changetype<usize>(bench) + changetype<usize>(shadow), from, length);
  return at;
}

export function int8(values: StaticArray<i8>): usize {
  return place(changetype<usize>(values), values.length);
}

export function int32(values: StaticArray<i32>): usize {
  return place(changetype<usize>(values), values.length << 2);
}

/** The bytes at `at` are `expected`, and all others on the bench are what they were. */
export function expectOutput(at: usize, expected: StaticArray<i8>): void {
  const first: i32 = <i32>(at - changetype<usize>(bench));
  const end: i32 = first + expected.length;
  for (let i = first; i < end; i++) {
    expect<i32>(<i32>(<i8>bench[i])).toBe(<i32>expected[i - first], "output " + (i - first).toString());
  }
  for (let i = 0; i < SIZE; i++) {
    if (i >= first && i < end) continue;
    if (bench[i] != shadow[i]) expect<i32>(i - first).toBe(0, "the offset from the output of a stray write");
  }
}
