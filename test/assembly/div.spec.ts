import { div } from "../../assembly/kernels/div";
import { expectInt16, expectOutput, int16, int8, reset, room } from "./workbench";

describe("div", () => {
  test("halves away from zero, division by zero, zero points", () => {
    reset();
    const output: usize = room(6);
    div({
      a: int8([4, -2, 1, 5, -3, 1]),
      b: int8([2, 2, 5, 0, 0, 0]),
      output,
      size0: 1,
      size1: 1,
      size2: 1,
      size3: 6,
      aStride0: 0,
      aStride1: 0,
      aStride2: 0,
      aStride3: 1,
      bStride0: 0,
      bStride1: 0,
      bStride2: 0,
      bStride3: 1,
      multiplier: 1,
      aZeroPoint: 1,
      bZeroPoint: 0,
      outputZeroPoint: 10,
      shift: 0,
      bytes: 1,
    });
    // 3/2, -3/2, 0/5, 4/0, -4/0, 0/0
    expectOutput(output, [12, 8, 10, 127, -128, 10]);
  });

  test("int16 by a row's one divisor, with a factor", () => {
    reset();
    const output: usize = room(8);
    div({
      a: int16([300, -300, 7, 30000]),
      b: int16([3, -1]),
      output,
      size0: 1,
      size1: 1,
      size2: 2,
      size3: 2,
      aStride0: 0,
      aStride1: 0,
      aStride2: 4,
      aStride3: 2,
      bStride0: 0,
      bStride1: 0,
      bStride2: 2,
      bStride3: 0,
      multiplier: 3 << 20,
      aZeroPoint: 0,
      bZeroPoint: 0,
      outputZeroPoint: 0,
      shift: 21,
      bytes: 2,
    });
    // times 1.5
    expectInt16(output, [150, -150, -11, -32768]);
  });
});
