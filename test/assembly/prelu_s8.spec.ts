import { prelu_s8 } from "../../assembly/kernels/prelu_s8";
import { expectOutput, int8, ONE, reset, room } from "./workbench";

class Prelu {
  size2: i32 = 1;
  size3: i32 = 1;
  aStride2: i32 = 0;
  bStride2: i32 = 0;
  bStride3: i32 = 1;
  aZeroPoint: i32 = 0;
  bZeroPoint: i32 = 0;
  positiveShift: i32 = 1;
  negativeShift: i32 = 1;
  outputZeroPoint: i32 = 0;
}

function check(p: Prelu, a: StaticArray<i8>, b: StaticArray<i8>, expected: StaticArray<i8>): void {
  reset();
  const output: usize = room(expected.length);
  prelu_s8({
    a: int8(a),
    b: int8(b),
    output,
    size0: 1,
    size1: 1,
    size2: p.size2,
    size3: p.size3,
    aStride0: 0,
    aStride1: 0,
    aStride2: p.aStride2,
    aStride3: 1,
    bStride0: 0,
    bStride1: 0,
    bStride2: p.bStride2,
    bStride3: p.bStride3,
    aZeroPoint: <i8>p.aZeroPoint,
    bZeroPoint: <i8>p.bZeroPoint,
    positiveMultiplier: ONE,
    positiveShift: <i8>p.positiveShift,
    negativeMultiplier: ONE,
    negativeShift: <i8>p.negativeShift,
    outputZeroPoint: <i8>p.outputZeroPoint,
  });
  expectOutput(output, expected);
}

describe("prelu_s8", () => {
  test("each channel has its slope", () => {
    check(
      { size2: 2, size3: 3, aStride2: 3 },
      [10, -10, 0, -10, 10, -1],
      [2, 3, -4],
      [10, -30, 0, -20, 10, 4],
    );
  });

  test("one slope for all", () => {
    check({ size3: 4, bStride3: 0 }, [1, -1, 2, -2], [5], [1, -5, 2, -10]);
  });

  test("the two sides are scaled apart, halves go away from zero", () => {
    // 5 / 2 = 2.5; -5 * 3 / 4 = -3.75, -6 * 3 / 4 = -4.5
    check({ size3: 3, bStride3: 0, positiveShift: 0, negativeShift: -1 }, [5, -5, -6], [3], [3, -4, -5]);
  });

  test("zero points", () => {
    // (4 - 2) + 10; (1 - 2) * (7 - 4) + 10
    check(
      { size3: 2, bStride3: 0, aZeroPoint: 2, bZeroPoint: 4, outputZeroPoint: 10 },
      [4, 1],
      [7],
      [12, 7],
    );
  });

  test("saturation on both sides", () => {
    check({ size3: 2, bStride3: 0, aZeroPoint: -100 }, [127, -128], [127], [127, -128]);
  });
});
