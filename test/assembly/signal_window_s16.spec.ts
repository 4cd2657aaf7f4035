import { signal_window_s16 } from "../../assembly/kernels/signal_window_s16";
import { expectInt16, int16, reset, room } from "./workbench";

function check(
  input: StaticArray<i16>,
  window: StaticArray<i16>,
  saturates: i8,
  expected: StaticArray<i16>,
): void {
  reset();
  const output: usize = room(input.length << 1);
  signal_window_s16({
    input: int16(input),
    window: int16(window),
    output,
    rows: input.length / window.length,
    length: window.length,
    shift: 12,
    saturates,
  });
  expectInt16(output, expected);
}

describe("signal_window_s16", () => {
  test("products shifted, towards minus infinity; four at a time and what is left", () => {
    check(
      [1000, -1000, 100, -1, 8, 1, 2, 3, 4, -3],
      [4096, 2048, 4096, 2048, 2048],
      0,
      [1000, -500, 100, -1, 4, 1, 1, 3, 2, -2],
    );
  });

  test("what is too large saturates", () => {
    check([32767, -32768, 1000], [-32768, -32768, 4096], 1, [-32768, 32767, 1000]);
  });
});
