import { maximum_s8 } from "../../assembly/kernels/maximum_s8";
import { expectOutput, int8, reset, room } from "./workbench";

class Operands {
  size0: i32 = 1;
  size1: i32 = 1;
  size2: i32 = 1;
  size3: i32 = 1;
  aStride0: i32 = 0;
  aStride1: i32 = 0;
  aStride2: i32 = 0;
  aStride3: i32 = 1;
  bStride0: i32 = 0;
  bStride1: i32 = 0;
  bStride2: i32 = 0;
  bStride3: i32 = 1;
  flip: i32 = 0;
}

function check(s: Operands, a: StaticArray<i8>, b: StaticArray<i8>, expected: StaticArray<i8>): void {
  reset();
  const output: usize = room(expected.length);
  maximum_s8({
    a: int8(a),
    b: int8(b),
    output,
    size0: s.size0,
    size1: s.size1,
    size2: s.size2,
    size3: s.size3,
    aStride0: s.aStride0,
    aStride1: s.aStride1,
    aStride2: s.aStride2,
    aStride3: s.aStride3,
    bStride0: s.bStride0,
    bStride1: s.bStride1,
    bStride2: s.bStride2,
    bStride3: s.bStride3,
    flip: <i8>s.flip,
  });
  expectOutput(output, expected);
}

describe("maximum_s8", () => {
  test("the greater and the smaller", () => {
    check({ size3: 5 }, [1, -2, -128, 127, 0], [2, -3, 127, -128, 0], [2, -2, 127, 127, 0]);
    check({ size3: 5, flip: -1 }, [1, -2, -128, 127, 0], [2, -3, 127, -128, 0], [1, -3, -128, -128, 0]);
  });

  test("one value beside all", () => {
    check({ size3: 3, bStride3: 0 }, [1, 5, 9], [5], [5, 5, 9]);
    check({ size3: 3, aStride3: 0, flip: -1 }, [5], [1, 5, 9], [1, 5, 5]);
  });

  test("four loops with alternating axes", () => {
    // a is [2, 1, 2, 1], b is [1, 2, 1, 2]
    check(
      {
        size0: 2, size1: 2, size2: 2, size3: 2,
        aStride0: 2, aStride1: 0, aStride2: 1, aStride3: 0,
        bStride0: 0, bStride1: 2, bStride2: 0, bStride3: 1,
      },
      [1, 3, 5, 7],
      [2, 4, 6, 8],
      [2, 4, 3, 4, 6, 8, 6, 8, 5, 5, 7, 7, 6, 8, 7, 8],
    );
  });
});
