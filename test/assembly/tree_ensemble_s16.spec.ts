import { tree_ensemble_s16 } from "../../assembly/kernels/tree_ensemble_s16";
import { expectOutput, int8, reset, room } from "./workbench";

/** Terms of two targets in 16 bits: value * 4 + target * 2 + last, low byte first. */
const TERMS: StaticArray<i8> = [
  (10 << 2) | 1, 0, // 0: 10 to target 0
  <i8>((-3 << 2) | 2 | 1), -1, // 1: -3 to target 1
  (5 << 2), 0, (7 << 2) | 2 | 1, 0, // 2: 5 to target 0, and 7 to target 1
];

/** Sums begin with 1 and 2. Features and thresholds are given low byte first. */
function check(table: StaticArray<i8>, input: StaticArray<i8>, first: i32, second: i32): void {
  reset();
  const output: usize = room(4);
  const bytes: i32 = table.length - 4;
  tree_ensemble_s16({
    input: int8(input),
    table: int8(table),
    tableBytes: bytes,
    terms: int8(TERMS),
    termCount: 4,
    targetBits: 1,
    shortLeaves: 0,
    base: int8([1, 0, 2, 0]),
    output,
    targets: 2,
  });
  expectOutput(output, [<i8>first, <i8>(first >> 8), <i8>second, <i8>(second >> 8)]);
}

describe("tree_ensemble_s16", () => {
  test("a split: up to the threshold the next node, above it the one behind", () => {
    // x1 <= 258; the right child lies one unit of two bytes behind the left one
    const table: StaticArray<i8> = [10, 0, 1, 1, 2, 1, -1, 0, -1, 1, -1, -1, -1, -1];
    check(table, [0, 0, 2, 1], 11, 2);
    check(table, [0, 0, 3, 1], 1, -1);
    check(table, [0, 0, 0, -128], 11, 2);
    check(table, [0, 0, -1, 127], 1, -1);
  });

  test("trees that are a leaf, one after the other, and a list of two terms", () => {
    check([4, 0, -1, 0, 4, 0, -1, 1, 4, 0, -1, 2, -1, -1, -1, -1], [0, 0], 1 + 10 + 5, 2 - 3 + 7);
  });

  test("a jump to a subtree that lies elsewhere", () => {
    const table: StaticArray<i8> = [14, 0, 0, 2, 0, 0, -128, 0, 6, 0, -1, 1, -1, 0, -1, -1, -1, -1];
    check(table, [0, 0], 11, 2);
    check(table, [1, 0], 1, -1);
  });
});
