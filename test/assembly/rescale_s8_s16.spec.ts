import { rescale_s8_s16 } from "../../assembly/kernels/rescale_s8_s16";
import { expectInt16, int8, ONE, reset, room } from "./workbench";

describe("rescale_s8_s16", () => {
  test("zero point, factor and saturation", () => {
    reset();
    const output: usize = room(8);
    // (x + 3) * 2^8
    rescale_s8_s16({
      input: int8([-3, 0, 127, -128]),
      output,
      length: 4,
      flip: 0,
      inputZeroPoint: -3,
      multiplier: ONE,
      shift: 9,
    });
    expectInt16(output, [0, 768, 32767, -32000]);
  });

  test("unsigned inputs: 0, 128 and 255 about a zero point of 128", () => {
    reset();
    const output: usize = room(6);
    rescale_s8_s16({
      input: int8([0, -128, -1]),
      output,
      length: 3,
      flip: 0x80,
      inputZeroPoint: 0,
      multiplier: ONE,
      shift: 2,
    });
    expectInt16(output, [-256, 0, 254]);
  });
});
