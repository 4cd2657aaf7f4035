import { subtract_max } from "../../assembly/kernels/subtract_max";
import { expectInt16, int32, reset, room } from "./workbench";

describe("subtract_max", () => {
  test("differences from the greatest of each row, halved", () => {
    reset();
    const output: usize = room(12);
    // factor 2^30 / 2^31; halves of differences away from the greatest
    subtract_max({
      input: int32([10, 7, 4, -5, -5, -25]),
      output,
      rows: 2,
      depth: 3,
      limit: 1000,
      multiplier: 1 << 30,
      shift: 31,
    });
    expectInt16(output, [0, -2, -3, 0, 0, -10]);
  });

  test("what is further below than the limit, and than int16", () => {
    reset();
    const output: usize = room(6);
    subtract_max({
      input: int32([i32.MAX_VALUE, i32.MIN_VALUE, 0]),
      output,
      rows: 1,
      depth: 3,
      limit: 20,
      multiplier: 1 << 30,
      shift: 30,
    });
    expectInt16(output, [0, -20, -20]);
    reset();
    const wide: usize = room(4);
    subtract_max({
      input: int32([40000, 0]),
      output: wide,
      rows: 1,
      depth: 2,
      limit: 50000,
      multiplier: 1 << 30,
      shift: 30,
    });
    expectInt16(wide, [0, -32767]);
  });
});
