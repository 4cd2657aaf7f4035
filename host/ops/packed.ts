/** Weights of four bits, for assembly/kernels/conv2d_w4_s8.ts. How they are stored changes nothing of what they mean. */
import type { Channels } from "./constant_channels.ts";
import type { Choice } from "./lowering.ts";

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
/** A layer that packing makes smaller by less is not worth the kernel's code. */
export const LEAST_SAVED = 1024;

export const packedBytes = (outputs: number, terms: number): number =>
  Math.ceil(outputs / BLOCK) * terms * WORD;

/** Whether a layer's weights are packed: all of them fit four bits, and enough bytes are saved, or it was chosen. */
export function isPacked({ rows, bias }: Channels, { packed: chosen }: Choice): boolean {
  const terms = rows.length / bias.length;
  const saved = rows.length - packedBytes(bias.length, terms);
  const fits = terms <= MOST && bias.length <= MOST;
  return fits && (chosen ?? saved >= LEAST_SAVED) && rows.every((weight) => weight >= -8 && weight <= 7);
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
