export const VERSION: i32 = 1;

/** The argument block of logistic_s16. */
@unmanaged
export class SigmoidS16Arguments {
  input: usize;
  output: usize;
  table: usize;
  length: i32;
  multiplier: i32;
  shift: i8;
}

/**
 * 1 / (1 + exp(-x)), int16 in, int16 out at scale 2^-15; zero points of 0.
 *
 *   input, output      [length] i16; may be the same buffer
 *   table              [up to 256] u16, as far as inputs reach: the function at equal steps, times 2^16
 *   multiplier, shift  (x * multiplier + half) >> shift is the input in 512ths of these steps
 *
 * Semantics: TensorFlow Lite Micro, reference_integer_ops::Logistic for int16.
 */
export function logistic_s16(block: SigmoidS16Arguments): void {
  let input: usize = block.input;
  let output: usize = block.output;
  const multiplier: i32 = block.multiplier;
  const shift: i32 = block.shift;
  const half: i32 = shift > 0 ? 1 << (shift - 1) : 0;
  const end: usize = input + (<usize>block.length << 1);
  do {
    const x: i32 = (<i32>load<i16>(input) * multiplier + half) >> shift;
    const magnitude: i32 = abs(x);
    let result: i32 = 0x7fff << 10;
    if (magnitude < 255 << 9) {
      const entry: usize = block.table + (<usize>(magnitude >> 9) << 1);
      const below: i32 = load<u16>(entry);
      result = (below << 9) + (magnitude & 0x1ff) * (<i32>load<u16>(entry, 2) - below);
    }
    result = x >= 0 ? result + (1 << 9) : (1 << 25) - result + (1 << 9) - 1;
    store<i16>(output, result >> 10);
    output += 2;
    input += 2;
  } while (input < end);
}
