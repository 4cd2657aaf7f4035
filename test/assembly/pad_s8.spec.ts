import { pad_s8 } from "../../assembly/kernels/pad_s8";
import { expectOutput, int8, reset, room } from "./workbench";

class Pad {
  value: i32 = 0;
  offset: i32 = 0;
  size0: i32 = 1;
  size1: i32 = 1;
  size2: i32 = 1;
  size3: i32 = 1;
  stride0: i32 = 0;
  stride1: i32 = 0;
  stride2: i32 = 0;
}

function check(p: Pad, input: StaticArray<i8>, expected: StaticArray<i8>): void {
  reset();
  const output: usize = room(expected.length);
  pad_s8({
    input: int8(input),
    output,
    outputBytes: expected.length,
    value: p.value,
    offset: p.offset,
    size0: p.size0,
    size1: p.size1,
    size2: p.size2,
    size3: p.size3,
    stride0: p.stride0,
    stride1: p.stride1,
    stride2: p.stride2,
  });
  expectOutput(output, expected);
}

describe("pad_s8", () => {
  test("one axis, in front and behind", () => {
    check({ size3: 3, offset: 2, value: 9 }, [1, 2, 3], [9, 9, 1, 2, 3, 9]);
    check({ size3: 3, offset: 0, value: 9 }, [1, 2, 3], [1, 2, 3, 9]);
    check({ size3: 3, offset: 1, value: 9 }, [1, 2, 3], [9, 1, 2, 3]);
  });

  test("no padding is a copy", () => {
    check({ size3: 3 }, [1, 2, 3], [1, 2, 3]);
  });

  test("the ends of int8 as the value", () => {
    check({ size3: 1, offset: 1, value: -128 }, [5], [-128, 5, -128]);
    check({ size3: 1, offset: 1, value: 127 }, [5], [127, 5, 127]);
  });

  test("a frame around a matrix", () => {
    // 2x2 in 4x4: the first element at row 1, column 1
    check(
      { size2: 2, size3: 2, stride2: 4, offset: 5 },
      [1, 2, 3, 4],
      [0, 0, 0, 0, 0, 1, 2, 0, 0, 3, 4, 0, 0, 0, 0, 0],
    );
  });

  test("a last axis of one value", () => {
    // [2, 1] in [2, 3]
    check({ size2: 2, size3: 1, stride2: 3, offset: 1 }, [1, 2], [0, 1, 0, 0, 2, 0]);
  });

  test("four axes", () => {
    // [2, 2, 2, 2] in [2, 2, 2, 3], one value behind each pair
    check(
      { size0: 2, size1: 2, size2: 2, size3: 2, stride0: 12, stride1: 6, stride2: 3 },
      [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16],
      [1, 2, 0, 3, 4, 0, 5, 6, 0, 7, 8, 0, 9, 10, 0, 11, 12, 0, 13, 14, 0, 15, 16, 0],
    );
    // [2, 2, 1, 1] in [3, 3, 1, 1]: one more of each of the outer axes, in front
    check(
      { size0: 2, size1: 2, stride0: 3, stride1: 1, offset: 4 },
      [1, 2, 3, 4],
      [0, 0, 0, 0, 1, 2, 0, 3, 4],
    );
  });
});
