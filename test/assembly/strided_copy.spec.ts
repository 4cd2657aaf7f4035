import { strided_copy } from "../../assembly/kernels/strided_copy";
import { expectOutput, int8, reset, room } from "./workbench";

class Movement {
  first: i32 = 0;
  elementBytes: i32 = 1;
  size0: i32 = 1;
  size1: i32 = 1;
  size2: i32 = 1;
  size3: i32 = 1;
  size4: i32 = 1;
  stride0: i32 = 0;
  stride1: i32 = 0;
  stride2: i32 = 0;
  stride3: i32 = 0;
  stride4: i32 = 0;
}

function check(m: Movement, input: StaticArray<i8>, expected: StaticArray<i8>): void {
  reset();
  const output: usize = room(expected.length);
  strided_copy({
    input: int8(input) + m.first,
    output,
    elementBytes: <i8>m.elementBytes,
    size0: m.size0,
    size1: m.size1,
    size2: m.size2,
    size3: m.size3,
    size4: m.size4,
    stride0: m.stride0,
    stride1: m.stride1,
    stride2: m.stride2,
    stride3: m.stride3,
    stride4: m.stride4,
  });
  expectOutput(output, expected);
}

describe("strided_copy", () => {
  test("neighbours in one run", () => {
    check({ first: 1, size4: 3, stride4: 1 }, [1, 2, 3, 4, 5], [2, 3, 4]);
  });

  test("one element", () => {
    check({ first: 2 }, [1, 2, 3], [3]);
  });

  test("every third, more than are taken at a time", () => {
    check(
      { size4: 6, stride4: 3 },
      [1, 0, 0, 2, 0, 0, 3, 0, 0, 4, 0, 0, 5, 0, 0, -128],
      [1, 2, 3, 4, 5, -128],
    );
  });

  test("from the last one back", () => {
    check({ first: 4, size4: 5, stride4: -1 }, [1, 2, 3, 4, 5], [5, 4, 3, 2, 1]);
  });

  test("a matrix with rows and columns changed", () => {
    check({ size3: 3, size4: 2, stride3: 1, stride4: 3 }, [1, 2, 3, 4, 5, 6], [1, 4, 2, 5, 3, 6]);
  });

  test("rows of a part of a matrix", () => {
    check(
      { first: 1, size3: 2, size4: 2, stride3: 4, stride4: 1 },
      [1, 2, 3, 4, 5, 6, 7, 8],
      [2, 3, 6, 7],
    );
  });

  test("five axes in the opposite order", () => {
    // Element [i, j, k, l, m] of the output is [m, l, k, j, i] of the input: the bits of its index reversed.
    const input = new StaticArray<i8>(32);
    const expected = new StaticArray<i8>(32);
    for (let i = 0; i < 32; i++) {
      input[i] = <i8>i;
      expected[i] = <i8>(((i & 1) << 4) | ((i & 2) << 2) | (i & 4) | ((i & 8) >> 2) | ((i & 16) >> 4));
    }
    check(
      {
        size0: 2, size1: 2, size2: 2, size3: 2, size4: 2,
        stride0: 1, stride1: 2, stride2: 4, stride3: 8, stride4: 16,
      },
      input,
      expected,
    );
  });

  test("elements of two and four bytes", () => {
    check({ elementBytes: 2, size4: 2, stride4: 4 }, [1, 2, 3, 4, 5, 6], [1, 2, 5, 6]);
    check({ elementBytes: 2, size3: 2, size4: 1, stride3: 4, stride4: 2 }, [1, 2, 3, 4, 5, 6], [1, 2, 5, 6]);
    check(
      { first: 4, elementBytes: 4, size4: 2, stride4: -4 },
      [1, 2, 3, 4, 5, 6, 7, 8],
      [5, 6, 7, 8, 1, 2, 3, 4],
    );
  });
});
