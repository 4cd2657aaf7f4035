import { clamp, requantize } from "../fixed";

export const VERSION: i32 = 1;

/** The argument block of mul_s8. */
@unmanaged
export class MulS8Arguments {
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
  outputMultiplier: i32;
  aZeroPoint: i8;
  bZeroPoint: i8;
  outputShift: i8;
  outputZeroPoint: i8;
  activationMin: i8;
  activationMax: i8;
}

/**
 * a * b element by element with broadcasting, int8 in and out.
 *
 *   output  [size0, size1, size2, size3] i8;  a, b: i8, addressed by their strides (0 = broadcast)
 *
 * Semantics: TensorFlow Lite Micro, reference_integer_ops::Mul.
 */
export function mul_s8(block: MulS8Arguments): void {
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
  const aZeroPoint: i32 = block.aZeroPoint;
  const bZeroPoint: i32 = block.bZeroPoint;
  const outputMultiplier: i32 = block.outputMultiplier;
  const outputShift: i32 = block.outputShift;
  const outputZeroPoint: i32 = block.outputZeroPoint;
  const activationMin: i32 = block.activationMin;
  const activationMax: i32 = block.activationMax;
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
