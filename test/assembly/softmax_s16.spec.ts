import { softmax_s16 } from "../../assembly/kernels/softmax_s16";
import { expectInt16, int16, ONE, reset, room } from "./workbench";

/** exp(10 * (i - 512) / 512) at scale 2^-15, as good as it need be here: 1 at its end. */
function exponentials(): StaticArray<i16> {
  const values = new StaticArray<i16>(513);
  for (let i = 0; i < 513; i++) {
    const value: f64 = Math.round(Math.exp((10 * (<f64>i - 512)) / 512) * 32768);
    values[i] = <i16>Math.min(32767, value);
  }
  return values;
}

/** 1 / (1 + i / 512) */
function reciprocals(): StaticArray<i16> {
  const values = new StaticArray<i16>(513);
  for (let i = 0; i < 513; i++) values[i] = <i16>Math.min(32767, Math.round(32768 / (1 + <f64>i / 512)));
  return values;
}

function check(input: StaticArray<i16>, depth: i32, shift: i32, expected: StaticArray<i16>): void {
  reset();
  const output: usize = room(input.length << 1);
  const rows: i32 = input.length / depth;
  softmax_s16({
    input: int16(input),
    output,
    exp: int16(exponentials()),
    reciprocal: int16(reciprocals()),
    rows,
    depth,
    multiplier: ONE,
    shift: <i8>shift,
  });
  expectInt16(output, expected);
}

describe("softmax_s16", () => {
  test("equal values share what there is, whatever they are", () => {
    const least: i16 = -32768;
    const quarter: i16 = 8192;
    check([5, 5, 5, 5], 4, 1, [quarter, quarter, quarter, quarter]);
    check([least, least, least, least], 4, 1, [quarter, quarter, quarter, quarter]);
    // All of it would be 32768.
    check([7], 1, 1, [32767]);
  });

  test("what is far below counts as nothing, at most the table's least", () => {
    // exp(-10) is 1.49 of 32768.
    check([32767, -32768], 2, 1, [32767, 1]);
    check([32767, -32768], 2, 3, [32767, 1]);
  });

  test("in place", () => {
    reset();
    const at: usize = int16([1, 1]);
    softmax_s16({
      input: at,
      output: at,
      exp: int16(exponentials()),
      reciprocal: int16(reciprocals()),
      rows: 1,
      depth: 2,
      multiplier: ONE,
      shift: 1,
    });
    expectInt16(at, [16384, 16384]);
  });
});
