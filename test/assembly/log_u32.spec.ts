import { log_u32 } from "../../assembly/kernels/log_u32";
import { expectInt16, int16, int32, reset, room } from "./workbench";

function table(): StaticArray<i16> {
  const values = new StaticArray<i16>(129);
  for (let i = 0; i <= 128; i++) {
    const x: f64 = <f64>i / 128;
    values[i] = <i16>Math.round((Math.log2(1 + x) - x) * 65536);
  }
  return values;
}

function check(input: StaticArray<i32>, expected: StaticArray<i16>, outputScale: i32, bits: i8): void {
  reset();
  const output: usize = room(input.length << 1);
  log_u32({
    input: int32(input),
    output,
    table: int16(table()),
    length: input.length,
    outputScale,
    inputCorrectionBits: bits,
  });
  expectInt16(output, expected);
}

describe("log_u32", () => {
  test("scaled logarithms, rounded to the nearest; 0 up to 1", () => {
    // 64 log 2 = 44.4, 64 log 3 = 70.3, 64 log 65536 = 709.8
    check([0, 1, 2, 3, 65536], [0, 0, 44, 70, 710], 64, 0);
  });

  test("the input scaled first", () => {
    check([0, 1, 32768], [0, 44, 710], 64, 1);
  });

  test("no more than 32767", () => {
    check([65536], [32767], 4000, 0);
  });
});
