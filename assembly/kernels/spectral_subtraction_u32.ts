export const VERSION: i32 = 1;

/** The argument block of spectral_subtraction_u32. */
@unmanaged
export class SpectralSubtractionU32Arguments {
  input: usize;
  state: usize;
  output: usize;
  noise: usize;
  length: i32;
  smoothing: u16;
  oneMinusSmoothing: u16;
  alternateSmoothing: u16;
  alternateOneMinusSmoothing: u16;
  minSignalRemaining: u16;
  smoothingBits: i8;
  bits: i8;
  clamping: i8;
}

/**
 * Signals less an estimate of the noise, a running mean.
 *
 *   input   [length] u32
 *   state   [length] u32: the estimates, with smoothingBits more; written
 *   output  [length] u32: what is left, at least minSignalRemaining / 2^bits of the signal; may be the input
 *   noise   [length] u32: the new estimates
 *   alternate...  for channels of odd numbers
 *
 * Semantics: TensorFlow Lite Micro, FilterbankSpectralSubtraction.
 */
export function spectral_subtraction_u32(block: SpectralSubtractionU32Arguments): void {
  let input: usize = block.input;
  let state: usize = block.state;
  let noise: usize = block.noise;
  let output: usize = block.output;
  const smoothingBits: u32 = block.smoothingBits;
  const bits: u64 = block.bits;
  const clamping: bool = block.clamping != 0;
  const remaining: u64 = block.minSignalRemaining;
  let gain: u64 = block.smoothing;
  let rest: u64 = block.oneMinusSmoothing;
  let otherGain: u64 = block.alternateSmoothing;
  let otherRest: u64 = block.alternateOneMinusSmoothing;
  for (const end: usize = output + (<usize>block.length << 2); output < end; output += 4) {
    const signal: u32 = load<u32>(input);
    const scaled: u32 = signal << smoothingBits;
    const mean: u32 = <u32>((<u64>scaled * gain + <u64>load<u32>(state) * rest) >> bits);
    const estimate: u32 = min(mean, scaled);
    const kept: u32 = clamping ? estimate : mean;
    store<u32>(state, kept);
    store<u32>(noise, kept);
    store<u32>(output, max((scaled - estimate) >> smoothingBits, <u32>((<u64>signal * remaining) >> bits)));
    input += 4;
    state += 4;
    noise += 4;
    const lastGain: u64 = gain;
    const lastRest: u64 = rest;
    gain = otherGain;
    rest = otherRest;
    otherGain = lastGain;
    otherRest = lastRest;
  }
}
