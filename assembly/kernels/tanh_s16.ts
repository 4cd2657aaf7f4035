import { SigmoidS16Arguments } from "./logistic_s16";

export const VERSION: i32 = 1;

/**
 * Hyperbolic tangent, int16 in, int16 out at scale 2^-15; zero points of 0: 2 / (1 + exp(-2x)) - 1.
 *
 *   input, output      [length] i16; may be the same buffer
 *   table              [up to 256] u16, as far as inputs reach: 1 / (1 + exp(-x)) at equal steps, times 2^16
 *   multiplier, shift  (x * multiplier + half) >> shift is the input in 512ths of these steps, halved
 *
 * Semantics: TensorFlow Lite Micro, reference_integer_ops::Tanh for int16.
 */
export function tanh_s16(block: SigmoidS16Arguments): void {
  let input: usize = block.input;
  let output: usize = block.output;
  const table: usize = block.table;
  const length: i32 = block.length;
  const multiplier: i32 = block.multiplier;
  const shift: i32 = block.shift;
  const half: i32 = shift > 0 ? 1 << (shift - 1) : 0;
  const end: usize = input + (<usize>length << 1);
  for (; input < end; input += 2, output += 2) {
    const x: i32 = (<i32>load<i16>(input) * multiplier + half) >> shift;
    const magnitude: i32 = abs(x);
    let result: i32 = 0xffff << 8;
    if (magnitude < 255 << 8) {
      const entry: usize = table + (<usize>(magnitude >> 8) << 1);
      const below: i32 = load<u16>(entry);
      result = (below << 8) + (magnitude & 0xff) * (<i32>load<u16>(entry, 2) - below);
    }
    result -= 1 << 23;
    result = x >= 0 ? result + (1 << 7) : -result + (1 << 7) - 1;
    store<i16>(output, result >> 8);
  }
}
