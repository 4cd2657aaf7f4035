export const VERSION: i32 = 1;

/** The argument block of strided_copy. */
@unmanaged
export class StridedCopyArguments {
  input: usize;
  output: usize;
  size0: i32;
  size1: i32;
  size2: i32;
  size3: i32;
  size4: i32;
  stride0: i32;
  stride1: i32;
  stride2: i32;
  stride3: i32;
  stride4: i32;
  elementBytes: i8;
}

/**
 * Moves the elements of a tensor to a dense one: transposition, slices, steps of any sign.
 *
 *   input   the first element of the result; the others are where the strides, in bytes, lead
 *   output  [size0, size1, size2, size3, size4] elements; must not overlap the input
 *   elementBytes  1, 2 or 4
 */
export function strided_copy(block: StridedCopyArguments): void {
  const input: usize = block.input;
  let output: usize = block.output;
  const elementBytes: i32 = block.elementBytes;
  const size0: i32 = block.size0;
  const size1: i32 = block.size1;
  const size2: i32 = block.size2;
  const size3: i32 = block.size3;
  const size4: i32 = block.size4;
  const stride0: i32 = block.stride0;
  const stride1: i32 = block.stride1;
  const stride2: i32 = block.stride2;
  const stride3: i32 = block.stride3;
  const stride4: i32 = block.stride4;
  const rowBytes: i32 = size4 * elementBytes;
  for (let i = 0; i < size0; i++) {
    for (let j = 0; j < size1; j++) {
      for (let k = 0; k < size2; k++) {
        let row: usize = input + <usize>(i * stride0 + j * stride1 + k * stride2);
        for (let l = 0; l < size3; l++) {
          const end: usize = output + rowBytes;
          let from: usize = row;
          if (stride4 == elementBytes) {
            memory.copy(output, from, rowBytes);
            output = end;
          } else if (elementBytes == 1) {
            for (; output + 3 < end; output += 4) {
              store<u8>(output, load<u8>(from));
              from += stride4;
              store<u8>(output, load<u8>(from), 1);
              from += stride4;
              store<u8>(output, load<u8>(from), 2);
              from += stride4;
              store<u8>(output, load<u8>(from), 3);
              from += stride4;
            }
            for (; output < end; from += stride4) store<u8>(output++, load<u8>(from));
          } else if (elementBytes == 2) {
            for (; output < end; output += 2, from += stride4) store<u16>(output, load<u16>(from));
          } else {
            for (; output < end; output += 4, from += stride4) store<u32>(output, load<u32>(from));
          }
          row += stride3;
        }
      }
    }
  }
}
