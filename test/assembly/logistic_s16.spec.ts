import { logistic_s16 } from "../../assembly/kernels/logistic_s16";
import { expectInt16, int16, reset, room } from "./workbench";

/** Entries of 32768 + 100i: the kernel is about places between entries, not about their values. */
function table(): StaticArray<i16> {
  const values = new StaticArray<i16>(256);
  for (let i = 0; i < 256; i++) values[i] = <i16>(32768 + 100 * i);
  return values;
}

function check(input: StaticArray<i16>, expected: StaticArray<i16>, multiplier: i32, shift: i32): void {
  reset();
  const output: usize = room(input.length << 1);
  logistic_s16({
    input: int16(input),
    output,
    table: int16(table()),
    length: input.length,
    multiplier,
    shift: <i8>shift,
  });
  expectInt16(output, expected);
}

describe("logistic_s16", () => {
  test("entries, and lines between them", () => {
    // half of 32768, 32868 and 32818; of 65536 less these, less a bit
    check([0, 512, 256, -512, -256], [16384, 16434, 16409, 16334, 16359], 1, 0);
  });

  test("the last entries, and beyond", () => {
    // 58068 and 58168 hold what is below 255 * 512
    check([254, 255, -255, 32767, -32768], [29084, 32767, 1, 32767, 1], 512, 0);
  });

  test("a factor with a shift, rounded", () => {
    check([1, -1, 2], [16384, 16384, 16384], 3, 1);
    check([2048, -2047], [16434, 16334], 1, 2);
  });
});
