import { clamp, requantize } from "../fixed";

export const VERSION: i32 = 1;

/** The argument block of mul_s16. */
@unmanaged
export class MulS16Arguments {
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
  activationMin: i16;
  activationMax: i16;
  outputShift: i8;
}

/**
 * a * b element by element with broadcasting, int16 in and out, zero points of 0.
 *
 *   output  [size0, size1, size2, size3] i16;  a, b: i16, addressed by their strides in bytes
 *           (0 = broadcast)
 *
 * Semantics: TensorFlow Lite Micro, reference_integer_ops::Mul for int16.
 */
export function mul_s16(block: MulS16Arguments): void {
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
  const outputMultiplier: i32 = block.outputMultiplier;
  const outputShift: i32 = block.outputShift;
  const activationMin: i32 = block.activationMin;
  const activationMax: i32 = block.activationMax;
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
