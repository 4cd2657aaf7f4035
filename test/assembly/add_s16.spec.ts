import { add_s16 } from "../../assembly/kernels/add_s16";
import { expectInt16, int16, ONE, reset, room } from "./workbench";

/** Operands and output of scale 1: both times 2^15 * 1/2, the sum times 2^-14. */
class Sum {
  sign: i32 = 1;
  bStride: i32 = 2;
  bShift: i32 = 0;
  outputShift: i32 = -13;
  activationMin: i32 = -32768;
  activationMax: i32 = 32767;
}

function check(s: Sum, a: StaticArray<i16>, b: StaticArray<i16>, expected: StaticArray<i16>): void {
  reset();
  const output: usize = room(expected.length << 1);
  add_s16({
    a: int16(a),
    b: int16(b),
    output,
    size0: 1,
    size1: 1,
    size2: 1,
    size3: expected.length,
    aStride0: 0,
    aStride1: 0,
    aStride2: 0,
    aStride3: 2,
    bStride0: 0,
    bStride1: 0,
    bStride2: 0,
    bStride3: s.bStride,
    sign: <i8>s.sign,
    aMultiplier: ONE,
    aShift: 0,
    bMultiplier: ONE,
    bShift: <i8>s.bShift,
    outputMultiplier: ONE,
    outputShift: <i8>s.outputShift,
    activationMin: <i16>s.activationMin,
    activationMax: <i16>s.activationMax,
  });
  expectInt16(output, expected);
}

describe("add_s16", () => {
  test("sums, differences and saturation", () => {
    check({}, [1, -2, 30000, -30000], [10, 20, 3000, -3000], [11, 18, 32767, -32768]);
    check({ sign: -1 }, [1, -2, 30000], [10, 20, -3000], [-9, -22, 32767]);
  });

  test("operands of scales 1 and 1/2: halves go away from zero", () => {
    // 10 + 5/2 = 12.5, -10 - 5/2 = -12.5, 10 + 4/2 = 12
    check({ bShift: -1 }, [10, -10, 10], [5, -5, 4], [13, -13, 12]);
  });

  test("output of scale 2", () => {
    check({ outputShift: -14 }, [3, -3, 100], [4, -4, 100], [4, -4, 100]);
  });

  test("one value added to all, and bounds", () => {
    check({ bStride: 0 }, [1, 2, 3], [10], [11, 12, 13]);
    check({ bStride: 0, activationMin: 0, activationMax: 12 }, [-20, 2, 3], [10], [0, 12, 12]);
  });

  test("four loops with alternating axes", () => {
    reset();
    const output: usize = room(32);
    add_s16({
      a: int16([1, 2, 3, 4]),
      b: int16([10, 20, 30, 40]),
      output,
      size0: 2,
      size1: 2,
      size2: 2,
      size3: 2,
      aStride0: 4,
      aStride1: 0,
      aStride2: 2,
      aStride3: 0,
      bStride0: 0,
      bStride1: 4,
      bStride2: 0,
      bStride3: 2,
      sign: 1,
      aMultiplier: ONE,
      aShift: 0,
      bMultiplier: ONE,
      bShift: 0,
      outputMultiplier: ONE,
      outputShift: -13,
      activationMin: -32768,
      activationMax: 32767,
    });
    expectInt16(output, [11, 21, 12, 22, 31, 41, 32, 42, 13, 23, 14, 24, 33, 43, 34, 44]);
  });
});
