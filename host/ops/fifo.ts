/** A queue of samples over inferences, as TensorFlow Lite Micro's framer, stacker and delay keep one. */
import { elements, type Shape, type Tensor } from "../ir/graph.ts";
import type { Lowering } from "./lowering.ts";
import { require } from "./signal.ts";

/** All counts are of samples. */
export interface Queue {
  /** Samples that are put in at a time. */
  readonly write: number;
  /** Samples that are looked at, where there are as many. */
  readonly read: number;
  /** Samples that are taken out then. */
  readonly discard: number;
  /** Zeros that the queue begins with. */
  readonly prefill: number;
  /** How often the first samples that are put in are repeated. */
  readonly extend: number;
}

const divisor = (a: number, b: number): number => (b === 0 ? a : divisor(b, a % b));

/** The most samples that ever wait, with those that have just been put in: too few to read, and one more write. */
export function capacityOf({ write, read, discard, prefill, extend }: Queue): number {
  // Levels lie apart by multiples of this.
  const unit = divisor(write, discard);
  const most = prefill + unit * Math.floor((read + write - 1 - prefill) / unit);
  return Math.max(most, prefill + write * (1 + extend));
}

/** Levels grow without bound where less is taken out than put in, and the queue runs dry the other way. */
export function checkQueue(node: string, queue: Queue): void {
  const { write, read, discard, prefill, extend } = queue;
  const isCount = [write, read, discard].every((n) => n > 0) && prefill >= 0 && extend >= 0;
  require(node, isCount, "sizes and steps above 0", `${read} and ${discard}`);
  require(node, write <= discard &&
    discard <= Math.max(read, write), `steps from ${write} to ${read}`, discard);
}

export interface Written {
  /** The oldest `read` values; zeros where there are too few. */
  readonly output: Int16Array;
  readonly isValid: boolean;
  readonly samples: Int16Array;
  /** Samples that wait beyond `prefill`, and whether there were any before. */
  readonly level: Int32Array;
}

/** Puts samples in, and reads where that can be done. `level` is [waiting - prefill, 1 after the first time]. */
export function writeQueue(queue: Queue, input: Int16Array, before: Int16Array, level: Int32Array): Written {
  const { read, discard, prefill, extend } = queue;
  const waiting = Array.from(before.subarray(0, prefill + level[0]!));
  const copies = level[1] === 0 ? 1 + extend : 1;
  for (let copy = 0; copy < copies; copy++) waiting.push(...input);
  const isValid = waiting.length >= read;
  const output = Int16Array.from({ length: read }, (_, i) => (isValid ? waiting[i]! : 0));
  const left = isValid ? waiting.slice(discard) : waiting;
  // Behind the samples that wait, older ones stay, as a kernel leaves them.
  const samples = Int16Array.from(before, (_, i) => waiting[i] ?? before[i]!);
  samples.set(left);
  return { output, isValid, samples, level: Int32Array.of(left.length - prefill, 1) };
}

/** The states of a queue: samples, and how many of them wait. */
export const stateShapes = (queue: Queue, rows: number): readonly [Shape, Shape] => [
  [rows, capacityOf(queue)],
  [rows, 2],
];

interface Call {
  readonly queue: Queue;
  readonly rows: number;
  readonly input: Tensor;
  readonly output: Tensor;
  readonly valid: Tensor | undefined;
  readonly samples: Tensor;
  readonly level: Tensor;
}

export function lowerQueue(to: Lowering, { queue, rows, input, output, valid, samples, level }: Call): void {
  to.call("fifo_s16", {
    input,
    output,
    valid: valid ?? level,
    samples,
    level,
    chunks: elements(input.shape) / (rows * queue.write),
    capacity: capacityOf(queue),
    rows,
    ...queue,
    tells: valid ? 1 : 0,
  });
}
