import { fully_connected_per_channel_s8 } from "../../assembly/kernels/fully_connected_per_channel_s8";
import { expectOutput, int32, int8, ONE, reset, room } from "./workbench";

class Dense {
  batches: i32 = 1;
  depth: i32 = 1;
  outputs: i32 = 1;
  outputZeroPoint: i32 = 0;
  activationMin: i32 = -128;
  activationMax: i32 = 127;
}

function check(
  d: Dense,
  input: StaticArray<i8>,
  weights: StaticArray<i8>,
  bias: StaticArray<i32>,
  multiplier: StaticArray<i32>,
  shift: StaticArray<i8>,
  expected: StaticArray<i8>,
): void {
  reset();
  const output: usize = room(expected.length);
  fully_connected_per_channel_s8(
    int8(input),
    output,
    int8(weights),
    int32(bias),
    int32(multiplier),
    int8(shift),
    d.batches,
    d.depth,
    d.outputs,
    d.outputZeroPoint,
    d.activationMin,
    d.activationMax,
  );
  expectOutput(output, expected);
}

describe("fully_connected_per_channel_s8", () => {
  test("each output has its own factor: 1, 1/2, 3/4 and 0", () => {
    // 2*1 + 4*2 + bias 2 = 12 for all; 3 * 2^29 is three quarters of 2^31
    check(
      { depth: 2, outputs: 4 },
      [2, 4],
      [1, 2, 1, 2, 1, 2, 1, 2],
      [2, 2, 2, 2],
      [ONE, ONE, 3 << 29, 0],
      [1, 0, 0, 0],
      [12, 6, 9, 0],
    );
  });

  test("two rows start with the first factor again", () => {
    // 3*1, 3*2/2; 5*1, 5*2/2
    check({ batches: 2, outputs: 2 }, [3, 5], [1, 2], [0, 0], [ONE, ONE], [1, 0], [3, 3, 5, 5]);
    // 1*1 + 2*10, 3*1 + 4*10, one output
    check({ batches: 2, depth: 2 }, [1, 2, 3, 4], [1, 10], [0], [ONE], [1], [21, 43]);
  });

  test("depth 17: two turns of the unrolled loop and a rest", () => {
    const ones = new StaticArray<i8>(17);
    ones.fill(1);
    const twos = new StaticArray<i8>(17);
    twos.fill(2);
    check({ depth: 17 }, ones, twos, [-1], [ONE], [1], [33]);
  });

  test("zero points at both ends", () => {
    check({ outputs: 2, outputZeroPoint: -128 }, [1], [100, -1], [0, 0], [ONE, ONE], [1, 1], [-28, -128]);
    check({ outputs: 2, outputZeroPoint: 127 }, [1], [1, -100], [0, 0], [ONE, ONE], [1, 1], [127, 27]);
  });

  test("saturation and activation bounds", () => {
    check({ outputs: 2 }, [100], [2, -2], [0, 0], [ONE, ONE], [1, 1], [127, -128]);
    check(
      { outputs: 3, outputZeroPoint: 4, activationMin: 4, activationMax: 10 },
      [3],
      [1, 4, -4], // 3 + 4 = 7, 12 + 4 = 16, -12 + 4 = -8
      [0, 0, 0],
      [ONE, ONE, ONE],
      [1, 1, 1],
      [7, 10, 4],
    );
  });
});
