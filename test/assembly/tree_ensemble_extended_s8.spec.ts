import { tree_ensemble_extended_s8 } from "../../assembly/kernels/tree_ensemble_extended_s8";
import { expectOutput, int8, reset, room } from "./workbench";

/** One target: value * 2 + last, low byte first. Terms 0 to 2 are 10, -3, 5. */
const TERMS: StaticArray<i8> = [21, 0, -5, -1, 11, 0];

/** The sum begins with 1; leaves are two bytes from term 2 on. */
function check(table: StaticArray<i8>, input: StaticArray<i8>, expected: i32): void {
  reset();
  const output: usize = room(2);
  const bytes: i32 = table.length - 4;
  tree_ensemble_extended_s8({
    input: int8(input),
    table: int8(table),
    tableBytes: bytes,
    terms: int8(TERMS),
    termCount: 3,
    targetBits: 0,
    shortLeaves: 127,
    base: int8([1, 0]),
    output,
    targets: 1,
  });
  expectOutput(output, [<i8>expected, <i8>(expected >> 8)]);
}

describe("tree_ensemble_extended_s8", () => {
  test("a missing value goes on, as what is up to the threshold does", () => {
    // x0 <= 5, right 1
    const table: StaticArray<i8> = [9, 0, -128, 0, <i8>0xe1, 5, 1, -1, -2, -1, -1, -1, -1];
    check(table, [5], 11);
    check(table, [6], -2);
    check(table, [126], -2);
    check(table, [127], 11);
  });

  test("without the bit it does not", () => {
    const table: StaticArray<i8> = [9, 0, -128, 0, <i8>0xe0, 5, 1, -1, -2, -1, -1, -1, -1];
    check(table, [5], 11);
    check(table, [127], -2);
  });

  test("members of a set go on", () => {
    // -2, 0, 7 and 8: bits 0, 2, 9 and 10 from -2 on
    const table: StaticArray<i8> = [12, 0, -128, 0, <i8>0xe2, -2, 1, 2, 5, 6, -1, -2, -1, -1, -1, -1];
    for (let x: i32 = -128; x < 128; x++)
      check(table, [<i8>x], x == -2 || x == 0 || x == 7 || x == 8 ? 11 : -2);
  });

  test("a set that a missing value belongs to", () => {
    const table: StaticArray<i8> = [11, 0, -128, 0, <i8>0xe3, 4, 1, 1, 1, -1, -2, -1, -1, -1, -1];
    check(table, [4], 11);
    check(table, [5], -2);
    check(table, [127], 11);
  });

  test("feature 300, and short splits and jumps beside it", () => {
    const input = new StaticArray<i8>(301);
    // x1 <= 0, right 1; then a jump over one byte to x300 <= 3
    const table: StaticArray<i8> = [
      17, 0, 1, 0, 1, -3, -128, 4, 0, -3, -128, 44, <i8>0xe4, 3, 1, -1, -2, -1, -1, -1, -1,
    ];
    check(table, input, 6);
    input[1] = 1;
    check(table, input, 11);
    input[300] = 4;
    check(table, input, -2);
  });
});
