export const VERSION: i32 = 1;

/** The argument block of slide. */
@unmanaged
export class SlideArguments {
  input: usize;
  state: usize;
  output: usize;
  inputBytes: i32;
  windowBytes: i32;
}

/**
 * The last values of a stream, oldest first: all of a window but the oldest, and behind them the new ones.
 *
 *   input   [inputBytes] bytes
 *   state   [windowBytes] bytes: the window; written
 *   output  [windowBytes] bytes: a copy, which later layers may overwrite; must not overlap the input
 */
export function slide(block: SlideArguments): void {
  const state: usize = block.state;
  const inputBytes: usize = block.inputBytes;
  const windowBytes: usize = block.windowBytes;
  const kept: usize = windowBytes - inputBytes;
  memory.copy(state, state + inputBytes, kept);
  memory.copy(state + kept, block.input, inputBytes);
  memory.copy(block.output, state, windowBytes);
}
