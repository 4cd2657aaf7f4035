import { svdf_s8 } from "../../assembly/kernels/svdf_s8";
import { expectOutput, int32, int8, ONE, reset, scratch } from "./workbench";

/** One filter of weight 2 over a memory of two, weighted 1 and 3 along time, after the inputs 3 and 1. */
function check(narrow: i32, inputZeroPoint: i32, outputZeroPoint: i32, expected: StaticArray<i8>): void {
  reset();
  // The state is what the kernel may write.
  const state: usize = scratch(4);
  memory.fill(state, 0, 4);
  const output: usize = int8([0, 0]);
  for (let i: usize = 0; i < 2; i++) {
    svdf_s8({
      input: i == 0 ? int8([3]) : int8([1]),
      output: output + i,
      feature: int8([2]),
      time: int8([1, 0, 3, 0]),
      bias: int32([5]),
      state,
      narrow: <i8>narrow,
      depth: 1,
      units: 1,
      rank: 1,
      memory: 2,
      inputZeroPoint: <i8>inputZeroPoint,
      featureMultiplier: ONE,
      featureShift: 1,
      multiplier: ONE,
      shift: 1,
      outputZeroPoint: <i8>outputZeroPoint,
    });
  }
  expectOutput(output, expected);
}

describe("svdf_s8", () => {
  test("products move along the memory", () => check(0, 0, 0, [23, 17]));
  test("a state of bytes", () => check(1, 0, 0, [23, 17]));
  test("zero points", () => check(0, 1, -7, [10, 2]));
  test("a state of bytes saturates", () => check(1, -100, 100, [127, 127]));
});
