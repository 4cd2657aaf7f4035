import { rescaleAddend, rescaleFactor, rescaleShift, rescaleTie, storeRescaled } from "../fixed";
import { LANE, LANE_MASK, LANE_ZERO, LANE_ZEROS } from "./lanes";
import { fillPlane } from "./plane";
import { DepthwiseConv2dS8Arguments } from "./depthwise_conv2d_s8";

export const VERSION: i32 = 1;

/** One tap's weights of the three kernel rows: the last row's in lane 0, which is complete first. */
// @ts-ignore: decorator
@inline
function packColumn(filter: usize): i64 {
  return (
    <i64>load<i8>(filter, 6) + (<i64>load<i8>(filter, 3) << LANE) + (<i64>load<i8>(filter) << (2 * LANE))
  );
}

/**
 * One row further down: its inputs add to the three sums of windows that see the row, the one in lane 0 is
 * then complete, and the window that starts here is in lane 2.
 */
// @ts-ignore: decorator
@inline
function slide(sum: i64, pixel: usize, column0: i64, column1: i64, column2: i64): i64 {
  const NEW_LANE: i64 = 1 << 62;
  return (
    (sum >>> LANE) +
    NEW_LANE +
    <i64>load<i8>(pixel) * column0 +
    <i64>load<i8>(pixel, 1) * column1 +
    <i64>load<i8>(pixel, 2) * column2
  );
}

/** One channel's outputs, from its padded plane, whose rows are `planeWidth` bytes long. */
function threeByThree(
  plane: usize,
  planeWidth: i32,
  filter: usize,
  output: usize,
  outputHeight: i32,
  outputWidth: i32,
  outputChannels: i32,
  strideHeight: i32,
  strideWidth: i32,
  bias: i32,
  multiplier: i32,
  shift: i32,
  outputZeroPoint: i32,
  activationMin: i32,
  activationMax: i32,
): void {
  const factor: i64 = rescaleFactor(multiplier, shift);
  const total: i64 = rescaleShift(shift);
  const limit: i32 = LANE_ZERO - bias;
  const addend: i64 = rescaleAddend(limit, factor, shift, outputZeroPoint);
  const negative: i64 = addend - rescaleTie(shift);
  const negatives: bool = outputZeroPoint > activationMin;
  const column0: i64 = packColumn(filter);
  const column1: i64 = packColumn(filter + 1);
  const column2: i64 = packColumn(filter + 2);
  const step: usize = outputWidth * outputChannels;
  const end: usize = plane + <usize>(((outputHeight - 1) * strideHeight + 3) * planeWidth);
  let column: i32 = 0;
  do {
    let target: usize = output;
    let sum: i64 = LANE_ZEROS;
    // The first output is complete after three rows. To enter a loop costs as much as half a row: there
    // is one.
    let rows: i32 = 3;
    let pixel: usize = plane;
    do {
      sum = slide(sum, pixel, column0, column1, column2);
      if (--rows == 0) {
        rows = strideHeight;
        const x: i32 = <i32>sum & LANE_MASK;
        storeRescaled(
          target,
          x,
          limit,
          factor,
          addend,
          negative,
          total,
          negatives,
          activationMin,
          activationMax,
        );
        target += step;
      }
      pixel += planeWidth;
    } while (pixel < end);
    plane += strideWidth;
    output += outputChannels;
  } while (++column < outputWidth);
}

/**
 * The contract of depthwise_conv2d_s8 for kernels of 3x3 without dilation: larger and faster. What lanes.ts
 * says of weights, shifts and sums must hold, and the output's zero point be in the activation's range.
 */
export function depthwise_conv2d_lanes_s8(block: DepthwiseConv2dS8Arguments): void {
  let input: usize = block.input;
  let output: usize = block.output;
  const weights: usize = block.weights;
  const bias: usize = block.bias;
  const multiplier: usize = block.multiplier;
  const shift: usize = block.shift;
  const scratch: usize = block.scratch;
  const batches: i32 = block.batches;
  const inputHeight: i32 = block.inputHeight;
  const inputWidth: i32 = block.inputWidth;
  const inputChannels: i32 = block.inputChannels;
  const outputHeight: i32 = block.outputHeight;
  const outputWidth: i32 = block.outputWidth;
  const depthMultiplier: i32 = block.depthMultiplier;
  const kernelHeight: i32 = block.kernelHeight;
  const kernelWidth: i32 = block.kernelWidth;
  const strideHeight: i32 = block.strideHeight;
  const strideWidth: i32 = block.strideWidth;
  const dilationHeight: i32 = block.dilationHeight;
  const dilationWidth: i32 = block.dilationWidth;
  const padTop: i32 = block.padTop;
  const padLeft: i32 = block.padLeft;
  const inputZeroPoint: i32 = block.inputZeroPoint;
  const outputZeroPoint: i32 = block.outputZeroPoint;
  const activationMin: i32 = block.activationMin;
  const activationMax: i32 = block.activationMax;
  const outputChannels: i32 = inputChannels * depthMultiplier;
  const planeWidth: i32 = (outputWidth - 1) * strideWidth + (kernelWidth - 1) * dilationWidth + 1;
  const planeHeight: i32 = (outputHeight - 1) * strideHeight + (kernelHeight - 1) * dilationHeight + 1;
  let batch: i32 = 0;
  do {
    let filter: usize = weights;
    let channel: i32 = 0;
    do {
      if (channel % depthMultiplier == 0) {
        const image: usize = input + <usize>(channel / depthMultiplier);
        fillPlane(
          scratch,
          image,
          planeHeight,
          planeWidth,
          inputHeight,
          inputWidth,
          inputChannels,
          padTop,
          padLeft,
          inputZeroPoint,
        );
      }
      const index: usize = <usize>channel;
      threeByThree(
        scratch,
        planeWidth,
        filter,
        output + index,
        outputHeight,
        outputWidth,
        outputChannels,
        strideHeight,
        strideWidth,
        load<i32>(bias + (index << 2)),
        load<i32>(multiplier + (index << 2)),
        <i32>load<i8>(shift + index),
        outputZeroPoint,
        activationMin,
        activationMax,
      );
      filter += kernelHeight * kernelWidth;
    } while (++channel < outputChannels);
    input += <usize>(inputHeight * inputWidth * inputChannels);
    output += <usize>(outputHeight * outputWidth * outputChannels);
  } while (++batch < batches);
}
