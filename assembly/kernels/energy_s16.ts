export const VERSION: i32 = 1;

/** The argument block of energy_s16. */
@unmanaged
export class EnergyS16Arguments {
  input: usize;
  output: usize;
  length: i32;
  start: i32;
  end: i32;
}

/**
 * Squared magnitudes of complex numbers.
 *
 *   input   [length, 2] i16
 *   output  [length] u32; 0 before `start` and from `end` on; must not overlap the input
 *
 * Semantics: TensorFlow Lite Micro, SpectrumToEnergy.
 */
export function energy_s16(block: EnergyS16Arguments): void {
  const start: usize = <usize>block.start << 2;
  const end: usize = <usize>block.end << 2;
  const output: usize = block.output;
  memory.fill(output, 0, start);
  memory.fill(output + end, 0, (<usize>block.length << 2) - end);
  let input: usize = block.input + start;
  let to: usize = output + start;
  const last: usize = output + end;
  for (; to + 8 <= last; to += 8, input += 8) {
    const re: i32 = load<i16>(input);
    const im: i32 = load<i16>(input, 2);
    store<i32>(to, re * re + im * im);
    const nextRe: i32 = load<i16>(input, 4);
    const nextIm: i32 = load<i16>(input, 6);
    store<i32>(to, nextRe * nextRe + nextIm * nextIm, 4);
  }
  if (to < last) {
    const re: i32 = load<i16>(input);
    const im: i32 = load<i16>(input, 2);
    store<i32>(to, re * re + im * im);
  }
}
