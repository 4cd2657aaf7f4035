import type { TensorData } from "../ir/graph.ts";

/** Output channels whose weights lie side by side: what a native kernel computes at a time on 32 registers. */
const BLOCK = 4;

/**
 * Weights [outputs, terms] as the kernels read them: output channels in blocks of four, each block
 * [terms, channels of the block], so that one pointer walks the weights of four sums. The last block of
 * each group is narrower where the group's channels end.
 */
export function inBlocks(weights: TensorData, outputs: number, groups = 1): Int8Array {
  const terms = weights.length / outputs;
  const groupOutputs = outputs / groups;
  const result = new Int8Array(weights.length);
  let next = 0;
  for (let group = 0; group < outputs; group += groupOutputs) {
    for (let first = group; first < group + groupOutputs; first += BLOCK) {
      const end = Math.min(first + BLOCK, group + groupOutputs);
      for (let term = 0; term < terms; term++) {
        for (let channel = first; channel < end; channel++) result[next++] = weights[channel * terms + term]!;
      }
    }
  }
  return result;
}

/** Weights [terms, channels] as [channels, terms]: one channel's taps in a row. */
export function byChannel(weights: TensorData, channels: number): Int8Array {
  const terms = weights.length / channels;
  return Int8Array.from(weights, (_, i) => weights[(i % terms) * channels + Math.floor(i / terms)]!);
}

/**
 * The bias as if the input's zero point z were 0: sum of (x - z) * w = sum of x * w - z * sum of w.
 * `rows` are the weights as [outputs, terms]. Wraps at 32 bits, as the accumulator does.
 */
export function foldedBias(
  rows: TensorData,
  bias: TensorData | undefined,
  outputs: number,
  zeroPoint: number,
) {
  const terms = rows.length / outputs;
  return Int32Array.from({ length: outputs }, (_, i) => {
    const row = rows.subarray(i * terms, (i + 1) * terms) as Int8Array;
    return (bias?.[i] ?? 0) - zeroPoint * row.reduce((sum, weight) => sum + weight, 0);
  });
}
