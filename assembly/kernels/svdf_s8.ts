import { clamp, requantize } from "../fixed";

export const VERSION: i32 = 1;

/** The argument block of svdf_s8. */
@unmanaged
export class SvdfS8Arguments {
  input: usize;
  output: usize;
  feature: usize;
  time: usize;
  bias: usize;
  state: usize;
  depth: i32;
  units: i32;
  rank: i32;
  memory: i32;
  featureMultiplier: i32;
  multiplier: i32;
  narrow: i8;
  inputZeroPoint: i8;
  featureShift: i8;
  shift: i8;
  outputZeroPoint: i8;
}

/**
 * One step of a dense layer over time whose weights are of low rank: each filter keeps the last `memory` of
 * its products with the input, and weights them again along time. int8 in and out.
 *
 *   input       [depth] i8
 *   output      [units] i8
 *   feature     [units * rank, depth] i8
 *   time        [units * rank, memory] i16
 *   bias        [units] i32
 *   state       [units * rank, memory] i16, or i8 where `narrow` is not 0; zero point 0; newest last; written
 *
 * Semantics: TensorFlow Lite Micro, EvalInteger16SVDFReference and EvalInteger8SVDFReference.
 */
export function svdf_s8(block: SvdfS8Arguments): void {
  const input: usize = block.input;
  let output: usize = block.output;
  let feature: usize = block.feature;
  let time: usize = block.time;
  let bias: usize = block.bias;
  let state: usize = block.state;
  const narrow: i32 = block.narrow;
  const depth: i32 = block.depth;
  const units: i32 = block.units;
  const rank: i32 = block.rank;
  const memory: i32 = block.memory;
  const inputZeroPoint: i32 = block.inputZeroPoint;
  const featureMultiplier: i32 = block.featureMultiplier;
  const featureShift: i32 = block.featureShift;
  const multiplier: i32 = block.multiplier;
  const shift: i32 = block.shift;
  const outputZeroPoint: i32 = block.outputZeroPoint;
  const largest: i32 = narrow != 0 ? 127 : 32767;
  for (const end: usize = output + units; output < end; output++, bias += 4) {
    let sum: i32 = load<i32>(bias);
    for (let filter = 0; filter < rank; filter++) {
      let product: i32 = 0;
      for (let value: usize = input; value < input + depth; value++, feature++) {
        product += (<i32>load<i8>(value) - inputZeroPoint) * <i32>load<i8>(feature);
      }
      const newest: i32 = clamp(requantize(product, featureMultiplier, featureShift), -largest - 1, largest);
      const last: usize = time + (<usize>(memory - 1) << 1);
      if (narrow != 0) {
        for (; time < last; time += 2, state++) {
          const value: i32 = load<i8>(state, 1);
          store<i8>(state, value);
          sum += value * <i32>load<i16>(time);
        }
        store<i8>(state++, newest);
      } else {
        for (; time < last; time += 2, state += 2) {
          const value: i32 = load<i16>(state, 2);
          store<i16>(state, value);
          sum += value * <i32>load<i16>(time);
        }
        store<i16>(state, newest);
        state += 2;
      }
      sum += newest * <i32>load<i16>(time);
      time += 2;
    }
    store<i8>(output, clamp(requantize(sum, multiplier, shift) + outputZeroPoint, -128, 127));
  }
}
