import { rescale_s16_s8 } from "../../assembly/kernels/rescale_s16_s8";
import { expectOutput, int16, ONE, reset, room } from "./workbench";

describe("rescale_s16_s8", () => {
  test("factor, zero point and saturation", () => {
    reset();
    const output: usize = room(5);
    // times 2^-8: 0.5, -0.5 and -1 round to 1, -1 and -1
    rescale_s16_s8({
      input: int16([128, -128, -256, 32767, -32768]),
      output,
      length: 5,
      multiplier: ONE,
      shift: -7,
      outputZeroPoint: -10,
      activationMin: -128,
      activationMax: 127,
    });
    expectOutput(output, [-9, -11, -11, 118, -128]);
  });

  test("unsigned outputs", () => {
    reset();
    const output: usize = room(3);
    rescale_s16_s8({
      input: int16([0, 100, -200]),
      output,
      length: 3,
      multiplier: ONE,
      shift: 1,
      outputZeroPoint: 130,
      activationMin: 0,
      activationMax: 255,
    });
    expectOutput(output, [<i8>130, <i8>230, 0]);
  });
});
