import { softmax_s8 } from "../../assembly/kernels/softmax_s8";
import { expectOutput, int8, ONE, reset, room } from "./workbench";

/**
 * An input scale of 1/16 with beta 1: as Q5.26 that is 2^22 = 2^30 * 2^23 / 2^31, and a difference of
 * 31 * 2^26 / 2^23 = 248 is the greatest that fits. Outputs are round(256 p) - 128.
 */
const SHIFT: i32 = 23;
const DIFFERENCE_MIN: i32 = -248;

function check(
  rows: i32,
  input: StaticArray<i8>,
  expected: StaticArray<i8>,
  differenceMin: i32 = DIFFERENCE_MIN,
): void {
  reset();
  const output: usize = room(expected.length);
  softmax_s8({
    input: int8(input),
    output,
    rows,
    depth: input.length / rows,
    multiplier: ONE,
    shift: <i8>SHIFT,
    differenceMin,
  });
  expectOutput(output, expected);
}

describe("softmax_s8", () => {
  test("one value has all: 256 saturates", () => {
    check(1, [-5], [127]);
  });

  test("equal values share", () => {
    // 128, 64, 85.3
    check(1, [7, 7], [0, 0]);
    check(1, [-128, -128, -128, -128], [-64, -64, -64, -64]);
    check(1, [127, 127, 127], [-43, -43, -43]);
  });

  test("differences of 1 and 2", () => {
    // 1 / (1 + exp(-1)) = 0.73106: 187.2; 0.26894: 68.8
    check(1, [16, 0], [59, -59]);
    // 1 + 0.36788 + 0.13534 = 1.50321: 0.66524, 0.24473, 0.09003: 170.3, 62.7, 23.05
    check(1, [0, -16, -32], [42, -65, -105]);
  });

  test("only differences count", () => {
    check(1, [127, 111, 95], [42, -65, -105]);
    check(1, [-128, -112, -96], [-105, -65, 42]);
  });

  test("a far smaller value has nothing", () => {
    // exp(-255/16) is 1.2e-7 and below the least difference of -248; exp(-15) is 3e-7
    check(1, [127, -128], [127, -128]);
    check(1, [120, -120], [127, -128]);
  });

  test("the least difference itself counts, one less does not", () => {
    check(1, [-100, -116], [59, -59], -16);
    check(1, [-100, -117], [127, -128], -16);
  });

  test("each row by itself", () => {
    check(3, [16, 0, 7, 7, 127, -128], [59, -59, 0, 0, 127, -128]);
  });

  test("in place", () => {
    reset();
    const at: usize = int8([0, -16, -32, 16, 16, 16]);
    softmax_s8({
      input: at,
      output: at,
      rows: 2,
      depth: 3,
      multiplier: ONE,
      shift: <i8>SHIFT,
      differenceMin: DIFFERENCE_MIN,
    });
    expectOutput(at, [42, -65, -105, -43, -43, -43]);
  });

  test("511 equal values, the most that the sum has room for", () => {
    // 256 / 511 = 0.50098 goes to 1
    const input = new StaticArray<i8>(511);
    input.fill(3);
    const expected = new StaticArray<i8>(511);
    expected.fill(-127);
    check(1, input, expected);
  });
});
