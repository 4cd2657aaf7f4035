import { clamp, requantize } from "../fixed";

export const VERSION: i32 = 1;

/** The argument block of prelu_s8. */
@unmanaged
export class PreluS8Arguments {
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
  positiveMultiplier: i32;
  negativeMultiplier: i32;
  aZeroPoint: i8;
  bZeroPoint: i8;
  positiveShift: i8;
  negativeShift: i8;
  outputZeroPoint: i8;
}

/**
 * a where it is at least zero, a * b elsewhere, with broadcasting, int8 in and out: b holds the slopes.
 *
 *   output  [size0, size1, size2, size3] i8;  a, b: i8, addressed by their strides (0 = broadcast)
 *   positiveMultiplier, positiveShift  from the scale of a to the output's
 *   negativeMultiplier, negativeShift  from the scale of the products to the output's
 *
 * Semantics: TensorFlow Lite Micro, reference_ops::BroadcastPrelu4DSlow.
 */
export function prelu_s8(block: PreluS8Arguments): void {
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
  const positiveMultiplier: i32 = block.positiveMultiplier;
  const positiveShift: i32 = block.positiveShift;
  const negativeMultiplier: i32 = block.negativeMultiplier;
  const negativeShift: i32 = block.negativeShift;
  const outputZeroPoint: i32 = block.outputZeroPoint;
  for (let i = 0; i < size0; i++) {
    for (let j = 0; j < size1; j++) {
      for (let k = 0; k < size2; k++) {
        let p: usize = a + <usize>(i * aStride0 + j * aStride1 + k * aStride2);
        let q: usize = b + <usize>(i * bStride0 + j * bStride1 + k * bStride2);
        for (const end: usize = output + size3; output < end; output++) {
          const value: i32 = <i32>load<i8>(p) - aZeroPoint;
          const isNegative: bool = value < 0;
          const factor: i32 = isNegative ? <i32>load<i8>(q) - bZeroPoint : 1;
          const scaled: i32 = requantize(
            value * factor,
            isNegative ? negativeMultiplier : positiveMultiplier,
            isNegative ? negativeShift : positiveShift,
          );
          store<i8>(output, clamp(scaled + outputZeroPoint, -128, 127));
          p += aStride3;
          q += bStride3;
        }
      }
    }
  }
}
