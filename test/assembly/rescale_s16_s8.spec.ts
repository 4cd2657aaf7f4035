import { rescale_s16_s8 } from "../../assembly/kernels/rescale_s16_s8";
import { expectOutput, int16, ONE, reset, room } from "./workbench";

describe("rescale_s16_s8", () => {
  test("factor, zero point and saturation", () => {
    reset();
    const output: usize = room(5);
    // times 2^-8: 0.5, -0.5 and -1 round to 1, -1 and -1
    rescale_s16_s8(int16([128, -128, -256, 32767, -32768]), output, 5, ONE, -7, -10, -128, 127);
    expectOutput(output, [-9, -11, -11, 118, -128]);
  });

  test("unsigned outputs", () => {
    reset();
    const output: usize = room(3);
    rescale_s16_s8(int16([0, 100, -200]), output, 3, ONE, 1, 130, 0, 255);
    expectOutput(output, [<i8>130, <i8>230, 0]);
  });
});
