export const VERSION: i32 = 1;

/** The argument block of pcan_u32. */
@unmanaged
export class PcanU32Arguments {
  input: usize;
  noise: usize;
  table: usize;
  output: usize;
  length: i32;
  snrShift: i8;
}

/** A function of x that is a parabola for each bit length. */
// @ts-ignore: decorator
@inline
function gainOf(x: u32, table: usize): i32 {
  if (x <= 2) return load<i16>(table + (<usize>x << 1));
  const interval: i32 = 32 - clz(x);
  const part: usize = table + (<usize>interval << 3) - 12;
  const fraction: i32 = (interval < 11 ? x << (11 - interval) : x >> (interval - 11)) & 0x3ff;
  const slope: i32 = ((<i32>load<i16>(part, 4) * fraction) >> 5) + (<i32>load<i16>(part, 2) << 5);
  return <i32>(<i16>(((slope * fraction + (1 << 14)) >> 15) + <i32>load<i16>(part)));
}

/**
 * Signals times a function of the noise, shrunk: x^2/4 below 2 and x - 1 from there on, with 12 fraction
 * bits in and 6 out.
 *
 *   input   [length] u32
 *   noise   [length] u32
 *   table   [125] i16: the function for 0, 1 and 2, then at 4 * bit length - 6 what a parabola begins with,
 *           its slope and its bend
 *   output  [length] u32; may be the input
 *
 * Semantics: TensorFlow Lite Micro, ApplyPcanAutoGainControlFixed.
 */
export function pcan_u32(block: PcanU32Arguments): void {
  const table: usize = block.table;
  const snrShift: i64 = block.snrShift;
  let input: usize = block.input;
  let noise: usize = block.noise;
  let output: usize = block.output;
  for (const end: usize = output + (<usize>block.length << 2); output < end; output += 4) {
    const gain: u32 = gainOf(load<u32>(noise), table);
    const x: u32 = <u32>((<u64>load<u32>(input) * <u64>gain) >> snrShift);
    store<u32>(output, x < 8192 ? (x * x) >> 20 : (x >> 6) - 64);
    input += 4;
    noise += 4;
  }
}
