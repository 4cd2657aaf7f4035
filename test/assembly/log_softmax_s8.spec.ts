import { log_softmax_s8 } from "../../assembly/kernels/log_softmax_s8";
import { expectOutput, int8, ONE, reset, room } from "./workbench";

/** Input scale 2^-s is 2^(26 - s) in Q5.26; differences of 31 / 2^-s and more are left out. */
function check(s: i32, rows: i32, input: StaticArray<i8>, expected: StaticArray<i8>): void {
  reset();
  const output: usize = room(expected.length);
  // Back from Q5.26 is 2^(s - 26).
  log_softmax_s8({
    input: int8(input),
    output,
    rows,
    depth: input.length / rows,
    multiplier: ONE,
    shift: <i8>(27 - s),
    differenceMin: -(31 << s) / 2,
    backMultiplier: ONE,
    backShift: <i8>(s - 25),
  });
  expectOutput(output, expected);
}

describe("log_softmax_s8", () => {
  test("one value: the logarithm of one is zero", () => {
    check(4, 1, [5], [127]);
    check(4, 1, [-128], [127]);
  });

  test("equal values", () => {
    // -log(2) * 16 = -11.09, -log(4) * 16 = -22.18
    check(4, 1, [7, 7], [116, 116]);
    check(4, 1, [-128, -128, -128, -128], [105, 105, 105, 105]);
  });

  test("a value one below the other", () => {
    // -log(1 + 1/e) * 16 = -5.01, (-1 - 0.3133) * 16 = -21.01
    check(4, 1, [16, 0], [122, 106]);
  });

  test("each row by itself", () => {
    check(4, 2, [7, 7, 16, 0], [116, 116, 122, 106]);
  });

  test("beyond -16 it saturates", () => {
    // A scale of 1/2: 40 steps are 20, 32 are 16.
    check(1, 1, [40, 0, 8], [127, -128, -128]);
    check(1, 1, [127, -128], [127, -128]);
  });
});
