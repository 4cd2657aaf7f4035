import { normalize } from "../../assembly/kernels/normalize";
import { expectInt16, expectOutput, int16, int8, reset, room } from "./workbench";

function check8(norm: i32, zeroPoint: i32, input: StaticArray<i8>, expected: StaticArray<i8>): void {
  reset();
  const output: usize = room(expected.length);
  normalize({
    input: int8(input),
    output,
    rows: 1,
    depth: input.length,
    bytes: 1,
    zeroPoint,
    norm: <i8>norm,
    bits: 7,
  });
  expectOutput(output, expected);
}

describe("normalize", () => {
  test("shares of the sum of magnitudes, of 128", () => {
    // 128 * 1/4 and -3/4
    check8(0, 0, [1, -3], [32, -96]);
    check8(0, -128, [-127, -125], [32, 96]);
  });

  test("the Euclidean length", () => {
    // 3/5, 4/5 of 128 are 76.8 and 102.4
    check8(1, 0, [3, -4], [77, -102]);
  });

  test("the greatest value, and what is beyond the range", () => {
    check8(2, 0, [4, 2, -8], [127, 64, -128]);
    // -1 / -1 and -2 / -1
    check8(2, 0, [-1, -2], [127, 127]);
  });

  test("nothing is made of zeros", () => {
    check8(0, 5, [5, 5], [0, 0]);
    check8(1, 5, [5, 5], [0, 0]);
    check8(2, 5, [5, 0], [0, 0]);
  });

  test("rows of int16", () => {
    reset();
    const output: usize = room(8);
    normalize({
      input: int16([30000, 0, -300, 400]),
      output,
      rows: 2,
      depth: 2,
      bytes: 2,
      zeroPoint: 0,
      norm: 1,
      bits: 15,
    });
    expectInt16(output, [32767, 0, -19661, 26214]);
  });
});
