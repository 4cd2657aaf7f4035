import { center_s16 } from "../../assembly/kernels/center_s16";
import { expectInt16, int16, reset, room, scratch } from "./workbench";

function check(input: StaticArray<i16>, channels: i32, expected: StaticArray<i16>, bits: i32): void {
  reset();
  const output: usize = room(expected.length << 1);
  const found: usize = scratch(4);
  center_s16({ input: int16(input), output, bits: found, length: expected.length, stride: 2 * channels });
  expectInt16(output, expected);
  expect<i32>(load<i32>(found)).toBe(bits, "bits");
}

describe("center_s16", () => {
  test("distances from the mean, as large as they fit", () => {
    // The mean is 2: -2, -1, 3.
    check([0, 1, 5], 1, [-16384, -8192, 24576], 13);
    check([1, 2], 1, [-16384, 16384], 15);
  });

  test("every channel's own mean; fractions of it count", () => {
    // The mean of 1, 1, 2 is 4/3: -1/3, -1/3, 2/3 by 2^15.
    check([1, 900, 1, 0, 2, 7], 2, [-10923, -10923, 21845], 15);
  });

  test("distances of 17 bits are scaled down", () => {
    check([-32768, 32767, 32767], 1, [-21845, 10923, 10923], -1);
    check([32767, -32768, -32768, -32768], 1, [24576, -8192, -8192, -8192], -1);
  });

  test("equal samples have no distance", () => {
    check([-7, -7, -7], 1, [0, 0, 0], 0);
  });
});
