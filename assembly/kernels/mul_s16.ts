import { clamp, requantize } from "../fixed";

export const VERSION: i32 = 1;

/**
 * a * b element by element with broadcasting, int16 in and out, zero points of 0.
 *
 *   output  [size0, size1, size2, size3] i16;  a, b: i16, addressed by their strides in bytes
 *           (0 = broadcast)
 *
 * Semantics: TensorFlow Lite Micro, reference_integer_ops::Mul for int16.
 */
export function mul_s16(
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
  outputMultiplier: i32,
  outputShift: i32,
  activationMin: i32,
  activationMax: i32,
): void {
  for (let i = 0; i < size0; i++) {
    for (let j = 0; j < size1; j++) {
      for (let k = 0; k < size2; k++) {
        let p: usize = a + <usize>(i * aStride0 + j * aStride1 + k * aStride2);
        let q: usize = b + <usize>(i * bStride0 + j * bStride1 + k * bStride2);
        for (let l = 0; l < size3; l++) {
          const product: i32 = <i32>load<i16>(p) * <i32>load<i16>(q);
          const scaled: i32 = requantize(product, outputMultiplier, outputShift);
          store<i16>(output, clamp(scaled, activationMin, activationMax));
          output += 2;
          p += aStride3;
          q += bStride3;
        }
      }
    }
  }
}
