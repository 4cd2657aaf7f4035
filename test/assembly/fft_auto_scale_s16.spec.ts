import { fft_auto_scale_s16 } from "../../assembly/kernels/fft_auto_scale_s16";
import { expectInt16, int16, reset, room, scratch } from "./workbench";

function check(input: StaticArray<i16>, expected: StaticArray<i16>, bits: i32): void {
  reset();
  const output: usize = room(input.length << 1);
  const found: usize = scratch(4);
  fft_auto_scale_s16({ input: int16(input), output, bits: found, length: input.length });
  expectInt16(output, expected);
  expect<i32>(load<i32>(found)).toBe(bits, "bits");
}

describe("fft_auto_scale_s16", () => {
  test("as far as the greatest magnitude fits, four samples at a time and what is left", () => {
    check([100, -200, 50, 3, 7], [12800, -25600, 6400, 384, 896], 7);
    check([1, 0, 0, 0, -256], [64, 0, 0, 0, -16384], 6);
  });

  test("silence stays what it is", () => {
    check([0, 0, 0, 0, 0], [0, 0, 0, 0, 0], 0);
  });

  test("the magnitude of -32768 is taken for -32768, as the reference does", () => {
    check([-32768, 1], [0, 16384], 14);
    check([1, 1, -32768, 32767], [1, 1, -32768, 32767], 0);
  });
});
