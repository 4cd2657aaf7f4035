import { lookup_s16 } from "../../assembly/kernels/lookup_s16";
import { expectInt16, int16, reset, room } from "./workbench";

/** 1000 below -128, 0 at 0, 100 at 128, 120 at 256, and 32767 at the end. */
function table(): StaticArray<i16> {
  const values = new StaticArray<i16>(513);
  for (let i = 0; i < 256; i++) values[i] = 1000;
  values[256] = 0;
  values[257] = 100;
  values[258] = 120;
  values[511] = -32768;
  values[512] = 32767;
  return values;
}

function check(input: StaticArray<i16>, expected: StaticArray<i16>): void {
  reset();
  const output: usize = room(input.length << 1);
  lookup_s16({ input: int16(input), output, table: int16(table()), length: input.length });
  expectInt16(output, expected);
}

describe("lookup_s16", () => {
  test("entries are those of every 128th value, from the least", () => {
    check([-32768, -256, 0, 128, 256], [1000, 1000, 0, 100, 120]);
  });

  test("lines between entries, halves upwards, slopes of either sign", () => {
    // 100 * 64 / 128; 100 + 20 * 16 / 128 = 102.5; 1000 - 1000 / 128 = 992.19; 1000 - 127000 / 128 = 7.81
    check([64, 144, -127, -1], [50, 103, 992, 8]);
  });

  test("the steepest line there is", () => {
    // -32768 + 65535 * 64 / 128 = -0.5; -32768 + 65535 * 127 / 128 = 32255.01
    check([32640, 32704, 32767], [-32768, 0, 32255]);
  });

  test("in place", () => {
    reset();
    const at: usize = int16([0, 128, 256]);
    lookup_s16({ input: at, output: at, table: int16(table()), length: 3 });
    expectInt16(at, [0, 100, 120]);
  });
});
