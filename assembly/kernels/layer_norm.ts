import { integerRoot, loadElement, shiftRight64 } from "../rows";

export const VERSION: i32 = 1;

/** The argument block of layer_norm. */
@unmanaged
export class LayerNormArguments {
  input: usize;
  output: usize;
  factors: usize;
  addends: usize;
  rows: i32;
  depth: i32;
  inner: i32;
  channels: i32;
  epsilon: i32;
  zeroPoint: i16;
  outputZeroPoint: i16;
  epsilonShift: i8;
  shift: i8;
  inputBytes: i8;
  outputBytes: i8;
  center: i8;
}

/**
 * Rows less their mean (center), over the root of their mean square and epsilon, times factors plus addends.
 *
 *   input, output  [rows, depth] i8 or i16 (inputBytes, outputBytes)
 *   factors        [channels] i32 of 24 bits: one for `inner` values, then the next, then again the first
 *   addends        [channels] i32, in steps of the output with 8 more bits; shift brings products there
 *   epsilon        times 2^epsilonShift is added to depth^2 times the variance
 *
 * Semantics: host/ops/layer_norm.ts.
 */
export function layer_norm(block: LayerNormArguments): void {
  let input: usize = block.input;
  let output: usize = block.output;
  const factors: usize = block.factors;
  const addends: usize = block.addends;
  const rows: i32 = block.rows;
  const depth: i32 = block.depth;
  const inner: i32 = block.inner;
  const inputBytes: i32 = block.inputBytes;
  const outputBytes: i32 = block.outputBytes;
  const zeroPoint: i32 = block.zeroPoint;
  const outputZeroPoint: i32 = block.outputZeroPoint;
  const shift: i32 = block.shift;
  const least: i64 = outputBytes == 1 ? -128 : -32768;
  const end: i32 = block.channels << 2;
  let channel: i32 = 0;
  for (let row = 0; row < rows; row++) {
    const next: usize = input + <usize>(depth * inputBytes);
    let sum: i32 = 0;
    let squares: i64 = 0;
    for (let at = input; at < next; at += inputBytes) {
      const x: i32 = loadElement(at, inputBytes) - zeroPoint;
      sum += x;
      squares += <i64>x * <i64>x;
    }
    if (!block.center) sum = 0;
    let total: i64 = <i64>depth * squares - <i64>sum * <i64>sum;
    total += <i64>block.epsilon << <i64>block.epsilonShift;
    let reciprocal: i64 = 0;
    let right: i32 = 36;
    if (total != 0) {
      // A root of 31 bits: its reciprocal has 24, and a product with a value of the row fits 53.
      const left: i32 = (<i32>clz(total) - 2) >> 1;
      reciprocal = (<i64>1 << 54) / <i64>integerRoot(total << <i64>(left << 1));
      right -= left;
    }
    for (let part = 0; part < depth; part += inner) {
      const factor: i64 = load<i32>(factors + channel);
      const addend: i64 = load<i32>(addends + channel);
      channel += 4;
      if (channel == end) channel = 0;
      for (let i = 0; i < inner; i++) {
        const x: i32 = depth * (loadElement(input, inputBytes) - zeroPoint) - sum;
        const normal: i64 = shiftRight64(<i64>x * reciprocal, right);
        const scaled: i64 = shiftRight64(normal * factor, shift) + addend;
        const value: i64 = shiftRight64(scaled, 8) + <i64>outputZeroPoint;
        const clamped: i32 = <i32>max(least, min(value, -least - 1));
        if (outputBytes == 1) store<i8>(output, clamped);
        else store<i16>(output, clamped);
        input += inputBytes;
        output += outputBytes;
      }
    }
  }
}
