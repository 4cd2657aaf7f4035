import { arg_max_wide } from "../../assembly/kernels/arg_max_wide";
import { expectOutput, int16, int32, reset, room } from "./workbench";

/** Indices are little-endian int32; all here are below 128. */
function expectIndices(at: usize, indices: StaticArray<i8>): void {
  const expected = new StaticArray<i8>(4 * indices.length);
  for (let i = 0; i < indices.length; i++) expected[4 * i] = indices[i];
  expectOutput(at, expected);
}

describe("arg_max_wide", () => {
  test("the greatest and the least of int32, the first of equal ones", () => {
    reset();
    const input: usize = int32([7, i32.MIN_VALUE, i32.MAX_VALUE, i32.MAX_VALUE, i32.MIN_VALUE]);
    const output: usize = room(4);
    arg_max_wide({
      input,
      output,
      outer: 1,
      size: 5,
      inner: 1,
      bytes: 4,
      sign: 1,
    });
    expectIndices(output, [2]);
    arg_max_wide({
      input,
      output,
      outer: 1,
      size: 5,
      inner: 1,
      bytes: 4,
      sign: -1,
    });
    expectIndices(output, [1]);
  });

  test("int16 along the first and the last of two axes", () => {
    reset();
    const input: usize = int16([300, -2, 5, 299, 4, 6]);
    const rows: usize = room(8);
    arg_max_wide({
      input,
      output: rows,
      outer: 2,
      size: 3,
      inner: 1,
      bytes: 2,
      sign: 1,
    });
    expectIndices(rows, [0, 0]);
    reset();
    const columns: usize = room(12);
    arg_max_wide({
      input: int16([300, -2, 5, 299, 4, 6]),
      output: columns,
      outer: 1,
      size: 2,
      inner: 3,
      bytes: 2,
      sign: 1,
    });
    expectIndices(columns, [0, 1, 1]);
  });
});
