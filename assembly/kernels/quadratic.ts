import { integerRoot, loadElement, shiftRight64 } from "../rows";

export const VERSION: i32 = 1;

/** The argument block of quadratic. */
@unmanaged
export class QuadraticArguments {
  input: usize;
  centres: usize;
  weights: usize;
  bias: usize;
  output: usize;
  rows: i32;
  features: i32;
  outputs: i32;
  inputZeroPoint: i16;
  inputBytes: i8;
  leftShift: i8;
  rightShift: i8;
  root: i8;
  outputShift: i8;
}

/**
 * Weighted sums of squared distances from centres, or the distances.
 *
 *   input    [rows, features] i8 or i16 (inputBytes), brought to the steps of the centres by leftShift or
 *            rightShift
 *   centres  [outputs, features] i16
 *   weights  [outputs, features] i16, or 0 where all are one
 *   bias     [outputs] i32
 *   output   [rows, outputs] i32: round(sum / 2^outputShift) + bias, or with root the square root of the sum
 *
 * Semantics: host/ops/quadratic.ts.
 */
export function quadratic(block: QuadraticArguments): void {
  let input: usize = block.input;
  const centres: usize = block.centres;
  const weights: usize = block.weights;
  const bias: usize = block.bias;
  let output: usize = block.output;
  const rows: i32 = block.rows;
  const features: i32 = block.features;
  const outputs: i32 = block.outputs;
  const inputBytes: i32 = block.inputBytes;
  const inputZeroPoint: i32 = block.inputZeroPoint;
  const leftShift: i32 = block.leftShift;
  const rightShift: i32 = block.rightShift;
  const root: i32 = block.root;
  const outputShift: i32 = block.outputShift;
  for (let row = 0; row < rows; row++) {
    let centre: usize = centres;
    let weight: usize = weights;
    for (let i = 0; i < outputs; i++) {
      let at: usize = input;
      let sum: i64 = 0;
      for (let j = 0; j < features; j++) {
        const x: i64 = <i64>((loadElement(at, inputBytes) - inputZeroPoint) << leftShift);
        const difference: i64 = shiftRight64(x, rightShift) - <i64>load<i16>(centre);
        let square: i64 = difference * difference;
        if (weights != 0) {
          square *= <i64>load<i16>(weight);
          weight += 2;
        }
        sum += square;
        at += inputBytes;
        centre += 2;
      }
      if (root) store<i32>(output, integerRoot(sum));
      else store<i32>(output, <i32>shiftRight64(sum, outputShift) + load<i32>(bias + (<usize>i << 2)));
      output += 4;
    }
    input += <usize>(features * inputBytes);
  }
}
