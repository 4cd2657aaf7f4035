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
  max_pool2d_s16({
    input: int16(images),
    output,
    batches: 2,
    inputHeight: 2,
    inputWidth: 3,
    channels: 2,
    outputHeight: 2,
    outputWidth: 3,
    kernelHeight: 2,
    kernelWidth: 2,
    strideHeight: 1,
    strideWidth: 1,
    padTop: 1,
    padLeft: 1,
    activationMin: <i16>least,
    activationMax: <i16>greatest,
  });
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
