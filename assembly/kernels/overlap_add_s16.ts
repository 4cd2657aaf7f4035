import { clamp } from "../fixed";

export const VERSION: i32 = 1;

/** The argument block of overlap_add_s16. */
@unmanaged
export class OverlapAddS16Arguments {
  input: usize;
  state: usize;
  output: usize;
  rows: i32;
  frames: i32;
  size: i32;
  step: i32;
}

/**
 * Adds up overlapping frames and saturates.
 *
 *   input   [rows, frames, size] i16
 *   state   [rows, size] i16: sums of what came before; written
 *   output  [rows, frames, step] i16; must not overlap the input
 *
 * Semantics: TensorFlow Lite Micro, OverlapAdd.
 */
export function overlap_add_s16(block: OverlapAddS16Arguments): void {
  let input: usize = block.input;
  let state: usize = block.state;
  let output: usize = block.output;
  const bytes: usize = <usize>block.size << 1;
  const stepBytes: usize = <usize>block.step << 1;
  for (let row = block.rows; row > 0; row--) {
    const end: usize = state + bytes;
    for (let frame = block.frames; frame > 0; frame--) {
      for (let sum: usize = state; sum < end; sum += 2, input += 2) {
        store<i16>(sum, clamp(<i32>load<i16>(sum) + <i32>load<i16>(input), -32768, 32767));
      }
      memory.copy(output, state, stepBytes);
      memory.copy(state, state + stepBytes, bytes - stepBytes);
      memory.fill(end - stepBytes, 0, stepBytes);
      output += stepBytes;
    }
    state = end;
  }
}
