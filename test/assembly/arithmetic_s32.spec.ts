import { arithmetic_s32 } from "../../assembly/kernels/arithmetic_s32";
import { expectInt32, int32, reset, room } from "./workbench";

const NAMES: StaticArray<string> = [" sum", " difference", " product", " quotient", " minimum", " maximum"];

function check(
  operation: i8,
  b: StaticArray<i32>,
  expected: StaticArray<i32>,
  least: i32 = i32.MIN_VALUE,
): void {
  reset();
  const output: usize = room(16);
  arithmetic_s32({
    a: int32([7, -7, 5, i32.MIN_VALUE]),
    b: int32(b),
    output,
    size0: 1,
    size1: 1,
    size2: 2,
    size3: 2,
    aStride0: 0,
    aStride1: 0,
    aStride2: 8,
    aStride3: 4,
    bStride0: 0,
    bStride1: 0,
    bStride2: b.length > 2 ? 8 : 0,
    bStride3: 4,
    activationMin: least,
    activationMax: i32.MAX_VALUE,
    operation,
  });
  expectInt32(output, expected, NAMES[operation]);
}

describe("arithmetic_s32", () => {
  test("each operation, and what wraps", () => {
    check(0, [2, 2, -1, -1], [9, -5, 4, i32.MAX_VALUE]);
    check(1, [2, 2, -1, 1], [5, -9, 6, i32.MAX_VALUE]);
    check(2, [2, 2, -1, 2], [14, -14, -5, 0]);
    check(4, [2, 2, -1, 3], [2, -7, -1, i32.MIN_VALUE]);
    check(5, [2, 2, -1, 3], [7, 2, 5, 3]);
  });

  test("quotients lose their fraction, and the one that does not fit wraps", () => {
    check(3, [2, 2, -1, -1], [3, -3, -5, i32.MIN_VALUE]);
  });

  test("an operand that is repeated, and a least result", () => {
    check(0, [1, 2], [8, -5, 6, -6], -6);
  });
});
