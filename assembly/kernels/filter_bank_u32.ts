export const VERSION: i32 = 1;

/** The argument block of filter_bank_u32. */
@unmanaged
export class FilterBankU32Arguments {
  input: usize;
  output: usize;
  weights: usize;
  bands: usize;
  channels: i32;
}

/**
 * Energies in overlapping bands: each counts with its weight in one band and its unweight in the next.
 *
 *   input               u32: energies by frequency
 *   output              [channels] u64; must not overlap the input
 *   weights             [terms, 2] i16: a weight and an unweight for each, band after band
 *   bands               [channels + 1, 2] i16: first frequency and width; the first band's sum is left out
 *
 * Semantics: TensorFlow Lite Micro, FilterbankAccumulateChannels.
 */
export function filter_bank_u32(block: FilterBankU32Arguments): void {
  const input: usize = block.input;
  let weight: usize = block.weights;
  let output: usize = block.output - 8;
  let band: usize = block.bands;
  let carried: i64 = 0;
  const channels: i32 = block.channels;
  for (let i = 0; i <= channels; i++, band += 4, output += 8) {
    let sum: i64 = carried;
    carried = 0;
    let energy: usize = input + (<usize>load<i16>(band) << 2);
    for (let left: i32 = load<i16>(band, 2); left > 0; left--) {
      const value: i64 = load<u32>(energy);
      sum += value * <i64>load<i16>(weight);
      carried += value * <i64>load<i16>(weight, 2);
      energy += 4;
      weight += 4;
    }
    if (i > 0) store<i64>(output, sum);
  }
}
