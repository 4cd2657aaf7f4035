export const VERSION: i32 = 1;

/** The argument block of maximum_s8. */
@unmanaged
export class MaximumS8Arguments {
  a: usize;
  b: usize;
  output: usize;
  size0: i32;
  size1: i32;
  size2: i32;
  size3: i32;
  aStride0: i32;
  aStride1: i32;
  aStride2: i32;
  aStride3: i32;
  bStride0: i32;
  bStride1: i32;
  bStride2: i32;
  bStride3: i32;
  flip: i8;
}

/**
 * The greater or the smaller of two values, element by element with broadcasting, int8; all tensors
 * share one quantisation.
 *
 *   output  [size0, size1, size2, size3] i8;  a, b: i8, addressed by their strides (0 = broadcast)
 *   flip    0 for the greater, -1 for the smaller: that is the complement of the greater complement
 *
 * Semantics: TensorFlow Lite Micro, reference_ops::MaximumMinimumBroadcastSlow.
 */
export function maximum_s8(block: MaximumS8Arguments): void {
  const a: usize = block.a;
  const b: usize = block.b;
  let output: usize = block.output;
  const size0: i32 = block.size0;
  const size1: i32 = block.size1;
  const size2: i32 = block.size2;
  const size3: i32 = block.size3;
  const aStride0: i32 = block.aStride0;
  const aStride1: i32 = block.aStride1;
  const aStride2: i32 = block.aStride2;
  const aStride3: i32 = block.aStride3;
  const bStride0: i32 = block.bStride0;
  const bStride1: i32 = block.bStride1;
  const bStride2: i32 = block.bStride2;
  const bStride3: i32 = block.bStride3;
  const flip: i32 = block.flip;
  for (let i = 0; i < size0; i++) {
    for (let j = 0; j < size1; j++) {
      for (let k = 0; k < size2; k++) {
        let p: usize = a + <usize>(i * aStride0 + j * aStride1 + k * aStride2);
        let q: usize = b + <usize>(i * bStride0 + j * bStride1 + k * bStride2);
        for (const end: usize = output + size3; output < end; output++) {
          const left: i32 = load<i8>(p);
          const right: i32 = load<i8>(q);
          store<i8>(output, (left ^ flip) > (right ^ flip) ? left : right);
          p += aStride3;
          q += bStride3;
        }
      }
    }
  }
}
