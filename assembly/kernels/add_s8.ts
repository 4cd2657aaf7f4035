import { clamp, requantize } from "../fixed";

export const VERSION: i32 = 1;

/**
 * a + b, or a - b, element by element with broadcasting, int8 in and out. The operands are brought
 * to a common scale with 20 extra bits, as TensorFlow Lite Micro does.
 *
 *   output  [size0, size1, size2, size3] i8;  a, b: i8, addressed by their strides (0 = broadcast)
 *   sign    1 to add, -1 to subtract
 *
 * Semantics: TensorFlow Lite Micro, reference_integer_ops::Add and reference_ops::Sub.
 */
export function add_s8(
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
  sign: i32,
  aZeroPoint: i32,
  aMultiplier: i32,
  aShift: i32,
  bZeroPoint: i32,
  bMultiplier: i32,
  bShift: i32,
  outputMultiplier: i32,
  outputShift: i32,
  outputZeroPoint: i32,
  activationMin: i32,
  activationMax: i32,
): void {
  const HEADROOM: i32 = 20;
  for (let i = 0; i < size0; i++) {
    for (let j = 0; j < size1; j++) {
      for (let k = 0; k < size2; k++) {
        let p: usize = a + <usize>(i * aStride0 + j * aStride1 + k * aStride2);
        let q: usize = b + <usize>(i * bStride0 + j * bStride1 + k * bStride2);
        for (let l = 0; l < size3; l++) {
          const left: i32 = requantize((<i32>load<i8>(p) - aZeroPoint) << HEADROOM, aMultiplier, aShift);
          const right: i32 = requantize((<i32>load<i8>(q) - bZeroPoint) << HEADROOM, bMultiplier, bShift);
          const sum: i32 = requantize(left + sign * right, outputMultiplier, outputShift);
          store<i8>(output++, clamp(sum + outputZeroPoint, activationMin, activationMax));
          p += aStride3;
          q += bStride3;
        }
      }
    }
  }
}
