import { batch_matmul_s8 } from "../../assembly/kernels/batch_matmul_s8";
import { expectOutput, int8, ONE, reset, room } from "./workbench";

describe("batch_matmul_s8", () => {
  test("two batches against one matrix, zero points, saturation", () => {
    reset();
    const output: usize = room(8);
    batch_matmul_s8({
      a: int8([1, 2, 3, 4, 5, 6, 100, 100]),
      b: int8([11, 12, 13, 14]),
      output,
      batch0: 1,
      batch1: 2,
      aBatchStride0: 0,
      aBatchStride1: 4,
      bBatchStride0: 0,
      bBatchStride1: 0,
      rows: 2,
      depth: 2,
      columns: 2,
      aRowStride: 2,
      aDepthStride: 1,
      bDepthStride: 2,
      bColumnStride: 1,
      multiplier: ONE,
      aZeroPoint: 1,
      bZeroPoint: 10,
      outputZeroPoint: 1,
      shift: 1,
    });
    // (a - 1) (b - 10) + 1, where b - 10 is [[1, 2], [3, 4]]
    expectOutput(output, [4, 5, 12, 17, 20, 29, 127, 127]);
  });

  test("a transposed matrix is one with its strides in turn", () => {
    reset();
    const output: usize = room(4);
    batch_matmul_s8({
      a: int8([1, 2, 3, 4]),
      b: int8([1, 2, 3, 4]),
      output,
      batch0: 1,
      batch1: 1,
      aBatchStride0: 0,
      aBatchStride1: 0,
      bBatchStride0: 0,
      bBatchStride1: 0,
      rows: 2,
      depth: 2,
      columns: 2,
      aRowStride: 2,
      aDepthStride: 1,
      bDepthStride: 1,
      bColumnStride: 2,
      multiplier: ONE,
      aZeroPoint: 0,
      bZeroPoint: 0,
      outputZeroPoint: 0,
      shift: 1,
    });
    expectOutput(output, [5, 11, 11, 25]);
  });
});
