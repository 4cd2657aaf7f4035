import { dot } from "../../assembly/kernels/dot";
import { int8, reset } from "./workbench";

describe("dot", () => {
  test("every length up to three unrolled turns", () => {
    // 1*1 + 2*2 + ... + n*n = n (n + 1) (2n + 1) / 6
    const values: StaticArray<i8> = [
      1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24,
    ];
    for (let n = 0; n <= 24; n++) {
      reset();
      const squares: i32 = (n * (n + 1) * (2 * n + 1)) / 6;
      expect<i32>(dot(int8(values), int8(values), n)).toBe(squares, "length " + n.toString());
    }
  });

  test("the ends of int8", () => {
    reset();
    const low = new StaticArray<i8>(9);
    low.fill(-128);
    const high = new StaticArray<i8>(9);
    high.fill(127);
    expect<i32>(dot(int8(low), int8(low), 9)).toBe(9 * 128 * 128);
    expect<i32>(dot(int8(low), int8(high), 9)).toBe(9 * -128 * 127);
  });

  test("addresses that are not aligned", () => {
    reset();
    const at: usize = int8([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    // 2*1 + 3*2 + ... + 10*9 = 330
    expect<i32>(dot(at + 1, at, 9)).toBe(330);
  });
});
