import { neighbours } from "../../assembly/kernels/neighbours";
import { expectInt16, expectOutput, int16, int32, int8, reset, room, scratch } from "./workbench";

describe("neighbours", () => {
  test("the three least, of equal ones the first, and a mean with halves away from zero", () => {
    reset();
    const output: usize = room(2);
    // distances 2, 3, 3 of rows 1, 0 and 3: (10 + 4 + 1) / 3 = 5 and (-1 - 4 - 1) / 3 = -2, above 1
    neighbours({
      input: int8([3, 2, 9, 3, 3]),
      table: int16([4, -4, 10, -1, 99, 99, 1, -1, 77, 77]),
      output,
      scratch: scratch(12),
      rows: 1,
      candidates: 5,
      count: 3,
      outputs: 2,
      outputZeroPoint: 1,
      inputBytes: 1,
      outputBytes: 1,
      leftShift: 0,
      rightShift: 0,
    });
    expectOutput(output, [6, -1]);
  });

  test("distances of 32 bits, two rows, a finer table", () => {
    reset();
    const output: usize = room(4);
    // (5 + 1) / (2 * 2) = 1.5 and (-5 - 1) / 4 = -1.5
    neighbours({
      input: int32([1 << 30, -7, 2, -(1 << 30), 5, -6]),
      table: int16([99, 5, 1]),
      output,
      scratch: scratch(8),
      rows: 1,
      candidates: 3,
      count: 2,
      outputs: 1,
      outputZeroPoint: 0,
      inputBytes: 4,
      outputBytes: 2,
      leftShift: 0,
      rightShift: 1,
    });
    expectInt16(output, [2]);
    reset();
    const both: usize = room(4);
    neighbours({
      input: int32([1 << 30, -7, 2, -(1 << 30), 5, -6]),
      table: int16([-5, 7, -1]),
      output: both,
      scratch: scratch(8),
      rows: 2,
      candidates: 3,
      count: 2,
      outputs: 1,
      outputZeroPoint: 0,
      inputBytes: 4,
      outputBytes: 2,
      leftShift: 0,
      rightShift: 1,
    });
    expectInt16(both, [2, -2]);
  });

  test("a coarser table, and values beyond the type", () => {
    reset();
    const output: usize = room(2);
    neighbours({
      input: int16([-300, 300]),
      table: int16([30, -30]),
      output,
      scratch: scratch(4),
      rows: 1,
      candidates: 2,
      count: 1,
      outputs: 1,
      outputZeroPoint: 100,
      inputBytes: 2,
      outputBytes: 1,
      leftShift: 2,
      rightShift: 0,
    });
    expectOutput(output, [127]);
  });
});
