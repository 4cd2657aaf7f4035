import { intervals } from "../../assembly/kernels/intervals";
import { expectInt16, expectOutput, int16, int32, int8, reset, room } from "./workbench";

describe("intervals", () => {
  test("both ends are inside; columns in any order and twice", () => {
    reset();
    const input: usize = int8([3, -5, 4, 100]);
    // columns 1, 0, 0 of two rows: -5..99, 4..4, beyond all
    const table: usize = int32([1, -5, 99, 0, 4, 4, 0, 128, 128]);
    const output: usize = room(6);
    intervals({
      input,
      output,
      table,
      rows: 2,
      rowBytes: 2,
      outputs: 3,
      inputBytes: 1,
      outputBytes: 1,
      one: 1,
    });
    expectOutput(output, [1, 0, 0, 0, 1, 0]);
  });

  test("int16 to int16, where one is the greatest number", () => {
    reset();
    const input: usize = int16([-32768, 32767]);
    const table: usize = int32([0, -32769, -32768, 2, -32769, 32766]);
    const output: usize = room(4);
    intervals({
      input,
      output,
      table,
      rows: 1,
      rowBytes: 4,
      outputs: 2,
      inputBytes: 2,
      outputBytes: 2,
      one: 32767,
    });
    expectInt16(output, [32767, 0]);
  });
});
