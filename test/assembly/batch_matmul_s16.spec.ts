import { batch_matmul_s16 } from "../../assembly/kernels/batch_matmul_s16";
import { expectInt16, int16, reset, room } from "./workbench";

describe("batch_matmul_s16", () => {
  test("sums of 64 bits are rounded once", () => {
    reset();
    const output: usize = room(4);
    batch_matmul_s16({
      a: int16([32767, 32767, 32767, 1, 0, 0]),
      b: int16([32767, 32767, 32767]),
      output,
      batch0: 1,
      batch1: 1,
      aBatchStride0: 0,
      aBatchStride1: 0,
      bBatchStride0: 0,
      bBatchStride1: 0,
      rows: 2,
      depth: 3,
      columns: 1,
      aRowStride: 6,
      aDepthStride: 2,
      bDepthStride: 2,
      bColumnStride: 2,
      multiplier: 1 << 14,
      aZeroPoint: 0,
      bZeroPoint: 0,
      outputZeroPoint: 0,
      shift: 32,
    });
    // 3 * 32767^2 / 2^18 and 32767 / 2^18
    expectInt16(output, [12287, 0]);
  });
});
