import { mul_s8 } from "../../assembly/kernels/mul_s8";
import { expectOutput, int8, ONE, reset, room } from "./workbench";

class Product {
  size0: i32 = 1;
  size1: i32 = 1;
  size2: i32 = 1;
  size3: i32 = 1;
  aStride0: i32 = 0;
  aStride1: i32 = 0;
  aStride2: i32 = 0;
  aStride3: i32 = 1;
  bStride0: i32 = 0;
  bStride1: i32 = 0;
  bStride2: i32 = 0;
  bStride3: i32 = 1;
  aZeroPoint: i32 = 0;
  bZeroPoint: i32 = 0;
  /** The factor is 2^(shift - 1). */
  outputShift: i32 = 1;
  outputZeroPoint: i32 = 0;
  activationMin: i32 = -128;
  activationMax: i32 = 127;
}

function check(p: Product, a: StaticArray<i8>, b: StaticArray<i8>, expected: StaticArray<i8>): void {
  reset();
  const output: usize = room(expected.length);
  mul_s8({
    a: int8(a),
    b: int8(b),
    output,
    size0: p.size0,
    size1: p.size1,
    size2: p.size2,
    size3: p.size3,
    aStride0: p.aStride0,
    aStride1: p.aStride1,
    aStride2: p.aStride2,
    aStride3: p.aStride3,
    bStride0: p.bStride0,
    bStride1: p.bStride1,
    bStride2: p.bStride2,
    bStride3: p.bStride3,
    aZeroPoint: <i8>p.aZeroPoint,
    bZeroPoint: <i8>p.bZeroPoint,
    outputMultiplier: ONE,
    outputShift: <i8>p.outputShift,
    outputZeroPoint: <i8>p.outputZeroPoint,
    activationMin: <i8>p.activationMin,
    activationMax: <i8>p.activationMax,
  });
  expectOutput(output, expected);
}

describe("mul_s8", () => {
  test("products of both signs, and saturation", () => {
    check({ size3: 4 }, [3, -3, 0, 11], [4, 5, 9, -11], [12, -15, 0, -121]);
    check({ size3: 3 }, [12, -12, -128], [12, 12, -128], [127, -128, 127]);
  });

  test("a factor of 1/2: halves go up", () => {
    // 15 / 2 = 7.5, -15 / 2 = -7.5
    check({ size3: 2, outputShift: 0 }, [3, -3], [5, 5], [8, -7]);
  });

  test("a factor of 2^-9", () => {
    // 128 * 128 / 2^9 = 32; 255 * -255 / 2^9 = -127.002
    check({ size3: 1, outputShift: -8 }, [-128], [-128], [32]);
    check({ size3: 1, outputShift: -8, aZeroPoint: -128, bZeroPoint: 127 }, [127], [-128], [-127]);
  });

  test("zero points at both ends", () => {
    // (-125 + 128) * (123 - 127) = -12, minus 100; (-128 + 128) * anything = 0
    check(
      { size3: 2, aZeroPoint: -128, bZeroPoint: 127, outputZeroPoint: -100 },
      [-125, -128],
      [123, -128],
      [-112, -100],
    );
    check({ size3: 2, outputZeroPoint: 127 }, [1, 1], [1, -1], [127, 126]);
    check({ size3: 2, outputZeroPoint: -128 }, [1, 1], [1, -1], [-127, -128]);
  });

  test("activation bounds, after the zero point is added", () => {
    // 3 + 4 = 7, 12 + 4 = 16 to 10, -12 + 4 = -8 to 4
    check(
      { size3: 3, outputZeroPoint: 4, activationMin: 4, activationMax: 10 },
      [3, 3, 3],
      [1, 4, -4],
      [7, 10, 4],
    );
  });

  test("one value times all, a row times a column", () => {
    check({ size3: 3, bStride3: 0 }, [1, 2, 3], [10], [10, 20, 30]);
    check({ size2: 2, size3: 3, bStride2: 1, bStride3: 0 }, [1, 2, 3], [10, 20], [10, 20, 30, 20, 40, 60]);
  });

  test("four loops with alternating axes", () => {
    // a is [2, 1, 2, 1], b is [1, 2, 1, 2]; output [i, j, k, l] = a[2i + k] * b[2j + l]
    check(
      {
        size0: 2, size1: 2, size2: 2, size3: 2,
        aStride0: 2, aStride1: 0, aStride2: 1, aStride3: 0,
        bStride0: 0, bStride1: 2, bStride2: 0, bStride3: 1,
      },
      [1, 2, 3, 4],
      [1, 5, 7, 9],
      [1, 5, 2, 10, 7, 9, 14, 18, 3, 15, 4, 20, 21, 27, 28, 36],
    );
  });
});
