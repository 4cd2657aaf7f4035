import { rescaleAddend, rescaleFactor, rescaleShift, rescaleTie, storeRescaled } from "../fixed";
import { stationarySums } from "./stationary";
import { FullyConnectedPerChannelS8Arguments } from "./fully_connected_per_channel_s8";

export const VERSION: i32 = 1;

/**
 * The contract of fully_connected_per_channel_s8, with the inputs kept in locals (stationary.ts): larger
 * and faster. Shifts, sums and the output's zero point are as storeRescaled (fixed.ts) needs them.
 *
 *   scratch     [outputs] i32
 */
export function fully_connected_per_channel_stationary_s8(block: FullyConnectedPerChannelS8Arguments): void {
  let input: usize = block.input;
  let output: usize = block.output;
  const weights: usize = block.weights;
  const bias: usize = block.bias;
  const multiplier: usize = block.multiplier;
  const shift: usize = block.shift;
  const scratch: usize = block.scratch;
  const batches: i32 = block.batches;
  const depth: i32 = block.depth;
  const outputs: i32 = block.outputs;
  const outputZeroPoint: i32 = block.outputZeroPoint;
  const activationMin: i32 = block.activationMin;
  const activationMax: i32 = block.activationMax;
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
