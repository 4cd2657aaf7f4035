export const VERSION: i32 = 1;

/** The argument block of lookup_s16. */
@unmanaged
export class LookupS16Arguments {
  input: usize;
  output: usize;
  table: usize;
  length: i32;
}

/**
 * Any function of one int16, by straight lines between values made at build time: exp, log, 1 / x, ...
 *
 *   input   [length] i16;  output [length] i16;  may be the same buffer
 *   table   [513] i16: the function at -32768, -32640, ..., 32768
 *
 * Semantics: TensorFlow Lite Micro, LUTLookup for int16 (kernels/internal/common.h).
 */
export function lookup_s16(block: LookupS16Arguments): void {
  let input: usize = block.input;
  let output: usize = block.output;
  const middle: usize = block.table + 512;
  const length: i32 = block.length;
  const end: usize = input + (<usize>length << 1);
  for (; input < end; input += 2, output += 2) {
    const x: i32 = load<i16>(input);
    const entry: usize = middle + ((x >> 7) << 1);
    const below: i32 = load<i16>(entry);
    const slope: i32 = <i32>load<i16>(entry, 2) - below;
    store<i16>(output, below + ((slope * (x & 127) + 64) >> 7));
  }
}
