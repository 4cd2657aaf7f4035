export const VERSION: i32 = 1;

/** The argument block of emphasis_s16. */
@unmanaged
export class EmphasisS16Arguments {
  input: usize;
  output: usize;
  length: i32;
  share: i16;
}

/**
 * Half of each sample less a share of the one before it, halves rounded up.
 *
 *   input   [length + 1] i16
 *   output  [length] i16; must not overlap the input
 *   share   with 15 fraction bits, 0 or more
 */
export function emphasis_s16(block: EmphasisS16Arguments): void {
  const share: i32 = block.share;
  let input: usize = block.input;
  let output: usize = block.output;
  // A sample's share of the next one, and the half that rounds.
  let rest: i32 = 32768 - <i32>load<i16>(input) * share;
  for (const end: usize = output + (<usize>block.length << 1); output < end; output += 2) {
    input += 2;
    const x: i32 = load<i16>(input);
    store<i16>(output, ((x << 15) + rest) >> 16);
    rest = 32768 - x * share;
  }
}
