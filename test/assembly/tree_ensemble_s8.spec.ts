import { tree_ensemble_s8 } from "../../assembly/kernels/tree_ensemble_s8";
import { expectOutput, int8, reset, room } from "./workbench";

/** Terms of two targets in 16 bits: value * 4 + target * 2 + last, low byte first. */
const TERMS: StaticArray<i8> = [
  (10 << 2) | 1, 0, // 0: 10 to target 0
  <i8>((-3 << 2) | 2 | 1), -1, // 1: -3 to target 1
  (5 << 2), 0, (7 << 2) | 2 | 1, 0, // 2: 5 to target 0, and 7 to target 1
  <i8>0x81, 0x0c, // 4: 800 to target 0
];

/** Sums begin with 1 and 2; leaves from number 3 on take two bytes. */
function check(table: StaticArray<i8>, input: StaticArray<i8>, first: i32, second: i32): void {
  reset();
  const output: usize = room(4);
  const bytes: i32 = table.length - 4;
  tree_ensemble_s8({
    input: int8(input),
    table: int8(table),
    tableBytes: bytes,
    terms: int8(TERMS),
    termCount: 5,
    targetBits: 1,
    shortLeaves: 3,
    base: int8([1, 0, 2, 0]),
    output,
    targets: 2,
  });
  expectOutput(output, [<i8>first, <i8>(first >> 8), <i8>second, <i8>(second >> 8)]);
}

describe("tree_ensemble_s8", () => {
  test("a split: up to the threshold the next node, above it the one behind", () => {
    const table: StaticArray<i8> = [7, 0, 1, -5, 1, -1, -2, -1, -1, -1, -1];
    check(table, [99, -5], 11, 2);
    check(table, [99, -4], 1, -1);
    check(table, [99, -128], 11, 2);
    check(table, [99, 127], 1, -1);
  });

  test("trees that are a leaf, one after the other, and a list of two terms", () => {
    check([3, 0, -1, 3, 0, -2, 3, 0, -3, -1, -1, -1, -1], [0], 1 + 10 + 5, 2 - 3 + 7);
  });

  test("a leaf of two bytes: number 3 + 1", () => {
    check([4, 0, -4, 1, -1, -1, -1, -1], [0], 1 + 800, 2);
  });

  test("a jump to a subtree that lies elsewhere", () => {
    // Feature 0 up to 0: the jump, which leads over the leaf to the last node.
    const table: StaticArray<i8> = [10, 0, 0, 0, 3, -128, 4, 0, -2, -1, -1, -1, -1, -1];
    check(table, [0], 11, 2);
    check(table, [1], 1, -1);
  });

  test("splits below splits", () => {
    // x0 <= 3 ? (x1 <= 4 ? leaf 0 : leaf 1) : leaf 2
    const table: StaticArray<i8> = [11, 0, 0, 3, 5, 1, 4, 1, -1, -2, -3, -1, -1, -1, -1];
    check(table, [3, 4], 11, 2);
    check(table, [3, 5], 1, -1);
    check(table, [4, 4], 6, 9);
  });
});
