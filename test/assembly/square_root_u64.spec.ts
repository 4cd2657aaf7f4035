import { square_root_u64 } from "../../assembly/kernels/square_root_u64";
import { expectInt32, int32, reset, room } from "./workbench";

function check(bits: i32, expected: StaticArray<i32>): void {
  reset();
  const output: usize = room(expected.length << 2);
  // 0, 1, 2, 3, 12, 13, 2^32 - 1, 2^32, 2^64 - 1
  const input: usize = int32([0, 0, 1, 0, 2, 0, 3, 0, 12, 0, 13, 0, -1, 0, 0, 1, -1, -1]);
  square_root_u64({ input, output, bits: int32([bits]), length: expected.length });
  expectInt32(output, expected);
}

describe("square_root_u64", () => {
  test("the nearest integers, up to what the width of the number allows", () => {
    check(0, [0, 1, 1, 2, 3, 4, 65535, 65536, -1]);
  });

  test("shifted to the right", () => {
    check(1, [0, 0, 0, 1, 1, 2, 32767, 32768, i32.MAX_VALUE]);
  });

  test("squares, their neighbours and halves between them, against a search", () => {
    for (let root: u64 = 1; root < 0x7fffffff; root = root * 3 + 1) {
      reset();
      const square: u64 = root * root;
      const values: StaticArray<u64> = [square - 1, square, square + root, square + root + 1];
      const output: usize = room(16);
      const pairs = new StaticArray<i32>(8);
      for (let i = 0; i < 4; i++) {
        pairs[2 * i] = <i32>values[i];
        pairs[2 * i + 1] = <i32>(values[i] >> 32);
      }
      square_root_u64({ input: int32(pairs), output, bits: int32([0]), length: 4 });
      const r: i32 = <i32>root;
      // Below a square the nearest root is its own, but of 0, which is that of 1 less one.
      expectInt32(output, [root == 1 ? 0 : r, r, r, r + 1], " " + root.toString());
    }
  });
});
