export const VERSION: i32 = 1;

/** The argument block of lookup_s8. */
@unmanaged
export class LookupS8Arguments {
  input: usize;
  output: usize;
  table: usize;
  length: i32;
}

/**
 * Any function of one byte, by a table made at build time: logistic, tanh, rescaling, ...
 *
 *   input   [length] i8 or u8;  output [length] i8 or u8;  may be the same buffer
 *   table   [256] i8 or u8, indexed by the input's bit pattern
 */
export function lookup_s8(block: LookupS8Arguments): void {
  let input: usize = block.input;
  let output: usize = block.output;
  const table: usize = block.table;
  const length: i32 = block.length;
  const end: usize = input + length;
  while (input < end) store<u8>(output++, load<u8>(table + <usize>load<u8>(input++)));
}
