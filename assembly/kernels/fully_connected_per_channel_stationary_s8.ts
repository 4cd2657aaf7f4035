import { rescaleAddend, rescaleFactor, rescaleShift, rescaleTie, storeRescaled } from "../fixed";
import { stationarySums } from "./stationary";

export const VERSION: i32 = 1;

/**
 * The contract of fully_connected_per_channel_s8, with the inputs kept in locals (stationary.ts): larger
 * and faster. Shifts, sums and the output's zero point are as storeRescaled (fixed.ts) needs them.
 *
 *   scratch     [outputs] i32
 */
export function fully_connected_per_channel_stationary_s8(
  input: usize,
  output: usize,
  weights: usize,
  bias: usize,
  multiplier: usize,
  shift: usize,
  scratch: usize,
  batches: i32,
  depth: i32,
  outputs: i32,
  outputZeroPoint: i32,
  activationMin: i32,
  activationMax: i32,
): void {
  const negatives: bool = outputZeroPoint > activationMin;
  for (let batch = 0; batch < batches; batch++) {
    stationarySums(input, weights, bias, scratch, depth, outputs);
    for (let i = 0; i < outputs; i++) {
      const power: i32 = load<i8>(shift + <usize>i);
      const factor: i64 = rescaleFactor(load<i32>(multiplier + (<usize>i << 2)), power);
      const addend: i64 = rescaleAddend(0, factor, power, outputZeroPoint);
      const negative: i64 = addend - rescaleTie(power);
      const right: i64 = rescaleShift(power);
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
