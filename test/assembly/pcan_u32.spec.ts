import { pcan_u32 } from "../../assembly/kernels/pcan_u32";
import { expectInt32, int16, int32, reset, room } from "./workbench";

function table(): StaticArray<i16> {
  const values = new StaticArray<i16>(125);
  values[0] = 4096;
  values[1] = 2048;
  values[2] = 1000;
  values[3] = 100;
  values[4] = 10;
  return values;
}

describe("pcan_u32", () => {
  test("gains of the noise, by the table and by its parabolas, shrunk", () => {
    reset();
    const output: usize = room(16);
    pcan_u32({
      input: int32([4096, 8192, 65536, 65536]),
      noise: int32([0, 1, 2, 3]),
      table: int16(table()),
      output,
      length: 4,
      snrShift: 12,
    });
    // 4096 * 4096 / 2^20; the same of 8192 / 2; 16000 / 64 - 64; with a gain of 1000 + 53, 16848 / 64 - 64
    expectInt32(output, [16, 16, 186, 199]);
  });
});
