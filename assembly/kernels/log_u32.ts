export const VERSION: i32 = 1;

/** The argument block of log_u32. */
@unmanaged
export class LogU32Arguments {
  input: usize;
  output: usize;
  table: usize;
  length: i32;
  outputScale: i32;
  inputCorrectionBits: i8;
}

/**
 * Scaled logarithms: log(x * 2^inputCorrectionBits) * outputScale, at most 32767;
 * 0 where that x is not above 1.
 *
 *   input   [length] u32
 *   output  [length] i16; must not overlap the input
 *   table   [129] i16: log2(1 + i/128) - i/128, with 16 fraction bits
 *
 * Between the table's points lie straight lines. Semantics: TensorFlow Lite Micro, FilterbankLog.
 */
export function log_u32(block: LogU32Arguments): void {
  const LOG_2: i64 = 45426;
  const table: usize = block.table;
  const outputScale: u32 = block.outputScale;
  const correction: u32 = block.inputCorrectionBits;
  let input: usize = block.input;
  let output: usize = block.output;
  for (const end: usize = output + (<usize>block.length << 1); output < end; output += 2, input += 4) {
    const x: u32 = load<u32>(input) << correction;
    if (x <= 1) {
      store<i16>(output, 0);
      continue;
    }
    const integer: u32 = 31 - clz(x);
    // The bits behind the highest, 16 of them.
    const fraction: u32 = ((x << (31 - integer)) >> 15) & 0xffff;
    const point: usize = table + (<usize>(fraction >> 9) << 1);
    const from: i32 = load<i16>(point);
    const between: i32 = ((<i32>load<i16>(point, 2) - from) * <i32>(fraction & 511)) >> 16;
    const log2: i64 = (integer << 16) + fraction + from + between;
    const natural: u32 = <u32>((log2 * LOG_2 + (1 << 15)) >> 16);
    store<i16>(output, min<u32>((outputScale * natural + (1 << 15)) >> 16, 32767));
  }
}
