import { doublingHighMul, expOnNegative, oneOverOnePlus } from "../fixed";
import { loadElement, multiplyWide, shiftRight64 } from "../rows";

export const VERSION: i32 = 1;

/** The argument block of svm. */
@unmanaged
export class SvmArguments {
  input: usize;
  vectors: usize;
  coefficients: usize;
  bias: usize;
  output: usize;
  counts: usize;
  decisions: usize;
  scratch: usize;
  rows: i32;
  features: i32;
  count: i32;
  columns: i32;
  outputs: i32;
  vectorZeroPoint: i32;
  degree: i32;
  addend: i32;
  limit: i32;
  multiplier: i32;
  groups: u16;
  inputZeroPoint: i16;
  inputBytes: i8;
  vectorBytes: i8;
  inputShift: i8;
  kind: i8;
  before: i8;
  shift: i8;
  outputShift: i8;
}

/**
 * Decisions of a support vector machine: sums of coefficient times kernel function over the support vectors.
 *
 *   input         [rows, features] i8 or i16 (inputBytes)
 *   vectors       [count, features] i8 or i16 (vectorBytes), in steps 2^inputShift times the input's
 *   coefficients  [count, columns] i16
 *   bias          [outputs] i32
 *   output        [rows, outputs] i32
 *   counts        [groups] i16: vectors of each class
 *   decisions     [groups, columns] i16: where coefficients add to
 *   scratch       [outputs] i64, then [features] i32
 *   kind          0: exp of minus the squared distance; 1: power of the product; 2: tanh of it
 *   before, addend, limit, multiplier, shift  from the sum over features to the function: see
 *                 host/ops/svm_kernel.ts
 *
 * Semantics: host/ops/svm.ts.
 */
export function svm(block: SvmArguments): void {
  let input: usize = block.input;
  const vectors: usize = block.vectors;
  const coefficients: usize = block.coefficients;
  const bias: usize = block.bias;
  let output: usize = block.output;
  const counts: usize = block.counts;
  const decisions: usize = block.decisions;
  const scratch: usize = block.scratch;
  const rows: i32 = block.rows;
  const features: i32 = block.features;
  const groups: i32 = block.groups;
  const columns: i32 = block.columns;
  const outputs: i32 = block.outputs;
  const inputBytes: i32 = block.inputBytes;
  const vectorBytes: i32 = block.vectorBytes;
  const inputZeroPoint: i32 = block.inputZeroPoint;
  const vectorZeroPoint: i32 = block.vectorZeroPoint;
  const inputShift: i32 = block.inputShift;
  const kind: i32 = block.kind;
  const degree: i32 = block.degree;
  const before: i32 = block.before;
  const addend: i32 = block.addend;
  const limit: i32 = block.limit;
  const multiplier: i32 = block.multiplier;
  const shift: i32 = block.shift;
  const outputShift: i32 = block.outputShift;
  const point: usize = scratch + (<usize>outputs << 3);
  const pointEnd: usize = point + (<usize>features << 2);
  // A distance does not change when both have the vectors' zero point; of a product it is taken off at last.
  const zeroPoint: i32 = kind == 0 ? vectorZeroPoint : 0;
  for (let row = 0; row < rows; row++) {
    memory.fill(scratch, 0, <usize>outputs << 3);
    let total: i64 = 0;
    for (let at = point; at < pointEnd; at += 4) {
      const x: i32 = <i32>shiftRight64(<i64>(loadElement(input, inputBytes) - inputZeroPoint), inputShift);
      total += <i64>x;
      store<i32>(at, x + zeroPoint);
      input += inputBytes;
    }
    let vector: usize = vectors;
    let coefficient: usize = coefficients;
    for (let group = 0; group < groups; group++) {
      const targets: usize = decisions + (<usize>(group * columns) << 1);
      for (let left: i32 = <i32>load<i16>(counts + (<usize>group << 1)); left > 0; left--) {
        let sum: i64 = 0;
        if (kind == 0) {
          for (let at = point; at < pointEnd; at += 4) {
            const difference: i64 = <i64>(load<i32>(at) - loadElement(vector, vectorBytes));
            sum += difference * difference;
            vector += vectorBytes;
          }
        } else {
          for (let at = point; at < pointEnd; at += 4) {
            sum += <i64>load<i32>(at) * <i64>loadElement(vector, vectorBytes);
            vector += vectorBytes;
          }
          sum -= total * <i64>vectorZeroPoint;
        }
        sum >>= before;
        let kernel: i32 = 0;
        if (kind == 0) {
          if (sum <= <i64>limit) kernel = expOnNegative(-multiplyWide(<i32>sum, multiplier, shift));
        } else {
          const value: i32 = <i32>sum + addend;
          if (kind == 1) {
            kernel = value;
            for (let i = 1; i < degree; i++) kernel = doublingHighMul(kernel, value);
          } else {
            const exp: i32 = expOnNegative(-multiplyWide(min(abs(value), limit), multiplier, shift));
            // tanh(x) = 2 / (1 + exp(-2x)) - 1, in unsigned arithmetic where 2 is 2^32
            kernel = max((oneOverOnePlus(exp) << 1) ^ i32.MIN_VALUE, 0);
            if (value < 0) kernel = -kernel;
          }
        }
        for (let i = 0; i < columns; i++) {
          const sums: usize = scratch + (<usize>load<i16>(targets + (<usize>i << 1)) << 3);
          store<i64>(sums, load<i64>(sums) + <i64>load<i16>(coefficient) * <i64>kernel);
          coefficient += 2;
        }
      }
    }
    for (let i = 0; i < outputs; i++) {
      const sum: i64 = shiftRight64(load<i64>(scratch + (<usize>i << 3)), outputShift);
      store<i32>(output, <i32>sum + load<i32>(bias + (<usize>i << 2)));
      output += 4;
    }
  }
}
