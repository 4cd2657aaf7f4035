import { resize_bilinear } from "../../assembly/kernels/resize_bilinear";
import { expectInt16, expectOutput, int16, int32, int8, reset, room } from "./workbench";

describe("resize_bilinear", () => {
  test("between four pixels, halves away from zero", () => {
    reset();
    const output: usize = room(4);
    // (0, 0), a half right, a half down, and both: 1, (1 + 2) / 2, (1 - 6) / 2, (1 + 2 - 6 + 0) / 4
    resize_bilinear({
      input: int8([1, 2, -6, 0]),
      output,
      rows: int32([0, 512]),
      columns: int32([0, 512]),
      batches: 1,
      inputHeight: 2,
      inputWidth: 2,
      outputHeight: 2,
      outputWidth: 2,
      channels: 1,
      bytes: 1,
    });
    expectOutput(output, [1, 2, -3, -1]);
  });

  test("two batches of two channels, the last pixel on its place", () => {
    reset();
    const output: usize = room(8);
    resize_bilinear({
      input: int8([0, 100, 40, -100, 8, 8, 16, -16]),
      output,
      rows: int32([0]),
      columns: int32([256, 1024]),
      batches: 2,
      inputHeight: 1,
      inputWidth: 2,
      outputHeight: 1,
      outputWidth: 2,
      channels: 2,
      bytes: 1,
    });
    expectOutput(output, [10, 50, 40, -100, 10, 2, 16, -16]);
  });

  test("16 bits: sums of more than 32", () => {
    reset();
    const output: usize = room(4);
    resize_bilinear({
      input: int16([32767, -32768]),
      output,
      rows: int32([0]),
      columns: int32([1, 1023]),
      batches: 1,
      inputHeight: 1,
      inputWidth: 2,
      outputHeight: 1,
      outputWidth: 2,
      channels: 1,
      bytes: 2,
    });
    // 32767 - 65535 / 1024 and -32768 + 65535 / 1024
    expectInt16(output, [32703, -32704]);
  });
});
