import { clamp, requantize } from "../fixed";

export const VERSION: i32 = 1;

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
export function svdf_s8(
  input: usize,
  output: usize,
  feature: usize,
  time: usize,
  bias: usize,
  state: usize,
  narrow: i32,
  depth: i32,
  units: i32,
  rank: i32,
  memory: i32,
  inputZeroPoint: i32,
  featureMultiplier: i32,
  featureShift: i32,
  multiplier: i32,
  shift: i32,
  outputZeroPoint: i32,
): void {
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
