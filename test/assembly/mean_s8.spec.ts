import { mean_s8 } from "../../assembly/kernels/mean_s8";
import { expectOutput, int8, ONE, reset, room } from "./workbench";

class Mean {
  kept0: i32 = 1;
  kept1: i32 = 1;
  reduced0: i32 = 1;
  reduced1: i32 = 1;
  keptStride0: i32 = 0;
  keptStride1: i32 = 0;
  reducedStride0: i32 = 0;
  reducedStride1: i32 = 0;
  correction: i32 = 0;
  multiplier: i32 = ONE;
  /** The factor is 2^(shift - 1) for a multiplier of ONE: shift -1 divides by four. */
  shift: i32 = 1;
  outputZeroPoint: i32 = 0;
}

function check(m: Mean, input: StaticArray<i8>, expected: StaticArray<i8>): void {
  reset();
  const output: usize = room(expected.length);
  mean_s8({
    input: int8(input),
    output,
    kept0: m.kept0,
    kept1: m.kept1,
    reduced0: m.reduced0,
    reduced1: m.reduced1,
    keptStride0: m.keptStride0,
    keptStride1: m.keptStride1,
    reducedStride0: m.reducedStride0,
    reducedStride1: m.reducedStride1,
    correction: m.correction,
    multiplier: m.multiplier,
    shift: <i8>m.shift,
    outputZeroPoint: <i8>m.outputZeroPoint,
  });
  expectOutput(output, expected);
}

describe("mean_s8", () => {
  test("all of four values: halves go away from zero", () => {
    // 10 / 4 = 2.5, -10 / 4 = -2.5
    const four: Mean = { reduced1: 4, reducedStride1: 1, shift: -1 };
    check(four, [1, 2, 3, 4], [3]);
    check(four, [-1, -2, -3, -4], [-3]);
    check(four, [-128, -128, -128, -128], [-128]);
    check(four, [127, 127, 127, 127], [127]);
  });

  test("rows of a matrix, and columns", () => {
    // (1 + 3) / 2, (5 + 9) / 2; (1 + 5) / 2, (3 + 9) / 2
    check({ kept1: 2, keptStride1: 2, reduced1: 2, reducedStride1: 1, shift: 0 }, [1, 3, 5, 9], [2, 7]);
    check({ kept1: 2, keptStride1: 1, reduced1: 2, reducedStride1: 2, shift: 0 }, [1, 3, 5, 9], [3, 6]);
  });

  test("the middle axis of three: two kept ones", () => {
    // [2, 2, 2]: (1 + 3) / 2, (2 + 4) / 2; (10 + 30) / 2, (20 + 40) / 2
    check(
      { kept0: 2, keptStride0: 4, kept1: 2, keptStride1: 1, reduced1: 2, reducedStride1: 2, shift: 0 },
      [1, 2, 3, 4, 10, 20, 30, 40],
      [2, 3, 20, 30],
    );
  });

  test("the first and the last axis of three: two reduced ones", () => {
    // [2, 2, 2]: (1 + 2 + 11 + 22) / 4, (3 + 4 + 30 + 43) / 4
    check(
      {
        kept1: 2, keptStride1: 2, reduced0: 2, reducedStride0: 4, reduced1: 2, reducedStride1: 1, shift: -1,
      },
      [1, 2, 3, 4, 11, 22, 30, 43],
      [9, 20],
    );
  });

  test("three values: the multiplier divides by three", () => {
    // 2^30 * 2 / 3, shift 0: a third in all. (1 + 2 + 3) / 3 = 2, (-4 - 4 - 5) / 3 = -4.33
    const three: Mean = { reduced1: 3, reducedStride1: 1, multiplier: 715827882, shift: 0 };
    check(three, [1, 2, 3], [2]);
    check(three, [-4, -4, -5], [-4]);
  });

  test("zero points at both ends", () => {
    // (-128 - 126 + 2 * 128) / 2 = 1, minus 128; (127 + 125 - 2 * 127) / 2 = -1, plus 127
    check(
      { reduced1: 2, reducedStride1: 1, shift: 0, correction: 2 * -128, outputZeroPoint: -128 },
      [-128, -126],
      [-127],
    );
    check(
      { reduced1: 2, reducedStride1: 1, shift: 0, correction: 2 * 127, outputZeroPoint: 127 },
      [127, 125],
      [126],
    );
  });

  test("a finer output scale saturates", () => {
    // One value times 2
    check({ kept1: 3, keptStride1: 1, shift: 2 }, [10, 100, -100], [20, 127, -128]);
  });
});
