import { clamp } from "../fixed";

export const VERSION: i32 = 1;

/** The argument block of arithmetic_s32. */
@unmanaged
export class ArithmeticS32Arguments {
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
  activationMin: i32;
  activationMax: i32;
  operation: i8;
}

/** 0 sum, 1 difference, 2 product, 3 quotient without its fraction, 4 minimum, 5 maximum; all wrap. */
// @ts-ignore: decorator
@inline
function compute(operation: i32, x: i32, y: i32): i32 {
  if (operation == 0) return x + y;
  if (operation == 1) return x - y;
  if (operation == 2) return x * y;
  if (operation == 4) return min(x, y);
  if (operation == 5) return max(x, y);
  // The one quotient that does not fit would stop the module.
  return y == -1 ? -x : x / y;
}

/**
 * Integer arithmetic, element by element with broadcasting, int32 in and out.
 *
 *   output     [size0, size1, size2, size3] i32; may be an operand of its shape
 *   a, b       i32, addressed by their strides in bytes (0 = broadcast); divisors are not 0
 *   operation  see `compute`
 *
 * Semantics: TensorFlow Lite Micro, ADD, SUB, MUL, DIV, MINIMUM and MAXIMUM of int32.
 */
export function arithmetic_s32(block: ArithmeticS32Arguments): void {
  const size3: i32 = block.size3;
  const aStride3: i32 = block.aStride3;
  const bStride3: i32 = block.bStride3;
  const low: i32 = block.activationMin;
  const high: i32 = block.activationMax;
  const operation: i32 = block.operation;
  let output: usize = block.output;
  for (let i = 0; i < block.size0; i++) {
    for (let j = 0; j < block.size1; j++) {
      for (let k = 0; k < block.size2; k++) {
        let a: usize = block.a + <usize>(i * block.aStride0 + j * block.aStride1 + k * block.aStride2);
        let b: usize = block.b + <usize>(i * block.bStride0 + j * block.bStride1 + k * block.bStride2);
        for (let l = 0; l < size3; l++) {
          store<i32>(output, clamp(compute(operation, load<i32>(a), load<i32>(b)), low, high));
          output += 4;
          a += aStride3;
          b += bStride3;
        }
      }
    }
  }
}
