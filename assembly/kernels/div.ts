import { loadElement } from "../rows";

export const VERSION: i32 = 1;

/** The argument block of div. */
@unmanaged
export class DivArguments {
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
  multiplier: i32;
  aZeroPoint: i8;
  bZeroPoint: i8;
  outputZeroPoint: i8;
  shift: i8;
  bytes: i8;
}

/**
 * a / b element by element with broadcasting, i8 or i16 (bytes) in and out.
 *
 *   output             [size0, size1, size2, size3]
 *   a, b               addressed by their strides in bytes (0 = broadcast)
 *   multiplier, shift  the factor multiplier / 2^shift brings a quotient of integers to the output's scale
 *
 * Halves are rounded away from zero; what is divided by 0 is beyond the range. Semantics: host/ops/div.ts.
 */
export function div(block: DivArguments): void {
  let output: usize = block.output;
  const bytes: i32 = block.bytes;
  const aStride: i32 = block.aStride3;
  const bStride: i32 = block.bStride3;
  const aZeroPoint: i32 = block.aZeroPoint;
  const bZeroPoint: i32 = block.bZeroPoint;
  const outputZeroPoint: i64 = block.outputZeroPoint;
  const multiplier: i64 = block.multiplier;
  const shift: i64 = block.shift;
  const least: i64 = bytes == 1 ? -128 : -32768;
  for (let i = 0; i < block.size0; i++) {
    for (let j = 0; j < block.size1; j++) {
      for (let k = 0; k < block.size2; k++) {
        let p: usize =
          block.a + <usize>(i * block.aStride0 + j * block.aStride1 + k * block.aStride2);
        let q: usize =
          block.b + <usize>(i * block.bStride0 + j * block.bStride1 + k * block.bStride2);
        for (let l = 0; l < block.size3; l++) {
          const x: i64 = <i64>(loadElement(p, bytes) - aZeroPoint);
          const y: i64 = <i64>(loadElement(q, bytes) - bZeroPoint);
          let quotient: i64 = 0;
          if (x != 0) {
            const size: i64 = (y < 0 ? -y : y) << shift;
            const twice: i64 = ((x < 0 ? -x : x) * multiplier) << 1;
            quotient = size == 0 ? 65536 : (twice + size) / (size << 1);
            if ((x < 0) != (y < 0)) quotient = -quotient;
          }
          const value: i64 = max(least, min(quotient + outputZeroPoint, -least - 1));
          if (bytes == 1) store<i8>(output, <i32>value);
          else store<i16>(output, <i32>value);
          output += bytes;
          p += aStride;
          q += bStride;
        }
      }
    }
  }
}
