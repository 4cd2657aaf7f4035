import { max_pool2d_s16 } from "../../assembly/kernels/max_pool2d_s16";
import { expectInt16, int16, reset, room } from "./workbench";

/** Two images of 2x3 pixels and 2 channels under windows of 2x2 with padding on top and on the left. */
function run(least: i32, greatest: i32): usize {
  reset();
  const output: usize = room(48);
  const images: StaticArray<i16> = [
    1, -1, 2, -2, 4, -300,
    10, -10, 20, -20, 4000, -400,
    0, 32767, 0, 32767, 0, 32767,
    -1, -32768, -1, -32768, -2, -32768,
  ];
  max_pool2d_s16(int16(images), output, 2, 2, 3, 2, 2, 3, 2, 2, 1, 1, 1, 1, least, greatest);
  return output;
}

describe("max_pool2d_s16", () => {
  test("windows at the edges and within", () => {
    expectInt16(
      run(-32768, 32767),
      [
        1, -1, 2, -1, 4, -2, 10, -1, 20, -1, 4000, -2,
        0, 32767, 0, 32767, 0, 32767, 0, 32767, 0, 32767, 0, 32767,
      ],
    );
  });

  test("activation bounds", () => {
    expectInt16(
      run(-5, 1000),
      [
        1, -1, 2, -1, 4, -2, 10, -1, 20, -1, 1000, -2,
        0, 1000, 0, 1000, 0, 1000, 0, 1000, 0, 1000, 0, 1000,
      ],
    );
  });
});
