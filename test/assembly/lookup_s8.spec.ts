import { lookup_s8 } from "../../assembly/kernels/lookup_s8";
import { expectOutput, int8, reset, room } from "./workbench";

/** The value for each bit pattern: 3x + 1 modulo 256, which takes every value once. */
function table(): StaticArray<i8> {
  const values = new StaticArray<i8>(256);
  for (let i = 0; i < 256; i++) values[i] = <i8>(3 * i + 1);
  return values;
}

describe("lookup_s8", () => {
  test("the table is indexed by the bit pattern: -1 is entry 255, -128 entry 128", () => {
    reset();
    const output: usize = room(5);
    lookup_s8({
      input: int8([0, 1, 127, -128, -1]),
      output,
      table: int8(table()),
      length: 5,
    });
    // 1, 4, 382 - 256, 385 - 512, 766 - 768
    expectOutput(output, [1, 4, 126, -127, -2]);
  });

  test("all 256 values", () => {
    reset();
    const input = new StaticArray<i8>(256);
    for (let i = 0; i < 256; i++) input[i] = <i8>i;
    const output: usize = room(256);
    lookup_s8({
      input: int8(input),
      output,
      table: int8(table()),
      length: 256,
    });
    expectOutput(output, table());
  });

  test("in place", () => {
    reset();
    const at: usize = int8([0, 1, 2]);
    lookup_s8({
      input: at,
      output: at,
      table: int8(table()),
      length: 3,
    });
    expectOutput(at, [1, 4, 7]);
  });

  test("a length of one writes one byte", () => {
    reset();
    const output: usize = room(1);
    lookup_s8({
      input: int8([2, 3, 4]),
      output,
      table: int8(table()),
      length: 1,
    });
    expectOutput(output, [7]);
  });
});
