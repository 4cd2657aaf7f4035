import { mean_s16 } from "../../assembly/kernels/mean_s16";
import { expectInt16, int16, ONE, reset, room } from "./workbench";

describe("mean_s16", () => {
  test("over rows, over columns, over all", () => {
    const matrix: StaticArray<i16> = [1, 2, 1000, 3, 4, -1000];
    reset();
    const rows: usize = room(4);
    // sums of 1003 and -993 times 1/2
    mean_s16(int16(matrix), rows, 1, 2, 1, 3, 0, 6, 0, 2, ONE, 0);
    expectInt16(rows, [502, -496]);
    reset();
    const columns: usize = room(6);
    mean_s16(int16(matrix), columns, 1, 3, 1, 2, 0, 2, 0, 6, ONE, 0);
    expectInt16(columns, [2, 3, 0]);
    reset();
    const all: usize = room(2);
    mean_s16(int16(matrix), all, 1, 1, 2, 3, 0, 0, 6, 2, ONE, 1);
    expectInt16(all, [10]);
  });

  test("sums beyond 16 bits, saturation", () => {
    reset();
    const output: usize = room(4);
    mean_s16(int16([32767, 32767, -32768, -32768]), output, 1, 2, 1, 2, 0, 4, 0, 2, ONE, 0);
    expectInt16(output, [32767, -32768]);
    reset();
    const saturated: usize = room(4);
    mean_s16(int16([32767, 1, -32768, -1]), saturated, 1, 2, 1, 2, 0, 4, 0, 2, ONE, 1);
    expectInt16(saturated, [32767, -32768]);
  });
});
