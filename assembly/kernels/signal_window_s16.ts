import { clamp } from "../fixed";

export const VERSION: i32 = 1;

/** The argument block of signal_window_s16. */
@unmanaged
export class SignalWindowS16Arguments {
  input: usize;
  window: usize;
  output: usize;
  rows: i32;
  length: i32;
  shift: i8;
  saturates: i8;
}

/**
 * Rows of samples times a window, shifted to the right and saturated.
 *
 *   input   [rows, length] i16
 *   window  [length] i16
 *   output  [rows, length] i16; may be the input
 *   shift   0..31
 *   saturates  0 where no product can be too large
 *
 * Semantics: TensorFlow Lite Micro, ApplyWindow.
 */
export function signal_window_s16(block: SignalWindowS16Arguments): void {
  let input: usize = block.input;
  let output: usize = block.output;
  const window: usize = block.window;
  const bytes: usize = <usize>block.length << 1;
  const shift: i32 = block.shift;
  const saturates: bool = block.saturates != 0;
  for (let row = block.rows; row > 0; row--) {
    let factor: usize = window;
    const end: usize = window + bytes;
    while (!saturates && factor + 8 <= end) {
      store<i16>(output, (<i32>load<i16>(input) * <i32>load<i16>(factor)) >> shift);
      store<i16>(output, (<i32>load<i16>(input, 2) * <i32>load<i16>(factor, 2)) >> shift, 2);
      store<i16>(output, (<i32>load<i16>(input, 4) * <i32>load<i16>(factor, 4)) >> shift, 4);
      store<i16>(output, (<i32>load<i16>(input, 6) * <i32>load<i16>(factor, 6)) >> shift, 6);
      input += 8;
      output += 8;
      factor += 8;
    }
    for (; factor < end; factor += 2, input += 2, output += 2) {
      const product: i32 = <i32>load<i16>(input) * <i32>load<i16>(factor);
      store<i16>(output, clamp(product >> shift, -32768, 32767));
    }
  }
}
