export const VERSION: i32 = 1;

/**
 * The index of the greatest or the least value along one axis, the first of equal ones.
 *
 *   input   [outer, size, inner] i8;  output [outer, inner] i32
 *   flip    0 for the greatest, -1 for the least: that is the complement of the greatest complement
 *
 * Semantics: TensorFlow Lite Micro, reference_ops::ArgMinMax.
 */
export function arg_max_s8(
  input: usize,
  output: usize,
  outer: i32,
  size: i32,
  inner: i32,
  flip: i32,
): void {
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
