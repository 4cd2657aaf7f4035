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
    quadratic(int8([3, 4]), int16([0, 0, 1, 2]), 0, int32([1, -1]), output, 1, 2, 2, 1, 0, 0, 0, 0, 0);
    expectInt32(output, [26, 7]);
    reset();
    const roots: usize = room(8);
    quadratic(int8([3, 4]), int16([0, 0, 1, 2]), 0, int32([0, 0]), roots, 1, 2, 2, 1, 0, 0, 0, 1, 0);
    expectInt32(roots, [5, 2]);
  });

  test("weights, the zero point, finer centres and a shifted sum", () => {
    reset();
    const output: usize = room(4);
    // x = (5 - 1) * 4 = 16: 3 * (16 - 10)^2 = 108, 108 / 8 = 13.5 up, and 100
    quadratic(int8([5]), int16([10]), int16([3]), int32([100]), output, 1, 1, 1, 1, 1, 2, 0, 0, 3);
    expectInt32(output, [114]);
  });

  test("int16 with coarser centres: the greatest differences", () => {
    reset();
    const output: usize = room(8);
    // 32767 / 2 is 16384; (16384 + 32767)^2 = 2415820801 and (-16384 + 32767)^2 = 268402689, both twice / 2^4
    quadratic(
      int16([32767, -32768]), int16([-32767]), int16([2]), int32([0]), output, 2, 1, 1, 2, 0, 0, 1, 0, 4,
    );
    expectInt32(output, [301977600, 33550336]);
  });
});
