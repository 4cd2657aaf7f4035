/** Where the sums of a forest begin: `base`, int16, to `output`. */
// @ts-ignore: decorator
@inline
export function startSums(base: usize, output: usize, targets: i32): void {
  const end: usize = output + (<usize>targets << 1);
  while (output < end) {
    store<i16>(output, load<i16>(base));
    output += 2;
    base += 2;
  }
}

/** Adds a leaf's list of terms to the sums; from the highest bit: value, target, whether it is the last. */
// @ts-ignore: decorator
@inline
export function addTerms(term: usize, targetBits: i32, output: usize): void {
  const targets: i32 = (2 << targetBits) - 2;
  const shift: i32 = targetBits + 1;
  let word: i32;
  do {
    word = load<i16>(term);
    // One bit up, the number of the target is the place of its sum.
    const sum: usize = output + (word & targets);
    store<i16>(sum, load<i16>(sum) + (word >> shift));
    term += 2;
  } while ((word & 1) == 0);
}
