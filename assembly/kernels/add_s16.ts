import { clamp, requantize } from "../fixed";

export const VERSION: i32 = 1;

/** The argument block of add_s16. */
@unmanaged
export class AddS16Arguments {
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
  aMultiplier: i32;
  bMultiplier: i32;
  outputMultiplier: i32;
  activationMin: i16;
  activationMax: i16;
  sign: i8;
  aShift: i8;
  bShift: i8;
  outputShift: i8;
}

/**
 * a + b, or a - b, element by element with broadcasting, int16 in and out, zero points of 0. The
 * operands are brought to a common scale with 15 extra bits, as TensorFlow Lite Micro does.
 *
 *   output  [size0, size1, size2, size3] i16;  a, b: i16, addressed by their strides in bytes
 *           (0 = broadcast)
 *   sign    1 to add, -1 to subtract
 *
 * Semantics: TensorFlow Lite Micro, reference_ops::Add and Sub for int16.
 */
export function add_s16(block: AddS16Arguments): void {
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
  const sign: i32 = block.sign;
  const aMultiplier: i32 = block.aMultiplier;
  const aShift: i32 = block.aShift;
  const bMultiplier: i32 = block.bMultiplier;
  const bShift: i32 = block.bShift;
  const outputMultiplier: i32 = block.outputMultiplier;
  const outputShift: i32 = block.outputShift;
  const activationMin: i32 = block.activationMin;
  const activationMax: i32 = block.activationMax;
  const HEADROOM: i32 = 15;
  for (let i = 0; i < size0; i++) {
    for (let j = 0; j < size1; j++) {
      for (let k = 0; k < size2; k++) {
        let p: usize = a + <usize>(i * aStride0 + j * aStride1 + k * aStride2);
        let q: usize = b + <usize>(i * bStride0 + j * bStride1 + k * bStride2);
        for (let l = 0; l < size3; l++) {
          const left: i32 = requantize(<i32>load<i16>(p) << HEADROOM, aMultiplier, aShift);
          const right: i32 = requantize(<i32>load<i16>(q) << HEADROOM, bMultiplier, bShift);
          const sum: i32 = requantize(left + sign * right, outputMultiplier, outputShift);
          store<i16>(output, clamp(sum, activationMin, activationMax));
          output += 2;
          p += aStride3;
          q += bStride3;
        }
      }
    }
  }
}
