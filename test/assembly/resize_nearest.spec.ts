import { resize_nearest } from "../../assembly/kernels/resize_nearest";
import { expectOutput, int8, reset, room } from "./workbench";

class Resize {
  batches: i32 = 1;
  inputHeight: i32 = 1;
  inputWidth: i32 = 1;
  pixelBytes: i32 = 1;
}

/** Positions of 16 bits are written as bytes: low, high. */
function check(
  r: Resize,
  rows: StaticArray<i8>,
  columns: StaticArray<i8>,
  input: StaticArray<i8>,
  expected: StaticArray<i8>,
): void {
  reset();
  const output: usize = room(expected.length);
  resize_nearest({
    input: int8(input),
    output,
    rows: int8(rows),
    columns: int8(columns),
    batches: r.batches,
    inputHeight: r.inputHeight,
    inputWidth: r.inputWidth,
    outputHeight: rows.length / 2,
    outputWidth: columns.length / 2,
    pixelBytes: r.pixelBytes,
  });
  expectOutput(output, expected);
}

describe("resize_nearest", () => {
  test("twice the size", () => {
    check(
      { inputHeight: 2, inputWidth: 2 },
      [0, 0, 0, 0, 1, 0, 1, 0],
      [0, 0, 0, 0, 1, 0, 1, 0],
      [1, 2, 3, 4],
      [1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 4, 4, 3, 3, 4, 4],
    );
  });

  test("every second pixel of three bytes", () => {
    check(
      { inputHeight: 1, inputWidth: 3, pixelBytes: 3 },
      [0, 0],
      [0, 0, 2, 0],
      [1, 2, 3, 4, 5, 6, 7, 8, 9],
      [1, 2, 3, 7, 8, 9],
    );
  });

  test("each image of two begins anew, though it begins with the row that the last one ended with", () => {
    check({ batches: 2, inputHeight: 1, inputWidth: 2 }, [0, 0, 0, 0], [1, 0], [1, 2, 3, 4], [2, 2, 4, 4]);
  });

  test("a position beyond one byte", () => {
    const input = new StaticArray<i8>(300);
    input[258] = 7;
    check({ inputHeight: 1, inputWidth: 300 }, [0, 0], [2, 1], input, [7]);
  });
});
