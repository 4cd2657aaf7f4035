import { reduce_max_s8 } from "../../assembly/kernels/reduce_max_s8";
import { expectOutput, int8, reset, room } from "./workbench";

class Reduction {
  kept0: i32 = 1;
  kept1: i32 = 1;
  reduced0: i32 = 1;
  reduced1: i32 = 1;
  keptStride0: i32 = 0;
  keptStride1: i32 = 0;
  reducedStride0: i32 = 0;
  reducedStride1: i32 = 0;
  flip: i32 = 0;
}

function check(r: Reduction, input: StaticArray<i8>, expected: StaticArray<i8>): void {
  reset();
  const output: usize = room(expected.length);
  reduce_max_s8({
    input: int8(input),
    output,
    kept0: r.kept0,
    kept1: r.kept1,
    reduced0: r.reduced0,
    reduced1: r.reduced1,
    keptStride0: r.keptStride0,
    keptStride1: r.keptStride1,
    reducedStride0: r.reducedStride0,
    reducedStride1: r.reducedStride1,
    flip: <i8>r.flip,
  });
  expectOutput(output, expected);
}

describe("reduce_max_s8", () => {
  test("of all values, and of the ends of int8", () => {
    check({ reduced1: 4, reducedStride1: 1 }, [3, -7, 12, 5], [12]);
    check({ reduced1: 4, reducedStride1: 1, flip: -1 }, [3, -7, 12, 5], [-7]);
    check({ reduced1: 2, reducedStride1: 1 }, [-128, -128], [-128]);
    check({ reduced1: 2, reducedStride1: 1, flip: -1 }, [127, 127], [127]);
  });

  test("rows of a matrix, and columns", () => {
    check({ kept1: 2, keptStride1: 3, reduced1: 3, reducedStride1: 1 }, [1, 9, 2, 8, 3, 7], [9, 8]);
    check({ kept1: 3, keptStride1: 1, reduced1: 2, reducedStride1: 3 }, [1, 9, 2, 8, 3, 7], [8, 9, 7]);
  });

  test("the middle axis of three, and the outer two", () => {
    check(
      { kept0: 2, kept1: 2, keptStride0: 4, keptStride1: 1, reduced1: 2, reducedStride1: 2, flip: -1 },
      [1, 2, 3, -4, 5, 6, -7, 8],
      [1, -4, -7, 6],
    );
    check(
      { kept1: 2, keptStride1: 2, reduced0: 2, reduced1: 2, reducedStride0: 4, reducedStride1: 1 },
      [1, 2, 3, 4, 5, 6, -7, 8],
      [6, 8],
    );
  });
});
