import { filter_bank_u32 } from "../../assembly/kernels/filter_bank_u32";
import { expectInt32, int16, int32, reset, room } from "./workbench";

function check(input: StaticArray<i32>, expected: StaticArray<i32>): void {
  reset();
  const output: usize = room(8);
  filter_bank_u32({
    input: int32(input),
    output,
    weights: int16([1, 2, 3, 4, 5, 6, 7, 8]),
    bands: int16([1, 2, 3, 2]),
    channels: 1,
  });
  expectInt32(output, expected);
}

describe("filter_bank_u32", () => {
  test("a band's weights, and the unweights of the one before", () => {
    // 10 * 2 + 20 * 4 + 30 * 5 + 40 * 7; what is before the first band does not count.
    check([999, 10, 20, 30, 40], [530, 0]);
  });

  test("energies have no sign, and sums 64 bits", () => {
    // 5 * (2^32 - 1)
    check([0, 0, 0, -1, 0], [-5, 4]);
  });
});
