import { clamp, requantize } from "../fixed";

export const VERSION: i32 = 1;

/** The argument block of batch_matmul_s8 and batch_matmul_s16. */
@unmanaged
export class BatchMatmulArguments {
  a: usize;
  b: usize;
  output: usize;
  batch0: i32;
  batch1: i32;
  aBatchStride0: i32;
  aBatchStride1: i32;
  bBatchStride0: i32;
  bBatchStride1: i32;
  rows: i32;
  depth: i32;
  columns: i32;
  aRowStride: i32;
  aDepthStride: i32;
  bDepthStride: i32;
  bColumnStride: i32;
  multiplier: i32;
  aZeroPoint: i16;
  bZeroPoint: i16;
  outputZeroPoint: i16;
  shift: i8;
}

/**
 * Products of matrices, int8 in and out. All strides are in bytes.
 *
 *   a       [batch0, batch1, rows, depth] i8;  b  [batch0, batch1, depth, columns] i8
 *   output  [batch0, batch1, rows, columns] i8
 *
 * Semantics: TensorFlow Lite Micro, reference_ops::BatchMatMul for int8.
 */
export function batch_matmul_s8(block: BatchMatmulArguments): void {
  let output: usize = block.output;
  const rows: i32 = block.rows;
  const columns: i32 = block.columns;
  const depth: i32 = block.depth;
  const aDepthStride: i32 = block.aDepthStride;
  const bDepthStride: i32 = block.bDepthStride;
  const bColumnStride: i32 = block.bColumnStride;
  const aZeroPoint: i32 = block.aZeroPoint;
  const bZeroPoint: i32 = block.bZeroPoint;
  const outputZeroPoint: i32 = block.outputZeroPoint;
  const multiplier: i32 = block.multiplier;
  const shift: i32 = block.shift;
  for (let i = 0; i < block.batch0; i++) {
    for (let j = 0; j < block.batch1; j++) {
      let row: usize = block.a + <usize>(i * block.aBatchStride0 + j * block.aBatchStride1);
      const matrix: usize = block.b + <usize>(i * block.bBatchStride0 + j * block.bBatchStride1);
      for (let r = 0; r < rows; r++) {
        let column: usize = matrix;
        for (let c = 0; c < columns; c++) {
          let sum: i32 = 0;
          let p: usize = row;
          let q: usize = column;
          for (let k = 0; k < depth; k++) {
            sum += (<i32>load<i8>(p) - aZeroPoint) * (<i32>load<i8>(q) - bZeroPoint);
            p += aDepthStride;
            q += bDepthStride;
          }
          const scaled: i32 = requantize(sum, multiplier, shift) + outputZeroPoint;
          store<i8>(output, clamp(scaled, -128, 127));
          output += 1;
          column += bColumnStride;
        }
        row += block.aRowStride;
      }
    }
  }
}
