import { tree_ensemble_extended_s16 } from "../../assembly/kernels/tree_ensemble_extended_s16";
import { expectOutput, int8, reset, room } from "./workbench";

/** One target: value * 2 + last, low byte first. Terms 0 and 1 are 10 and -3. */
const TERMS: StaticArray<i8> = [21, 0, -5, -1];

/** The sum begins with 1. Leaves 0 and 1 are -1, 0 and -1, 1. */
function check(table: StaticArray<i8>, input: StaticArray<i8>, expected: i32): void {
  reset();
  const output: usize = room(2);
  const bytes: i32 = table.length - 4;
  tree_ensemble_extended_s16({
    input: int8(input),
    table: int8(table),
    tableBytes: bytes,
    terms: int8(TERMS),
    termCount: 2,
    targetBits: 0,
    shortLeaves: 0,
    base: int8([1, 0]),
    output,
    targets: 1,
  });
  expectOutput(output, [<i8>expected, <i8>(expected >> 8)]);
}

describe("tree_ensemble_extended_s16", () => {
  test("a missing value goes on, as what is up to the threshold does", () => {
    // x0 <= 258, right 2
    const table: StaticArray<i8> = [12, 0, -128, 0, 3, 1, 2, 1, -1, 0, -1, 1, -1, -1, -1, -1];
    check(table, [2, 1], 11);
    check(table, [3, 1], -2);
    check(table, [-2, 127], -2);
    check(table, [-1, 127], 11);
  });

  test("members of a set go on", () => {
    // 1000, 1001 and 1015: a mask of two bytes from 1000 on
    const table: StaticArray<i8> = [
      16, 0, -128, 0, 5, 1, <i8>0xe8, 3, 2, 0, 3, -128, -1, 0, -1, 1, -1, -1, -1, -1,
    ];
    for (let x: i32 = 990; x < 1030; x++)
      check(table, [<i8>x, <i8>(x >> 8)], x == 1000 || x == 1001 || x == 1015 ? 11 : -2);
    check(table, [-1, 127], -2);
  });

  test("feature 300, where a jump leads to", () => {
    const input = new StaticArray<i8>(602);
    const table: StaticArray<i8> = [
      16, 0, -128, 0, 4, 0, -128, 44, 9, 1, 3, 0, -1, 0, -1, 1, -1, -1, -1, -1,
    ];
    check(table, input, 11);
    input[600] = 4;
    check(table, input, -2);
  });
});
