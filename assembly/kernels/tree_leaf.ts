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

/** Adds a leaf's list of terms to the sums: target (its highest bit ends the list) and value of one or two bytes. */
// @ts-ignore: decorator
@inline
export function addTerms(term: usize, termBytes: i32, output: usize): void {
  let target: i32;
  do {
    target = load<i8>(term);
    const sum: usize = output + ((target & 127) << 1);
    store<i16>(sum, load<i16>(sum) + (termBytes == 2 ? <i32>load<i8>(term, 1) : <i32>load<i16>(term, 1)));
    term += termBytes;
  } while (target >= 0);
}
