export const VERSION: i32 = 1;

/** The argument block of pad_s16. */
@unmanaged
export class PadS16Arguments {
  input: usize;
  output: usize;
  length: i32;
  value: i32;
  offset: i32;
  size0: i32;
  size1: i32;
  size2: i32;
  size3: i32;
  stride0: i32;
  stride1: i32;
  stride2: i32;
}

/**
 * A tensor of up to four axes inside a larger one that is filled with a constant, int16.
 *
 *   input   [size0, size1, size2, size3] i16
 *   output  `length` i16, with the strides below; the input's first element comes at `offset`. Strides
 *           and offset are in bytes
 *
 * Semantics: TensorFlow Lite Micro, reference_ops::Pad for int16.
 */
export function pad_s16(block: PadS16Arguments): void {
  let input: usize = block.input;
  let output: usize = block.output;
  const length: i32 = block.length;
  const value: i32 = block.value;
  const offset: i32 = block.offset;
  const size0: i32 = block.size0;
  const size1: i32 = block.size1;
  const size2: i32 = block.size2;
  const size3: i32 = block.size3;
  const stride0: i32 = block.stride0;
  const stride1: i32 = block.stride1;
  const stride2: i32 = block.stride2;
  const end: usize = output + (<usize>length << 1);
  for (let to: usize = output; to < end; to += 2) store<i16>(to, value);
  const run: i32 = size3 << 1;
  output += offset;
  for (let i = 0; i < size0; i++) {
    for (let j = 0; j < size1; j++) {
      let to: usize = output + <usize>(i * stride0 + j * stride1);
      for (let k = 0; k < size2; k++) {
        memory.copy(to, input, run);
        input += run;
        to += stride2;
      }
    }
  }
}
