/**
 * The memory that a spec hands to a kernel: buffers in a row with marked bytes between them, so that
 * `expectOutput` can tell whether anything but the output and the scratch was written.
 */
const SIZE: i32 = 16384;
const GUARD: i32 = 16;
const MARK: u8 = 0xa5;

const bench = new StaticArray<u8>(SIZE);
/** What the bench held before the kernel ran. */
const shadow = new StaticArray<u8>(SIZE);
let top: i32 = 0;
let scratchFirst: i32 = 0;
let scratchEnd: i32 = 0;

/** A factor of 2^(shift - 1) for `requantize`: ONE with shift 1 leaves a value as it is. */
export const ONE: i32 = 1 << 30;

export function reset(): void {
  bench.fill(MARK);
  shadow.fill(MARK);
  top = GUARD;
  scratchFirst = 0;
  scratchEnd = 0;
}

/** The address of `length` bytes, aligned as tensors are. */
export function room(length: i32): usize {
  const at: i32 = top;
  top = ((at + length + 7) & ~7) + GUARD;
  if (top > SIZE) throw new Error("the workbench is full");
  return changetype<usize>(bench) + at;
}

/** The one buffer that a kernel may leave anything in; what is in it at first is no tensor's. */
export function scratch(length: i32): usize {
  const at: usize = room(length);
  scratchFirst = <i32>(at - changetype<usize>(bench));
  scratchEnd = scratchFirst + length;
  return at;
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

export function int16(values: StaticArray<i16>): usize {
  return place(changetype<usize>(values), values.length << 1);
}

export function int32(values: StaticArray<i32>): usize {
  return place(changetype<usize>(values), values.length << 2);
}

/** `length` bytes of the bench, to keep. */
export function copyOf(at: usize, length: i32): StaticArray<i8> {
  const copy = new StaticArray<i8>(length);
  memory.copy(changetype<usize>(copy), at, length);
  return copy;
}

/** The bytes at `at` are `expected`, and all others on the bench but the scratch are what they were. */
export function expectOutput(at: usize, expected: StaticArray<i8>, label: string = ""): void {
  const first: i32 = <i32>(at - changetype<usize>(bench));
  const end: i32 = first + expected.length;
  for (let i = 0; i < SIZE; i++) {
    if (i >= scratchFirst && i < scratchEnd) continue;
    if (i >= first && i < end) {
      // A message for each byte would take longer than the kernel.
      if (<i8>bench[i] == expected[i - first]) continue;
      const place: string = "output " + (i - first).toString() + label;
      expect<i32>(<i32>(<i8>bench[i])).toBe(<i32>expected[i - first], place);
    } else if (bench[i] != shadow[i]) {
      expect<i32>(i - first).toBe(0, "the offset from the output of a stray write" + label);
    }
  }
}

export function expectInt16(at: usize, expected: StaticArray<i16>, label: string = ""): void {
  const bytes = new StaticArray<i8>(expected.length << 1);
  memory.copy(changetype<usize>(bytes), changetype<usize>(expected), bytes.length);
  expectOutput(at, bytes, label);
}

export function expectInt32(at: usize, expected: StaticArray<i32>, label: string = ""): void {
  const bytes = new StaticArray<i8>(expected.length << 2);
  memory.copy(changetype<usize>(bytes), changetype<usize>(expected), bytes.length);
  expectOutput(at, bytes, label);
}

/** A linear congruential generator (Numerical Recipes), the same on every machine. */
export class Random {
  state: u32 = 1;

  /** An integer in low..high. */
  next(low: i32, high: i32): i32 {
    this.state = this.state * 1664525 + 1013904223;
    return low + <i32>((<u64>this.state * <u64>(high - low + 1)) >> 32);
  }

  int8s(length: i32, low: i32 = -128, high: i32 = 127): StaticArray<i8> {
    const values = new StaticArray<i8>(length);
    for (let i = 0; i < length; i++) values[i] = <i8>this.next(low, high);
    return values;
  }

  int32s(length: i32, low: i32, high: i32): StaticArray<i32> {
    const values = new StaticArray<i32>(length);
    for (let i = 0; i < length; i++) values[i] = this.next(low, high);
    return values;
  }
}
