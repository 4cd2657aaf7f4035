import { arg_max_s8 } from "../../assembly/kernels/arg_max_s8";
import { expectOutput, int8, reset, room } from "./workbench";

/** Indices are little-endian int32; all here are below 128. */
function check(
  outer: i32,
  size: i32,
  inner: i32,
  flip: i32,
  input: StaticArray<i8>,
  indices: StaticArray<i8>,
): void {
  reset();
  const expected = new StaticArray<i8>(4 * indices.length);
  for (let i = 0; i < indices.length; i++) expected[4 * i] = indices[i];
  const output: usize = room(expected.length);
  arg_max_s8({
    input: int8(input),
    output,
    outer,
    size,
    inner,
    flip: <i8>flip,
  });
  expectOutput(output, expected);
}

describe("arg_max_s8", () => {
  test("the greatest and the least", () => {
    check(1, 4, 1, 0, [3, -7, 12, 5], [2]);
    check(1, 4, 1, -1, [3, -7, 12, 5], [1]);
  });

  test("the first of equal ones, also at the ends of int8", () => {
    check(1, 4, 1, 0, [1, 5, 5, 2], [1]);
    check(1, 3, 1, 0, [-128, -128, -128], [0]);
    check(1, 3, 1, -1, [127, 127, 127], [0]);
    check(1, 4, 1, -1, [1, -5, -5, 2], [1]);
  });

  test("rows, columns, and an axis between two others", () => {
    check(2, 3, 1, 0, [1, 9, 2, 8, 3, 7], [1, 0]);
    check(1, 2, 3, 0, [1, 9, 2, 8, 3, 7], [1, 0, 1]);
    check(2, 2, 2, 0, [1, 2, 3, -4, 5, 6, -7, 8], [1, 0, 0, 1]);
  });
});
