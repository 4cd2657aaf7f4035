/** Dense layers of int8, with SIMD: one factor for all outputs or one for each. */
import { FullyConnectedPerChannelS8Arguments } from "../kernels/fully_connected_per_channel_s8";
import { FullyConnectedS8Arguments } from "../kernels/fully_connected_s8";
import { allocate } from "./memory";
import { greatestSum, PAIR_BYTES, prepareWeights, widen } from "./products";
import { clampToBytes, Factors, prepareFactors, rescale, RESCALE_BYTES, storeBytes } from "./rescale";

@unmanaged
class Dense {
  input: usize;
  output: usize;
  weights: usize;
  factors: usize;
  right: i32;
  ties: i32;
  batches: i32;
  depth: i32;
  outputs: i32;
  activationMin: i32;
  activationMax: i32;
  row: usize;
}

function prepare(prepared: Dense, factors: Factors, weights: usize): usize {
  if (prepared.depth < 1 || prepared.depth > 1 << 20) return 0;
  factors.channels = prepared.outputs;
  factors.most = greatestSum(weights, factors.bias, prepared.depth, prepared.outputs);
  prepared.factors = prepareFactors(factors);
  prepared.right = factors.right;
  prepared.ties = i32(factors.outputZeroPoint > prepared.activationMin);
  prepared.weights = prepareWeights(weights, 1, prepared.depth, prepared.outputs);
  const rowBytes: usize = (<usize>(prepared.depth + 1) << 1) + 32;
  prepared.row = allocate(rowBytes);
  if (!prepared.factors || !prepared.weights || !prepared.row) return 0;
  memory.fill(prepared.row, 0, rowBytes);
  return changetype<usize>(prepared);
}

export function prepareDensePerChannel(place: usize): usize {
  const block = changetype<FullyConnectedPerChannelS8Arguments>(place);
  const factors = changetype<Factors>(allocate(offsetof<Factors>()));
  const prepared = changetype<Dense>(allocate(offsetof<Dense>()));
  if (!changetype<usize>(factors) || !changetype<usize>(prepared)) return 0;
  factors.bias = block.bias;
  factors.multiplier = block.multiplier;
  factors.shift = block.shift;
  factors.step = 1;
  factors.outputZeroPoint = block.outputZeroPoint;
  prepared.input = block.input;
  prepared.output = block.output;
  prepared.batches = block.batches;
  prepared.depth = block.depth;
  prepared.outputs = block.outputs;
  prepared.activationMin = block.activationMin;
  prepared.activationMax = block.activationMax;
  return prepare(prepared, factors, block.weights);
}

export function prepareDense(place: usize): usize {
  const block = changetype<FullyConnectedS8Arguments>(place);
  const factors = changetype<Factors>(allocate(offsetof<Factors>()));
  const prepared = changetype<Dense>(allocate(offsetof<Dense>()));
  if (!changetype<usize>(factors) || !changetype<usize>(prepared)) return 0;
  factors.bias = block.bias;
  factors.multiplier = place + offsetof<FullyConnectedS8Arguments>("multiplier");
  factors.shift = place + offsetof<FullyConnectedS8Arguments>("shift");
  factors.step = 0;
  factors.outputZeroPoint = block.outputZeroPoint;
  prepared.input = block.input;
  prepared.output = block.output;
  prepared.batches = block.batches;
  prepared.depth = block.depth;
  prepared.outputs = block.outputs;
  prepared.activationMin = block.activationMin;
  prepared.activationMax = block.activationMax;
  return prepare(prepared, factors, block.weights);
}

export function dense(place: usize): void {
  const prepared = changetype<Dense>(place);
  const pairs: usize = <usize>((prepared.depth + 1) >> 1) * PAIR_BYTES;
  const least: v128 = i32x4.splat(prepared.activationMin);
  const most: v128 = i32x4.splat(prepared.activationMax);
  let input: usize = prepared.input;
  let output: usize = prepared.output;
  for (let batch: i32 = 0; batch < prepared.batches; batch++) {
    widen(prepared.row, input, prepared.depth);
    let filter: usize = prepared.weights;
    let factors: usize = prepared.factors;
    for (let channel: i32 = 0; channel < prepared.outputs; channel += 4) {
      let sum: v128 = v128.load(factors);
      let row: usize = prepared.row;
      for (const end: usize = filter + pairs; filter < end; filter += PAIR_BYTES, row += 4)
        sum = i32x4.add(sum, i32x4.dot_i16x8_s(v128.load(filter), v128.load32_splat(row)));
      const bytes: v128 = clampToBytes(rescale(sum, factors, prepared.right, prepared.ties), least, most);
      storeBytes(output + <usize>channel, bytes, prepared.outputs - channel);
      factors += RESCALE_BYTES;
    }
    input += prepared.depth;
    output += prepared.outputs;
  }
}
