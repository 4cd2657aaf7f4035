/** Weights of four bits, for assembly/kernels/conv2d_w4_s8.ts. How they are stored changes nothing of what they mean. */

import type { Attributes } from "../ir/graph.ts";
import type { Channels } from "./constant_channels.ts";
import type { Lowering } from "./lowering.ts";
import type { Bound, Operator } from "./operator.ts";

/** Output channels to a word, and bytes of a word. */
const BLOCK = 16;
const WORD = 8;
const CODE_ZERO = 8;
/** The lanes of a word, of 16 bits each, with the first, second, third and fourth channel of each four. */
const LANES = [0, 2, 1, 3] as const;
/** Terms that conv2d_w4_lanes_s8 takes at a time: it reads inputs where they lie only in as many. */
const LANES_CHUNK = 16;
/** The most terms, or channels, that an argument block has room for. */
const MOST = 2 ** 16 - 1;
/** A graph that packing makes smaller by less is not worth the kernel's code. */
export const LEAST_SAVED = 1024;

export const packedBytes = (outputs: number, terms: number): number =>
  Math.ceil(outputs / BLOCK) * terms * WORD;

const fitFourBits = (weights: Int8Array): boolean => weights.every((weight) => weight >= -8 && weight <= 7);

/** Whether a layer's weights are packed: all of them fit four bits, and that saves bytes in a graph where it pays, or was chosen. */
export function isPacked(
  { rows, bias }: Channels,
  { choice, packs }: Pick<Lowering, "choice" | "packs">,
): boolean {
  const terms = rows.length / bias.length;
  const saves = packs && rows.length > packedBytes(bias.length, terms);
  return terms <= MOST && bias.length <= MOST && (choice.packed ?? saves) && fitFourBits(rows);
}

/** Bytes that a node's weights take less when they are packed; 0 where they can't be, or would take more. */
export function savedByPacking({ packs, matrix }: Operator, node: Bound<Attributes>): number {
  const [input, weights] = node.inputs;
  const shape = packs && matrix(node);
  if (!shape || !(weights?.data instanceof Int8Array) || input?.dtype !== "int8") return 0;
  const saved = weights.data.length - packedBytes(shape.outputs, shape.inputs * shape.positions);
  return fitFourBits(weights.data) ? Math.max(0, saved) : 0;
}

/**
 * Weights [outputs, terms] as words of codes, as little-endian halves: blocks of sixteen channels, [terms] words each,
 * the last block filled up with weights of zero.
 */
export function packed(rows: Int8Array, outputs: number): Int32Array {
  const terms = rows.length / outputs;
  const words = new Int32Array(packedBytes(outputs, terms) / 4);
  for (let block = 0; block * BLOCK < outputs; block++) {
    for (let term = 0; term < terms; term++) {
      const word = 2 * (block * terms + term);
      for (let i = 0; i < BLOCK; i++) {
        const channel = block * BLOCK + i;
        const code = (channel < outputs ? rows[channel * terms + term]! : 0) + CODE_ZERO;
        const bit = 16 * LANES[i % 4]! + 4 * Math.floor(i / 4);
        words[word + Math.floor(bit / 32)]! |= code << (bit % 32);
      }
    }
  }
  return words;
}

/** Scratch of conv2d_w4_s8: its sums, and the inputs of a tile of pixels. */
export const packedScratch = (tile: number, terms: number): number => 4 * BLOCK + tile * terms;

/**
 * Scratch of conv2d_w4_lanes_s8: weights, sums, and the inputs of a tile of pixels, unless they lie as they are needed
 * and apart from the output.
 */
export function packedLanesScratch(tile: number, terms: number, lie: boolean): number {
  const gathered = lie && terms % LANES_CHUNK === 0 ? 0 : tile * terms + LANES_CHUNK - 1;
  return WORD * LANES_CHUNK + 4 * LANES.length * tile + gathered;
}
