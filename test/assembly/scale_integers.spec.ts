import { scale_integers } from "../../assembly/kernels/scale_integers";
import { expectInt16, expectInt32, expectOutput, int16, int32, int8, reset, room } from "./workbench";

describe("scale_integers", () => {
  test("quotients lose their fraction, results are clamped", () => {
    reset();
    const output: usize = room(4);
    scale_integers({
      input: int16([10, -10, 300, -1]),
      output,
      length: 4,
      factor: 3,
      addend: 1,
      divisor: 4,
      offset: -2,
      min: -5,
      max: 100,
      inputBytes: 2,
      outputBytes: 1,
    });
    // 31 / 4 - 2, -29 / 4 - 2, 901 / 4 - 2, -2 / 4 - 2
    expectOutput(output, [5, -5, 100, -2]);
  });

  test("bytes without a sign", () => {
    reset();
    const output: usize = room(4);
    scale_integers({
      input: int8([-1, 7]),
      output,
      length: 2,
      factor: 2,
      addend: 0,
      divisor: 1,
      offset: -128,
      min: -1000,
      max: 1000,
      inputBytes: -1,
      outputBytes: 2,
    });
    expectInt16(output, [382, -114]);
  });

  test("in place", () => {
    reset();
    const at: usize = int32([100, -100]);
    scale_integers({
      input: at,
      output: at,
      length: 2,
      factor: 1,
      addend: 0,
      divisor: 3,
      offset: 0,
      min: i32.MIN_VALUE,
      max: i32.MAX_VALUE,
      inputBytes: 4,
      outputBytes: 4,
    });
    expectInt32(at, [33, -33]);
  });
});
