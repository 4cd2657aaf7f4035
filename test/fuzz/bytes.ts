/** Damage that knows nothing of the format: what a broken download, disk or tool does to a file. */
import type { Random } from "./random.ts";

export type Edit = (bytes: Uint8Array, random: Random) => Uint8Array;

/** Integers at which readers go wrong; written in 32 bits. */
const INTEGERS = [0, 1, 2, -1, -2, 0x7f, 0x80, 0xff, 0xffff, 0x10000, 2 ** 24, 0x7fffffff, -0x80000000];
const BYTES = [0x00, 0xff, 0x7f, 0x80];

const truncate: Edit = (bytes, { below }) => bytes.slice(0, below(bytes.length + 1));

const flipBits: Edit = (bytes, { below, pick }) => {
  const copy = bytes.slice();
  for (let n = pick([1, 1, 2, 8]); n > 0 && copy.length > 0; n--) {
    const at = below(copy.length);
    copy[at] = copy[at]! ^ (1 << below(8));
  }
  return copy;
};

const overwriteByte: Edit = (bytes, { below, pick }) => {
  const copy = bytes.slice();
  for (let n = pick([1, 1, 4]); n > 0 && copy.length > 0; n--) copy[below(copy.length)] = pick(BYTES);
  return copy;
};

const overwriteWord: Edit = (bytes, { below, pick }) => {
  const copy = bytes.slice();
  if (copy.length < 4) return copy;
  // Most formats align their words.
  const at = pick([below(copy.length - 3), below(copy.length >> 2) * 4]);
  const value = pick([...INTEGERS, bytes.length, bytes.length - at]);
  new DataView(copy.buffer).setInt32(Math.min(at, copy.length - 4), value, true);
  return copy;
};

function range(length: number, { below, pick }: Random): [number, number] {
  const start = below(length + 1);
  return [start, Math.min(length, start + pick([1, 4, 16, 64]))];
}

const swap: Edit = (bytes, random) => {
  const copy = bytes.slice();
  const [start, end] = range(bytes.length, random);
  const other = random.below(bytes.length - (end - start) + 1);
  copy.set(bytes.subarray(start, end), other);
  copy.set(bytes.subarray(other, other + end - start), start);
  return copy;
};

const duplicate: Edit = (bytes, random) => {
  const [start, end] = range(bytes.length, random);
  const at = random.below(bytes.length + 1);
  return Buffer.concat([bytes.subarray(0, at), bytes.subarray(start, end), bytes.subarray(at)]);
};

const remove: Edit = (bytes, random) => {
  const [start, end] = range(bytes.length, random);
  return Buffer.concat([bytes.subarray(0, start), bytes.subarray(end)]);
};

export const byteEdits: readonly Edit[] = [
  truncate,
  flipBits,
  flipBits,
  overwriteByte,
  overwriteWord,
  overwriteWord,
  swap,
  duplicate,
  remove,
];

/** One to three edits out of `edits`, one after the other. */
export function applyEdits(bytes: Uint8Array, edits: readonly Edit[], random: Random): Uint8Array {
  let result = bytes;
  for (let n = random.pick([1, 1, 2, 3]); n > 0; n--) result = random.pick(edits)(result, random);
  // A copy of its own: readers may be given no view into a larger buffer.
  return new Uint8Array(result);
}
