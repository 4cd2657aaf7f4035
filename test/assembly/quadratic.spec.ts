import { quadratic } from "../../assembly/kernels/quadratic";
import { expectOutput, int16, int32, int8, reset, room } from "./workbench";

function expectInt32(at: usize, expected: StaticArray<i32>): void {
  const bytes = new StaticArray<i8>(expected.length << 2);
  memory.copy(changetype<usize>(bytes), changetype<usize>(expected), bytes.length);
  expectOutput(at, bytes);
}

describe("quadratic", () => {
  test("plain squares, and their roots rounded down", () => {
    reset();
    const output: usize = room(8);
    // (3 - 0)^2 + (4 - 0)^2 + 1 and (3 - 1)^2 + (4 - 2)^2 - 1
    quadratic({
      input: int8([3, 4]),
      centres: int16([0, 0, 1, 2]),
      weights: 0,
      bias: int32([1, -1]),
      output,
      rows: 1,
      features: 2,
      outputs: 2,
      inputBytes: 1,
      inputZeroPoint: 0,
      leftShift: 0,
      rightShift: 0,
      root: 0,
      outputShift: 0,
    });
    expectInt32(output, [26, 7]);
    reset();
    const roots: usize = room(8);
    quadratic({
      input: int8([3, 4]),
      centres: int16([0, 0, 1, 2]),
      weights: 0,
      bias: int32([0, 0]),
      output: roots,
      rows: 1,
      features: 2,
      outputs: 2,
      inputBytes: 1,
      inputZeroPoint: 0,
      leftShift: 0,
      rightShift: 0,
      root: 1,
      outputShift: 0,
    });
    expectInt32(roots, [5, 2]);
  });

  test("weights, the zero point, finer centres and a shifted sum", () => {
    reset();
    const output: usize = room(4);
    // x = (5 - 1) * 4 = 16: 3 * (16 - 10)^2 = 108, 108 / 8 = 13.5 up, and 100
    quadratic({
      input: int8([5]),
      centres: int16([10]),
      weights: int16([3]),
      bias: int32([100]),
      output,
      rows: 1,
      features: 1,
      outputs: 1,
      inputBytes: 1,
      inputZeroPoint: 1,
      leftShift: 2,
      rightShift: 0,
      root: 0,
      outputShift: 3,
    });
    expectInt32(output, [114]);
  });

  test("int16 with coarser centres: the greatest differences", () => {
    reset();
    const output: usize = room(8);
    // 32767 / 2 is 16384; (16384 + 32767)^2 = 2415820801 and (-16384 + 32767)^2 = 268402689, both twice / 2^4
    quadratic({
      input: int16([32767, -32768]),
      centres: int16([-32767]),
      weights: int16([2]),
      bias: int32([0]),
      output,
      rows: 2,
      features: 1,
      outputs: 1,
      inputBytes: 2,
      inputZeroPoint: 0,
      leftShift: 0,
      rightShift: 1,
      root: 0,
      outputShift: 4,
    });
    expectInt32(output, [301977600, 33550336]);
  });
});
