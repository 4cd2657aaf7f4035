export const VERSION: i32 = 1;

/** The argument block of arg_max_s8. */
@unmanaged
export class ArgMaxS8Arguments {
  input: usize;
  output: usize;
  outer: i32;
  size: i32;
  inner: i32;
  flip: i8;
}

/**
 * The index of the greatest or the least value along one axis, the first of equal ones.
 *
 *   input   [outer, size, inner] i8;  output [outer, inner] i32
 *   flip    0 for the greatest, -1 for the least: that is the complement of the greatest complement
 *
 * Semantics: TensorFlow Lite Micro, reference_ops::ArgMinMax.
 */
export function arg_max_s8(block: ArgMaxS8Arguments): void {
  let input: usize = block.input;
  let output: usize = block.output;
  const outer: i32 = block.outer;
  const size: i32 = block.size;
  const inner: i32 = block.inner;
  const flip: i32 = block.flip;
  for (let i = 0; i < outer; i++) {
    for (let j = 0; j < inner; j++) {
      let value: usize = input + j;
      let greatest: i32 = -129;
      let best: i32 = 0;
      for (let k = 0; k < size; k++, value += inner) {
        const candidate: i32 = <i32>load<i8>(value) ^ flip;
        if (candidate > greatest) {
          greatest = candidate;
          best = k;
        }
      }
      store<i32>(output, best);
      output += 4;
    }
    input += <usize>(size * inner);
  }
}
