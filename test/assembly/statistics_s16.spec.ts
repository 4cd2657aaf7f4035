import { statistics_s16 } from "../../assembly/kernels/statistics_s16";
import { expectInt16, int16, reset, room } from "./workbench";

/** Amplitudes in steps of samples, shapes in 1/1024. */
function check(
  input: StaticArray<i16>,
  channels: i32,
  features: u8,
  centered: u8,
  expected: StaticArray<i16>,
): void {
  reset();
  const output: usize = room(expected.length << 1);
  statistics_s16({
    input: int16(input),
    output,
    length: input.length / channels,
    channels,
    multiplier: 1 << 30,
    shapeMultiplier: 1 << 30,
    features,
    shift: 38,
    shapeShift: 36,
    centered,
  });
  expectInt16(output, expected);
}

describe("statistics_s16", () => {
  test("mean, least, greatest, root of the mean square, deviation", () => {
    check([300, -100, 100, 500], 1, 31, 0, [200, -100, 500, 300, 224]);
    check([300, -100, 100, 500], 1, 31, 1, [200, -300, 300, 224, 224]);
  });

  test("skewness, kurtosis and zero crossings of each channel", () => {
    // 0, 0, 0, 4: a deviation of sqrt(3), cubes of 6, fourths of 21; 1.1547 and -0.6667.
    check([0, -1, 0, 1, 0, -1, 4, 1], 2, 96, 0, [1182, -683, 0, -2048]);
    check([0, -1, 0, 1, 0, -1, 4, 1], 2, 128, 1, [341, 1024]);
    check([0, -1, 0, 1, 0, -1, 4, 1], 2, 128, 0, [0, 1024]);
  });

  test("equal samples", () => {
    check([-5, -5, -5], 1, 255, 0, [-5, -5, -5, 5, 0, 0, -3072, 0]);
    check([-5, -5, -5], 1, 255, 1, [-5, 0, 0, 0, 0, 0, -3072, 0]);
    check([9], 1, 255, 0, [9, 9, 9, 9, 0, 0, -3072, 0]);
  });

  test("the greatest distances", () => {
    check([-32768, 32767, -32768, 32767], 1, 255, 0, [0, -32767, 32767, 32767, 32767, 0, -2048, 1024]);
  });
});
