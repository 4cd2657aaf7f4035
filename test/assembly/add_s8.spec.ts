import { add_s8 } from "../../assembly/kernels/add_s8";
import { expectOutput, int8, ONE, reset, room } from "./workbench";

/**
 * Operands and output of scale 1: both operands times 2^20 * 1/2, the sum times 2^-19. Other scales
 * change the shifts: the factors are 2^(aShift - 1), 2^(bShift - 1) and 2^(outputShift - 1).
 */
class Sum {
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
  sign: i32 = 1;
  aZeroPoint: i32 = 0;
  aShift: i32 = 0;
  bZeroPoint: i32 = 0;
  bShift: i32 = 0;
  outputShift: i32 = -18;
  outputZeroPoint: i32 = 0;
  activationMin: i32 = -128;
  activationMax: i32 = 127;
}

function check(s: Sum, a: StaticArray<i8>, b: StaticArray<i8>, expected: StaticArray<i8>): void {
  reset();
  const output: usize = room(expected.length);
  add_s8({
    a: int8(a),
    b: int8(b),
    output,
    size0: s.size0,
    size1: s.size1,
    size2: s.size2,
    size3: s.size3,
    aStride0: s.aStride0,
    aStride1: s.aStride1,
    aStride2: s.aStride2,
    aStride3: s.aStride3,
    bStride0: s.bStride0,
    bStride1: s.bStride1,
    bStride2: s.bStride2,
    bStride3: s.bStride3,
    sign: <i8>s.sign,
    aZeroPoint: <i8>s.aZeroPoint,
    aMultiplier: ONE,
    aShift: <i8>s.aShift,
    bZeroPoint: <i8>s.bZeroPoint,
    bMultiplier: ONE,
    bShift: <i8>s.bShift,
    outputMultiplier: ONE,
    outputShift: <i8>s.outputShift,
    outputZeroPoint: <i8>s.outputZeroPoint,
    activationMin: <i8>s.activationMin,
    activationMax: <i8>s.activationMax,
  });
  expectOutput(output, expected);
}

describe("add_s8", () => {
  test("sums and differences", () => {
    check({ size3: 4 }, [1, -2, 100, -100], [10, 20, -30, -28], [11, 18, 70, -128]);
    check({ size3: 4, sign: -1 }, [1, -2, 100, -100], [10, 20, -27, 28], [-9, -22, 127, -128]);
  });

  test("saturation", () => {
    check({ size3: 2 }, [100, -100], [100, -100], [127, -128]);
    check({ size3: 2, sign: -1 }, [127, -128], [-128, 127], [127, -128]);
  });

  test("operands of scales 1 and 1/2: halves go away from zero", () => {
    // 10 + 5/2 = 12.5, -10 - 5/2 = -12.5, 10 + 4/2 = 12
    check({ size3: 3, bShift: -1 }, [10, -10, 10], [5, -5, 4], [13, -13, 12]);
  });

  test("output of scale 2", () => {
    // (3 + 4) / 2 = 3.5, (-3 - 4) / 2, (100 + 100) / 2
    check({ size3: 3, outputShift: -19 }, [3, -3, 100], [4, -4, 100], [4, -4, 100]);
  });

  test("zero points at both ends", () => {
    // (127 + 128) + (-128 - 127) = 0, plus -128; (-128 + 128) + (127 - 127) = 0
    check(
      { size3: 2, aZeroPoint: -128, bZeroPoint: 127, outputZeroPoint: -128 },
      [127, -128],
      [-128, 127],
      [-128, -128],
    );
    // (-120 + 128) - (120 - 127) = 15; with the output's zero point 112 that is 127, one more saturates
    check({ sign: -1, aZeroPoint: -128, bZeroPoint: 127, outputZeroPoint: 112 }, [-120], [120], [127]);
    check({ sign: -1, aZeroPoint: -128, bZeroPoint: 127, outputZeroPoint: 113 }, [-120], [120], [127]);
  });

  test("activation bounds, after the zero point is added", () => {
    // 1 + 2 + 4 = 7, 10 + 10 + 4 = 24 to 10, -5 - 5 + 4 = -6 to 4
    check(
      { size3: 3, outputZeroPoint: 4, activationMin: 4, activationMax: 10 },
      [1, 10, -5],
      [2, 10, -5],
      [7, 10, 4],
    );
  });

  test("one value added to all", () => {
    check({ size3: 3, bStride3: 0 }, [1, 2, 3], [10], [11, 12, 13]);
    check({ size3: 3, aStride3: 0, sign: -1 }, [10], [1, 2, 3], [9, 8, 7]);
  });

  test("a row and a column to a matrix", () => {
    // a = 1 2 3 repeated for each row, b = 10 20 one for each row
    check(
      { size2: 2, size3: 3, aStride2: 0, aStride3: 1, bStride2: 1, bStride3: 0 },
      [1, 2, 3],
      [10, 20],
      [11, 12, 13, 21, 22, 23],
    );
  });

  test("four loops with alternating axes", () => {
    // a is [2, 1, 2, 1], b is [1, 2, 1, 2]; output [i, j, k, l] = a[2i + k] + b[2j + l]
    check(
      {
        size0: 2, size1: 2, size2: 2, size3: 2,
        aStride0: 2, aStride1: 0, aStride2: 1, aStride3: 0,
        bStride0: 0, bStride1: 2, bStride2: 0, bStride3: 1,
      },
      [1, 2, 3, 4],
      [10, 20, 30, 40],
      [11, 21, 12, 22, 31, 41, 32, 42, 13, 23, 14, 24, 33, 43, 34, 44],
    );
  });
});
