import { rfft_s16 } from "../../assembly/kernels/rfft_s16";
import { int16, Random, reset, room, scratch } from "./workbench";

const LENGTH: i32 = 16;

const rounded = (x: f64): i16 => <i16>Math.round(x * 32767);

/** Powers of a root of unity, as pairs of 16 bits: exp(i (first + step * k)). */
function roots(first: f64, step: f64, count: i32): StaticArray<i16> {
  const values = new StaticArray<i16>(2 * count);
  for (let k = 0; k < count; k++) {
    values[2 * k] = rounded(Math.cos(first + step * k));
    values[2 * k + 1] = rounded(Math.sin(first + step * k));
  }
  return values;
}

/** Rounded at every stage, sums may be off by a few steps. */
const NEAR: f64 = 4;

function check(input: StaticArray<i16>): void {
  reset();
  const output: usize = room(2 * (LENGTH + 2));
  const turn: f64 = -2 * Math.PI;
  rfft_s16({
    input: int16(input),
    output,
    twiddles: int16(roots(0, turn / (LENGTH / 2), LENGTH / 2)),
    realTwiddles: int16(roots(turn / LENGTH + turn / 4, turn / LENGTH, LENGTH / 4)),
    scratch: scratch(2 * LENGTH),
    inputLength: input.length,
    fftLength: LENGTH,
  });
  for (let k = 0; k <= LENGTH / 2; k++) {
    let re: f64 = 0;
    let im: f64 = 0;
    for (let n = 0; n < input.length; n++) {
      re += <f64>input[n] * Math.cos((turn * k * n) / LENGTH);
      im += <f64>input[n] * Math.sin((turn * k * n) / LENGTH);
    }
    const place: string = "frequency " + k.toString();
    expect<bool>(Math.abs(<f64>load<i16>(output + 4 * k) - re / LENGTH) <= NEAR).toBe(true, place);
    expect<bool>(Math.abs(<f64>load<i16>(output + 4 * k, 2) - im / LENGTH) <= NEAR).toBe(true, place);
  }
}

describe("rfft_s16", () => {
  test("frequencies, divided by the length, of random samples", () => {
    const random = new Random();
    for (let round = 0; round < 20; round++) {
      const values = new StaticArray<i16>(LENGTH);
      for (let i = 0; i < LENGTH; i++) values[i] = <i16>random.next(-32768, 32767);
      check(values);
    }
  });

  test("what is missing at the end counts as zeros", () => {
    check([30000, -20000, 10000, 5, 17, -30000, 1, 2, 3, 32767]);
  });
});
