import { emphasis_s16 } from "../../assembly/kernels/emphasis_s16";
import { expectInt16, int16, reset, room } from "./workbench";

function check(input: StaticArray<i16>, share: i16, expected: StaticArray<i16>): void {
  reset();
  const output: usize = room(expected.length << 1);
  emphasis_s16({ input: int16(input), output, length: expected.length, share });
  expectInt16(output, expected);
}

describe("emphasis_s16", () => {
  test("half of each sample less a share of the one before", () => {
    check([100, 200, -50, 7], 16384, [75, -75, 16]);
    check([100, 200, -50, 7], 0, [100, -25, 4]);
  });

  test("the greatest differences fit", () => {
    check([-32768, 32767, -32768], 32767, [32767, -32767]);
  });
});
