import { clamp, requantizeWide } from "../fixed";
import { BatchMatmulArguments } from "./batch_matmul_s8";

export const VERSION: i32 = 1;

/**
 * Products of matrices, int16 in and out, zero points of 0. All strides are in bytes.
 *
 *   a       [batch0, batch1, rows, depth] i16;  b  [batch0, batch1, depth, columns] i16
 *   output  [batch0, batch1, rows, columns] i16; sums have 64 bits and are rounded once
 *
 * Semantics: TensorFlow Lite Micro, reference_ops::BatchMatMul for int16.
 */
export function batch_matmul_s16(block: BatchMatmulArguments): void {
  let output: usize = block.output;
  const rows: i32 = block.rows;
  const columns: i32 = block.columns;
  const depth: i32 = block.depth;
  const aDepthStride: i32 = block.aDepthStride;
  const bDepthStride: i32 = block.bDepthStride;
  const bColumnStride: i32 = block.bColumnStride;
  const multiplier: i32 = block.multiplier;
  const shift: i32 = block.shift;
  for (let i = 0; i < block.batch0; i++) {
    for (let j = 0; j < block.batch1; j++) {
      let row: usize = block.a + <usize>(i * block.aBatchStride0 + j * block.aBatchStride1);
      const matrix: usize = block.b + <usize>(i * block.bBatchStride0 + j * block.bBatchStride1);
      for (let r = 0; r < rows; r++) {
        let column: usize = matrix;
        for (let c = 0; c < columns; c++) {
          let sum: i64 = 0;
          let p: usize = row;
          let q: usize = column;
          for (let k = 0; k < depth; k++) {
            sum += <i64>(<i32>load<i16>(p) * <i32>load<i16>(q));
            p += aDepthStride;
            q += bDepthStride;
          }
          store<i16>(output, clamp(requantizeWide(sum, multiplier, shift), -32768, 32767));
          output += 2;
          column += bColumnStride;
        }
        row += block.aRowStride;
      }
    }
  }
}
