import { rescale_s16 } from "../../assembly/kernels/rescale_s16";
import { expectInt16, int16, ONE, reset, room } from "./workbench";

describe("rescale_s16", () => {
  test("a factor for each sign, halves away from zero", () => {
    reset();
    const output: usize = room(12);
    // times 2^-1 where not negative, times 2^-2 elsewhere
    rescale_s16(int16([5, -6, 0, 32767, -32768, -2]), output, 6, ONE, 0, ONE, -1, -32768, 32767);
    expectInt16(output, [3, -2, 0, 16384, -8192, -1]);
  });

  test("saturation and bounds", () => {
    reset();
    const output: usize = room(8);
    rescale_s16(int16([20000, -20000, 3, -3]), output, 4, ONE, 2, ONE, 2, -32768, 32767);
    expectInt16(output, [32767, -32768, 6, -6]);
    reset();
    const clamped: usize = room(8);
    rescale_s16(int16([20000, -20000, 3, -3]), clamped, 4, ONE, 1, ONE, 1, 0, 6);
    expectInt16(clamped, [6, 0, 3, 0]);
  });

  test("in place", () => {
    reset();
    const at: usize = int16([1, -1]);
    rescale_s16(at, at, 2, ONE, 4, ONE, 5, -32768, 32767);
    expectInt16(at, [8, -16]);
  });
});
