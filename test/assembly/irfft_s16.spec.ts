import { irfft_s16 } from "../../assembly/kernels/irfft_s16";
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

/** Of half the spectrum, whose other half is its conjugate. */
function check(input: StaticArray<i16>): void {
  reset();
  const output: usize = room(2 * LENGTH);
  const turn: f64 = 2 * Math.PI;
  irfft_s16({
    input: int16(input),
    output,
    twiddles: int16(roots(0, turn / (LENGTH / 2), LENGTH / 2)),
    realTwiddles: int16(roots(turn / LENGTH + turn / 4, turn / LENGTH, LENGTH / 4)),
    scratch: scratch(2 * LENGTH),
    fftLength: LENGTH,
  });
  for (let n = 0; n < LENGTH; n++) {
    let sum: f64 = <f64>input[0] + <f64>input[LENGTH] * (n & 1 ? -1 : 1);
    for (let k = 1; k < LENGTH / 2; k++) {
      const angle: f64 = (turn * k * n) / LENGTH;
      sum += 2 * (<f64>input[2 * k] * Math.cos(angle) - <f64>input[2 * k + 1] * Math.sin(angle));
    }
    const near: bool = Math.abs(<f64>load<i16>(output + 2 * n) - sum / LENGTH) <= NEAR;
    expect<bool>(near).toBe(true, "sample " + n.toString());
  }
}

describe("irfft_s16", () => {
  test("samples of random spectra, divided by the length", () => {
    const random = new Random();
    for (let round = 0; round < 20; round++) {
      const values = new StaticArray<i16>(LENGTH + 2);
      for (let i = 0; i < LENGTH + 2; i++) values[i] = <i16>random.next(-16000, 16000);
      values[1] = 0;
      values[LENGTH + 1] = 0;
      check(values);
    }
  });
});
