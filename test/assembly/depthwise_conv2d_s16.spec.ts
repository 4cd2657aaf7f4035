import { depthwise_conv2d_s16 } from "../../assembly/kernels/depthwise_conv2d_s16";
import { expectInt16, int16, int32, int8, reset, room } from "./workbench";

describe("depthwise_conv2d_s16", () => {
  test("two channels under windows of 2x2, padded on top and on the left", () => {
    reset();
    const output: usize = room(16);
    // [2, 2, 2]: 1 2 3 4 in the first channel, 100 200 300 400 in the second
    const image: usize = int16([1, 100, 2, 200, 3, 300, 4, 400]);
    // the sum of all taps; the last tap twice
    const weights: usize = int8([1, 0, 1, 0, 1, 0, 1, 2]);
    depthwise_conv2d_s16(
      image, output, weights, int32([0, 7]), int32([1 << 14]), int8([14]),
      0, 1, 2, 2, 2, 2, 2, 1, 2, 2, 1, 1, 1, 1, 1, 1, -32768, 32767,
    );
    expectInt16(output, [1, 207, 3, 407, 4, 607, 10, 807]);
  });

  test("a depth multiplier, a factor for each channel, two images, bounds", () => {
    reset();
    const output: usize = room(8);
    depthwise_conv2d_s16(
      int16([1000, -1000]), output, int8([3, -5]), int32([1, 1]), int32([1 << 14, 1 << 14]), int8([14, 15]),
      1, 2, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1, 1, 1, 0, 0, -2600, 2500,
    );
    // 3001, -4999 / 2; -2999, 5001 / 2
    expectInt16(output, [2500, -2499, -2600, 2500]);
  });

  test("strides and dilation", () => {
    reset();
    const output: usize = room(4);
    // a row of 1 to 5 under taps that are 2 apart, in steps of 2
    depthwise_conv2d_s16(
      int16([1, 2, 3, 4, 5]), output, int8([1, 10]), int32([0]), int32([1 << 14]), int8([14]),
      0, 1, 1, 5, 1, 1, 2, 1, 1, 2, 1, 2, 1, 2, 0, 0, -32768, 32767,
    );
    expectInt16(output, [31, 53]);
  });
});
