import { pad_s16 } from "../../assembly/kernels/pad_s16";
import { expectInt16, int16, reset, room } from "./workbench";

describe("pad_s16", () => {
  test("a row and a column on each side of a matrix", () => {
    reset();
    const output: usize = room(24);
    // [1, 2] in [3, 4], from row 1 and column 1 on
    pad_s16({
      input: int16([1000, -2]),
      output,
      length: 12,
      value: -300,
      offset: 10,
      size0: 1,
      size1: 1,
      size2: 1,
      size3: 2,
      stride0: 0,
      stride1: 0,
      stride2: 8,
    });
    expectInt16(output, [-300, -300, -300, -300, -300, 1000, -2, -300, -300, -300, -300, -300]);
  });

  test("runs of three loops", () => {
    reset();
    const output: usize = room(36);
    // [2, 2, 2, 1] in a row of 18: steps of 9, 4 and 2
    pad_s16({
      input: int16([1, 2, 3, 4, 5, 6, 7, 8]),
      output,
      length: 18,
      value: 0,
      offset: 2,
      size0: 2,
      size1: 2,
      size2: 2,
      size3: 1,
      stride0: 18,
      stride1: 8,
      stride2: 4,
    });
    expectInt16(output, [0, 1, 0, 2, 0, 3, 0, 4, 0, 0, 5, 0, 6, 0, 7, 0, 8, 0]);
  });
});
