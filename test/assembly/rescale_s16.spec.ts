import { rescale_s16 } from "../../assembly/kernels/rescale_s16";
import { expectInt16, int16, ONE, reset, room } from "./workbench";

describe("rescale_s16", () => {
  test("a factor for each sign, halves away from zero", () => {
    reset();
    const output: usize = room(12);
    // times 2^-1 where not negative, times 2^-2 elsewhere
    rescale_s16({
      input: int16([5, -6, 0, 32767, -32768, -2]),
      output,
      length: 6,
      multiplier: ONE,
      shift: 0,
      negativeMultiplier: ONE,
      negativeShift: -1,
      activationMin: -32768,
      activationMax: 32767,
    });
    expectInt16(output, [3, -2, 0, 16384, -8192, -1]);
  });

  test("saturation and bounds", () => {
    reset();
    const output: usize = room(8);
    rescale_s16({
      input: int16([20000, -20000, 3, -3]),
      output,
      length: 4,
      multiplier: ONE,
      shift: 2,
      negativeMultiplier: ONE,
      negativeShift: 2,
      activationMin: -32768,
      activationMax: 32767,
    });
    expectInt16(output, [32767, -32768, 6, -6]);
    reset();
    const clamped: usize = room(8);
    rescale_s16({
      input: int16([20000, -20000, 3, -3]),
      output: clamped,
      length: 4,
      multiplier: ONE,
      shift: 1,
      negativeMultiplier: ONE,
      negativeShift: 1,
      activationMin: 0,
      activationMax: 6,
    });
    expectInt16(clamped, [6, 0, 3, 0]);
  });

  test("in place", () => {
    reset();
    const at: usize = int16([1, -1]);
    rescale_s16({
      input: at,
      output: at,
      length: 2,
      multiplier: ONE,
      shift: 4,
      negativeMultiplier: ONE,
      negativeShift: 5,
      activationMin: -32768,
      activationMax: 32767,
    });
    expectInt16(at, [8, -16]);
  });
});
