import { clamp, roundHalfAway } from "./fixed_point.ts";

/**
 * Functions of 16-bit values as TensorFlow Lite has them for int16: a table of 513 values, and straight lines in
 * between. A table is in float32 throughout (lut_population of its common kernels), which each step here rounds to.
 */
const f = Math.fround;
const STEPS = 512;
const INT16_MIN = -32768;
const INT16_MAX = 32767;

interface Range {
  readonly min: number;
  readonly max: number;
}

/** Far beyond int16: an infinite value must not make the line beside it NaN. */
const BEYOND = 2 ** 24;

/** Each value is moved by half of what the line through it would miss the function's middle by. */
export function makeLut(input: Range, outputScale: number, of: (x: number) => number): Int16Array {
  const [low, high] = [f(input.min), f(input.max)];
  const step = f(f(high - low) / STEPS);
  const half = f(step / 2);
  const inverse = f(65536 / f(f(outputScale * INT16_MAX) - f(outputScale * INT16_MIN)));
  const scaled = (x: number): number => clamp(f(f(of(x)) * inverse), -BEYOND, BEYOND);
  const inInt16 = (x: number): number => clamp(x, INT16_MIN, INT16_MAX);
  return Int16Array.from({ length: STEPS + 1 }, (_, i) => {
    if (i === STEPS) return inInt16(roundHalfAway(scaled(high)));
    const x = f(low + f(i * step));
    const sample = roundHalfAway(scaled(x));
    const middle = roundHalfAway(scaled(f(x + half)));
    const next = scaled(f(low + f((i + 1) * step)));
    const interpolated = roundHalfAway(f(f(next + sample) / 2));
    return inInt16(sample - roundHalfAway((interpolated - middle) / 2));
  });
}

/** The function's value for an int16. */
export function lookUp(lut: Int16Array, x: number): number {
  const index = 256 + (x >> 7);
  const slope = lut[index + 1]! - lut[index]!;
  return ((lut[index]! + ((slope * (x & 0x7f) + 64) >> 7)) << 16) >> 16;
}
