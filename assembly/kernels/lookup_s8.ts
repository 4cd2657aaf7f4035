export const VERSION: i32 = 1;

/**
 * Any function of one byte, by a table made at build time: logistic, tanh, rescaling, ...
 *
 *   input   [length] i8 or u8;  output [length] i8 or u8;  may be the same buffer
 *   table   [256] i8 or u8, indexed by the input's bit pattern
 */
export function lookup_s8(input: usize, output: usize, table: usize, length: i32): void {
  const end: usize = input + length;
  while (input < end) store<u8>(output++, load<u8>(table + <usize>load<u8>(input++)));
}
