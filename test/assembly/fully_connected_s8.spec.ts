import { fully_connected_s8 } from "../../assembly/kernels/fully_connected_s8";
import { expectOutput, int32, int8, ONE, reset, room } from "./workbench";

class Dense {
  batches: i32 = 1;
  depth: i32 = 1;
  outputs: i32 = 1;
  /** The factor is 2^(shift - 1). */
  shift: i32 = 1;
  multiplier: i32 = ONE;
  outputZeroPoint: i32 = 0;
  activationMin: i32 = -128;
  activationMax: i32 = 127;
}

function check(
  d: Dense,
  input: StaticArray<i8>,
  weights: StaticArray<i8>,
  bias: StaticArray<i32>,
  expected: StaticArray<i8>,
): void {
  reset();
  const output: usize = room(expected.length);
  fully_connected_s8(
    int8(input),
    output,
    int8(weights),
    int32(bias),
    d.multiplier,
    d.shift,
    d.batches,
    d.depth,
    d.outputs,
    d.outputZeroPoint,
    d.activationMin,
    d.activationMax,
  );
  expectOutput(output, expected);
}

describe("fully_connected_s8", () => {
  test("three inputs to two outputs", () => {
    // 1*1 + 2*2 + 3*3 + 10 = 24;  1*-1 + 2*0 + 3*1 - 10 = -8
    check({ depth: 3, outputs: 2 }, [1, 2, 3], [1, 2, 3, -1, 0, 1], [10, -10], [24, -8]);
  });

  test("depth 9: a turn of the unrolled loop and a rest", () => {
    // 1 + 4 + ... + 81 = 285, minus 200 = 85
    check({ depth: 9 }, [1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 2, 3, 4, 5, 6, 7, 8, 9], [-200], [85]);
  });

  test("two rows of inputs", () => {
    // 1*1 + 2*10, 1*2 - 2*1; 3*1 + 4*10, 3*2 - 4*1
    check({ batches: 2, depth: 2, outputs: 2 }, [1, 2, 3, 4], [1, 10, 2, -1], [0, 0], [21, 0, 43, 2]);
    // The first output only
    check({ batches: 2, depth: 2 }, [1, 2, 3, 4], [1, 10], [0], [21, 43]);
  });

  test("an input zero point arrives folded into the bias", () => {
    // (7 - 5)*3 + (9 - 5)*4 = 22; folded: 7*3 + 9*4 - 5*(3 + 4)
    check({ depth: 2 }, [7, 9], [3, 4], [-35], [22]);
  });

  test("factors 1/2 and 1/4, halves up in the first rounding and away from zero in the second", () => {
    check({ outputs: 2, shift: 0 }, [1], [3, -3], [0, 0], [2, -1]); // 1.5, -1.5
    check({ outputs: 2, shift: -1 }, [1], [6, -6], [0, 0], [2, -2]); // 1.5, -1.5
  });

  test("a multiplier of zero leaves the zero point", () => {
    check({ multiplier: 0, shift: 0, outputZeroPoint: -7 }, [100], [100], [12345], [-7]);
  });

  test("zero points at both ends", () => {
    check({ outputs: 2, outputZeroPoint: -128 }, [1], [100, -1], [0, 0], [-28, -128]);
    check({ outputs: 2, outputZeroPoint: 127 }, [1], [1, -100], [0, 0], [127, 27]);
  });

  test("saturation and activation bounds", () => {
    check({ outputs: 2 }, [100], [2, -2], [0, 0], [127, -128]);
    check(
      { outputs: 3, outputZeroPoint: 4, activationMin: 4, activationMax: 10 },
      [3],
      [1, 4, -4], // 3 + 4 = 7, 12 + 4 = 16, -12 + 4 = -8
      [0, 0, 0],
      [7, 10, 4],
    );
  });
});
