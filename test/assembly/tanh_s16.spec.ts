import { tanh_s16 } from "../../assembly/kernels/tanh_s16";
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
  tanh_s16({
    input: int16(input),
    output,
    table: int16(table()),
    length: input.length,
    multiplier,
    shift: <i8>shift,
  });
  expectInt16(output, expected);
}

describe("tanh_s16", () => {
  test("entries, and lines between them", () => {
    check([0, 256, 128, -256, -128], [0, 100, 50, -100, -50], 1, 0);
  });

  test("the last entries, and beyond", () => {
    check([254, 255, -255, 32767, -32768], [25400, 32767, -32767, 32767, -32767], 256, 0);
  });

  test("a factor with a shift, rounded", () => {
    check([1024, -1023], [100, -100], 1, 2);
  });
});
