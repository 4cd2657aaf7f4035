import { rescaleAddend, rescaleFactor, rescaleShift, rescaleTie, storeRescaled } from "../fixed";
import { stationarySums } from "./stationary";
import { FullyConnectedS8Arguments } from "./fully_connected_s8";

export const VERSION: i32 = 1;

/**
 * The contract of fully_connected_s8, with the inputs kept in locals (stationary.ts): larger
 * and faster. Shifts, sums and the output's zero point are as storeRescaled (fixed.ts) needs them.
 *
 *   scratch     [outputs] i32
 */
export function fully_connected_stationary_s8(block: FullyConnectedS8Arguments): void {
  let input: usize = block.input;
  let output: usize = block.output;
  const weights: usize = block.weights;
  const bias: usize = block.bias;
  const multiplier: i32 = block.multiplier;
  const shift: i32 = block.shift;
  const scratch: usize = block.scratch;
  const batches: i32 = block.batches;
  const depth: i32 = block.depth;
  const outputs: i32 = block.outputs;
  const outputZeroPoint: i32 = block.outputZeroPoint;
  const activationMin: i32 = block.activationMin;
  const activationMax: i32 = block.activationMax;
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
