export const VERSION: i32 = 1;

/** The argument block of events. */
@unmanaged
export class EventsArguments {
  input: usize;
  levels: usize;
  state: usize;
  output: usize;
  classes: i32;
  mask: i32;
  hold: i32;
  suppress: i32;
  least: i8;
  scoreBytes: i8;
}

/**
 * The event that scores mean.
 *
 *   input   [classes] i8, or i16 where scoreBytes is 2
 *   levels  [classes] i32: a score above its level counts
 *   state   [3 + classes] i32: the event that is said, how many inferences it still is and none may begin,
 *           and for each class which of the last inferences counted, as bits within `mask`; written
 *   output  [1] i32: the number of a class and 1, or 0
 *
 * A class begins an event where at least `least` of its bits are set; of several the one of the greatest
 * score, the first of equal ones. `hold` is at least 1.
 */
export function events(block: EventsArguments): void {
  const state: usize = block.state;
  const mask: i32 = block.mask;
  const least: i32 = block.least;
  const isWide: bool = block.scoreBytes == 2;
  let input: usize = block.input;
  let levels: usize = block.levels;
  let seen: usize = state + 12;
  let best: i32 = 0;
  let greatest: i32 = 0;
  for (let number: i32 = 1; number <= block.classes; number++) {
    const score: i32 = isWide ? load<i16>(input) : load<i8>(input);
    const bits: i32 = ((load<i32>(seen) << 1) | i32(score > load<i32>(levels))) & mask;
    store<i32>(seen, bits);
    if (popcnt<i32>(bits) >= least && (best == 0 || score > greatest)) {
      best = number;
      greatest = score;
    }
    input += isWide ? 2 : 1;
    levels += 4;
    seen += 4;
  }
  let said: i32 = load<i32>(state);
  let left: i32 = load<i32>(state, 4);
  let quiet: i32 = load<i32>(state, 8);
  if (left > 0) left--;
  if (left == 0) said = 0;
  if (quiet > 0) {
    quiet--;
  } else if (best != 0) {
    said = best;
    left = block.hold;
    quiet = block.suppress;
  }
  store<i32>(state, said);
  store<i32>(state, left, 4);
  store<i32>(state, quiet, 8);
  store<i32>(block.output, said);
}
