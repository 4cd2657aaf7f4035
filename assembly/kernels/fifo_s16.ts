export const VERSION: i32 = 1;

/** The argument block of fifo_s16. */
@unmanaged
export class FifoS16Arguments {
  input: usize;
  output: usize;
  valid: usize;
  samples: usize;
  level: usize;
  rows: i32;
  chunks: i32;
  capacity: i32;
  write: i32;
  read: i32;
  discard: i32;
  prefill: i32;
  extend: i32;
  tells: i8;
}

/**
 * A queue of samples for each row: `write` of them are put in, and the oldest `read` are looked at where
 * there are as many, of which `discard` are taken out.
 *
 *   input    [rows, chunks, write] i16
 *   output   [rows, chunks, read] i16; zeros where there are too few; must not overlap the input
 *   valid    [1] i8: whether there were enough every time; written where `tells` is not 0
 *   samples  [rows, capacity] i16: those that wait; written
 *   level    [rows, 2] i32: how many wait less `prefill`, and whether any came before; written
 *   extend   how often the first chunk of all is repeated
 *
 * Semantics: TensorFlow Lite Micro, SignalFramer, SignalStacker and SignalDelay.
 */
export function fifo_s16(block: FifoS16Arguments): void {
  let input: usize = block.input;
  let output: usize = block.output;
  let samples: usize = block.samples;
  let level: usize = block.level;
  const prefill: i32 = block.prefill;
  const writeBytes: usize = <usize>block.write << 1;
  const readBytes: usize = <usize>block.read << 1;
  const discardBytes: usize = <usize>block.discard << 1;
  let valid: i32 = 1;
  for (let row = block.rows; row > 0; row--) {
    let waiting: usize = <usize>(load<i32>(level) + prefill) << 1;
    for (let chunk = block.chunks; chunk > 0; chunk--) {
      for (let copies = load<i32>(level, 4) == 0 ? block.extend : 0; copies >= 0; copies--) {
        memory.copy(samples + waiting, input, writeBytes);
        waiting += writeBytes;
      }
      store<i32>(level, 1, 4);
      if (waiting >= readBytes) {
        memory.copy(output, samples, readBytes);
        waiting -= discardBytes;
        memory.copy(samples, samples + discardBytes, waiting);
      } else {
        memory.fill(output, 0, readBytes);
        valid = 0;
      }
      input += writeBytes;
      output += readBytes;
    }
    store<i32>(level, <i32>(waiting >> 1) - prefill);
    samples += <usize>block.capacity << 1;
    level += 8;
  }
  if (block.tells != 0) store<i8>(block.valid, valid);
}
