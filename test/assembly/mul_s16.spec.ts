import { mul_s16 } from "../../assembly/kernels/mul_s16";
import { expectInt16, int16, ONE, reset, room } from "./workbench";

/** A product of two rows with a factor of 2^(shift - 1); a stride of 0 repeats one value. */
function check(
  a: StaticArray<i16>,
  b: StaticArray<i16>,
  expected: StaticArray<i16>,
  shift: i32 = 1,
  bStride: i32 = 2,
  least: i32 = -32768,
  greatest: i32 = 32767,
): void {
  reset();
  const output: usize = room(expected.length << 1);
  const size: i32 = expected.length;
  mul_s16({
    a: int16(a),
    b: int16(b),
    output,
    size0: 1,
    size1: 1,
    size2: 1,
    size3: size,
    aStride0: 0,
    aStride1: 0,
    aStride2: 0,
    aStride3: 2,
    bStride0: 0,
    bStride1: 0,
    bStride2: 0,
    bStride3: bStride,
    outputMultiplier: ONE,
    outputShift: <i8>shift,
    activationMin: <i16>least,
    activationMax: <i16>greatest,
  });
  expectInt16(output, expected);
}

describe("mul_s16", () => {
  test("products and saturation", () => {
    check([3, -4, 300, -300], [5, 6, 200, 200], [15, -24, 32767, -32768]);
  });

  test("the greatest product, at 2^-15: 2^30 and a step less", () => {
    check([-32768, -32768, 32767], [-32768, 32767, 32767], [32767, -32767, 32766], -14);
  });

  test("halves go away from zero", () => {
    // 2 / 4, 6 / 4, -6 / 4
    check([2, 6, -6], [1, 1, 1], [1, 2, -2], -1);
  });

  test("one value for all, and bounds", () => {
    check([1, 2, -3], [10], [10, 20, -30], 1, 0);
    check([1, 2, -3], [10], [10, 15, 0], 1, 0, 0, 15);
  });

  test("four loops with alternating axes", () => {
    reset();
    const output: usize = room(32);
    // a is [2, 1, 2, 1], b is [1, 2, 1, 2]; output [i, j, k, l] = a[2i + k] * b[2j + l]
    mul_s16({
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
      outputMultiplier: ONE,
      outputShift: 1,
      activationMin: -32768,
      activationMax: 32767,
    });
    expectInt16(output, [10, 20, 20, 40, 30, 40, 60, 80, 30, 60, 40, 80, 90, 120, 120, 160]);
  });
});
