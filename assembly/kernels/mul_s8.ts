import { clamp, requantize } from "../fixed";

export const VERSION: i32 = 1;

/**
 * a * b element by element with broadcasting, int8 in and out.
 *
 *   output  [size0, size1, size2, size3] i8;  a, b: i8, addressed by their strides (0 = broadcast)
 *
 * Semantics: TensorFlow Lite Micro, reference_integer_ops::Mul.
 */
export function mul_s8(
  a: usize,
  b: usize,
  output: usize,
  size0: i32,
  size1: i32,
  size2: i32,
  size3: i32,
  aStride0: i32,
  aStride1: i32,
  aStride2: i32,
  aStride3: i32,
  bStride0: i32,
  bStride1: i32,
  bStride2: i32,
  bStride3: i32,
  aZeroPoint: i32,
  bZeroPoint: i32,
  outputMultiplier: i32,
  outputShift: i32,
  outputZeroPoint: i32,
  activationMin: i32,
  activationMax: i32,
): void {
  for (let i = 0; i < size0; i++) {
    for (let j = 0; j < size1; j++) {
      for (let k = 0; k < size2; k++) {
        let p: usize = a + <usize>(i * aStride0 + j * aStride1 + k * aStride2);
        let q: usize = b + <usize>(i * bStride0 + j * bStride1 + k * bStride2);
        for (let l = 0; l < size3; l++) {
          const product: i32 = (<i32>load<i8>(p) - aZeroPoint) * (<i32>load<i8>(q) - bZeroPoint);
          const scaled: i32 = requantize(product, outputMultiplier, outputShift);
          store<i8>(output++, clamp(scaled + outputZeroPoint, activationMin, activationMax));
          p += aStride3;
          q += bStride3;
        }
      }
    }
  }
}
