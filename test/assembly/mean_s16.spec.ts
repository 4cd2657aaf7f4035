import { mean_s16 } from "../../assembly/kernels/mean_s16";
import { expectInt16, int16, ONE, reset, room } from "./workbench";

describe("mean_s16", () => {
  test("over rows, over columns, over all", () => {
    const matrix: StaticArray<i16> = [1, 2, 1000, 3, 4, -1000];
    reset();
    const rows: usize = room(4);
    // sums of 1003 and -993 times 1/2
    mean_s16({
      input: int16(matrix),
      output: rows,
      kept0: 1,
      kept1: 2,
      reduced0: 1,
      reduced1: 3,
      keptStride0: 0,
      keptStride1: 6,
      reducedStride0: 0,
      reducedStride1: 2,
      multiplier: ONE,
      shift: 0,
    });
    expectInt16(rows, [502, -496]);
    reset();
    const columns: usize = room(6);
    mean_s16({
      input: int16(matrix),
      output: columns,
      kept0: 1,
      kept1: 3,
      reduced0: 1,
      reduced1: 2,
      keptStride0: 0,
      keptStride1: 2,
      reducedStride0: 0,
      reducedStride1: 6,
      multiplier: ONE,
      shift: 0,
    });
    expectInt16(columns, [2, 3, 0]);
    reset();
    const all: usize = room(2);
    mean_s16({
      input: int16(matrix),
      output: all,
      kept0: 1,
      kept1: 1,
      reduced0: 2,
      reduced1: 3,
      keptStride0: 0,
      keptStride1: 0,
      reducedStride0: 6,
      reducedStride1: 2,
      multiplier: ONE,
      shift: 1,
    });
    expectInt16(all, [10]);
  });

  test("sums beyond 16 bits, saturation", () => {
    reset();
    const output: usize = room(4);
    mean_s16({
      input: int16([32767, 32767, -32768, -32768]),
      output,
      kept0: 1,
      kept1: 2,
      reduced0: 1,
      reduced1: 2,
      keptStride0: 0,
      keptStride1: 4,
      reducedStride0: 0,
      reducedStride1: 2,
      multiplier: ONE,
      shift: 0,
    });
    expectInt16(output, [32767, -32768]);
    reset();
    const saturated: usize = room(4);
    mean_s16({
      input: int16([32767, 1, -32768, -1]),
      output: saturated,
      kept0: 1,
      kept1: 2,
      reduced0: 1,
      reduced1: 2,
      keptStride0: 0,
      keptStride1: 4,
      reducedStride0: 0,
      reducedStride1: 2,
      multiplier: ONE,
      shift: 1,
    });
    expectInt16(saturated, [32767, -32768]);
  });
});
