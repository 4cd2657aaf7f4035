import { average_pool2d_s16 } from "../../assembly/kernels/average_pool2d_s16";
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
  average_pool2d_s16({
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

describe("average_pool2d_s16", () => {
  test("windows at the edges and within", () => {
    expectInt16(
      run(-32768, 32767),
      [
        1, -1, 2, -2, 3, -151, 6, -6, 8, -8, 1007, -181,
        0, 32767, 0, 32767, 0, 32767, -1, -1, -1, -1, -1, -1,
      ],
    );
  });

  test("activation bounds", () => {
    expectInt16(
      run(-5, 1000),
      [
        1, -1, 2, -2, 3, -5, 6, -5, 8, -5, 1000, -5,
        0, 1000, 0, 1000, 0, 1000, -1, -1, -1, -1, -1, -1,
      ],
    );
  });
});
