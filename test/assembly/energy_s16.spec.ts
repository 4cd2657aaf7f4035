import { energy_s16 } from "../../assembly/kernels/energy_s16";
import { expectInt32, int16, reset, room } from "./workbench";

describe("energy_s16", () => {
  test("squares of both parts within the range, zeros outside", () => {
    reset();
    const output: usize = room(24);
    const input: usize = int16([3, 4, 1, 2, -32768, -32768, 5, 0, 6, 6, 7, 7]);
    energy_s16({ input, output, length: 6, start: 1, end: 4 });
    // 2^31 is the greatest there is, and has no sign.
    expectInt32(output, [0, 5, i32.MIN_VALUE, 25, 0, 0]);
  });

  test("an even number of them", () => {
    reset();
    const output: usize = room(8);
    energy_s16({ input: int16([3, 4, -1, 2]), output, length: 2, start: 0, end: 2 });
    expectInt32(output, [25, 5]);
  });
});
