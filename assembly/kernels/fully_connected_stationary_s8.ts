import { rescaleAddend, rescaleFactor, rescaleShift, rescaleTie, storeRescaled } from "../fixed";
import { stationarySums } from "./stationary";

export const VERSION: i32 = 1;

/**
 * The contract of fully_connected_s8, with the inputs kept in locals (stationary.ts): larger
 * and faster. Shifts, sums and the output's zero point are as storeRescaled (fixed.ts) needs them.
 *
 *   scratch     [outputs] i32
 */
export function fully_connected_stationary_s8(
  input: usize,
  output: usize,
  weights: usize,
  bias: usize,
  multiplier: i32,
  shift: i32,
  scratch: usize,
  batches: i32,
  depth: i32,
  outputs: i32,
  outputZeroPoint: i32,
  activationMin: i32,
  activationMax: i32,
): void {
  const negatives: bool = outputZeroPoint > activationMin;
  const factor: i64 = rescaleFactor(multiplier, shift);
  const addend: i64 = rescaleAddend(0, factor, shift, outputZeroPoint);
  const negative: i64 = addend - rescaleTie(shift);
  const right: i64 = rescaleShift(shift);
  for (let batch = 0; batch < batches; batch++) {
    stationarySums(input, weights, bias, scratch, depth, outputs);
    for (let i = 0; i < outputs; i++) {
      const sum: i32 = load<i32>(scratch + (<usize>i << 2));
      storeRescaled(
        output++,
        sum,
        0,
        factor,
        addend,
        negative,
        right,
        negatives,
        activationMin,
        activationMax,
      );
    }
    input += depth;
  }
}
