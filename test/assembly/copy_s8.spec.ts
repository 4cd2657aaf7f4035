import { copy_s8 } from "../../assembly/kernels/copy_s8";
import { expectOutput, int8, reset, room } from "./workbench";

/** Copies into the middle of bytes 9 and expects all of them, gaps between the rows included. */
function check(
  input: StaticArray<i8>,
  offset: i32,
  rows: i32,
  length: i32,
  inputStride: i32,
  outputStride: i32,
  expected: StaticArray<i8>,
): void {
  reset();
  const background = new StaticArray<i8>(expected.length);
  background.fill(9);
  const output: usize = int8(background);
  copy_s8({
    input: int8(input),
    output: output + offset,
    rows,
    length,
    inputStride,
    outputStride,
  });
  expectOutput(output, expected);
}

describe("copy_s8", () => {
  test("one run", () => {
    check([1, 2, 3], 0, 1, 3, 3, 3, [1, 2, 3]);
    check([1, 2, 3], 1, 1, 2, 3, 3, [9, 1, 2, 9]);
  });

  test("the second input of a concatenation along the last axis", () => {
    // Two rows of two values, behind one value of the first input in rows of three
    check([1, 2, 3, 4], 1, 2, 2, 2, 3, [9, 1, 2, 9, 3, 4]);
  });

  test("a part of each input row", () => {
    // The first of every three values
    check([1, 2, 3, 4, 5, 6], 0, 2, 1, 3, 1, [1, 4]);
  });

  test("runs longer than a word", () => {
    check(
      [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, -1, -2, -3, -4, -5, -6, -7, -8, -9, -10, -11],
      0,
      2,
      11,
      11,
      12,
      [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 9, -1, -2, -3, -4, -5, -6, -7, -8, -9, -10, -11, 9],
    );
  });
});
