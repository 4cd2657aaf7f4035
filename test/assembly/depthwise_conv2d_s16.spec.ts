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
    depthwise_conv2d_s16({
      input: image,
      output,
      weights,
      bias: int32([0, 7]),
      multiplier: int32([1 << 14]),
      shift: int8([14]),
      factorStep: 0,
      batches: 1,
      inputHeight: 2,
      inputWidth: 2,
      inputChannels: 2,
      outputHeight: 2,
      outputWidth: 2,
      depthMultiplier: 1,
      kernelHeight: 2,
      kernelWidth: 2,
      strideHeight: 1,
      strideWidth: 1,
      dilationHeight: 1,
      dilationWidth: 1,
      padTop: 1,
      padLeft: 1,
      activationMin: -32768,
      activationMax: 32767,
    });
    expectInt16(output, [1, 207, 3, 407, 4, 607, 10, 807]);
  });

  test("a depth multiplier, a factor for each channel, two images, bounds", () => {
    reset();
    const output: usize = room(8);
    depthwise_conv2d_s16({
      input: int16([1000, -1000]),
      output,
      weights: int8([3, -5]),
      bias: int32([1, 1]),
      multiplier: int32([1 << 14, 1 << 14]),
      shift: int8([14, 15]),
      factorStep: 1,
      batches: 2,
      inputHeight: 1,
      inputWidth: 1,
      inputChannels: 1,
      outputHeight: 1,
      outputWidth: 1,
      depthMultiplier: 2,
      kernelHeight: 1,
      kernelWidth: 1,
      strideHeight: 1,
      strideWidth: 1,
      dilationHeight: 1,
      dilationWidth: 1,
      padTop: 0,
      padLeft: 0,
      activationMin: -2600,
      activationMax: 2500,
    });
    // 3001, -4999 / 2; -2999, 5001 / 2
    expectInt16(output, [2500, -2499, -2600, 2500]);
  });

  test("strides and dilation", () => {
    reset();
    const output: usize = room(4);
    // a row of 1 to 5 under taps that are 2 apart, in steps of 2
    depthwise_conv2d_s16({
      input: int16([1, 2, 3, 4, 5]),
      output,
      weights: int8([1, 10]),
      bias: int32([0]),
      multiplier: int32([1 << 14]),
      shift: int8([14]),
      factorStep: 0,
      batches: 1,
      inputHeight: 1,
      inputWidth: 5,
      inputChannels: 1,
      outputHeight: 1,
      outputWidth: 2,
      depthMultiplier: 1,
      kernelHeight: 1,
      kernelWidth: 2,
      strideHeight: 1,
      strideWidth: 2,
      dilationHeight: 1,
      dilationWidth: 2,
      padTop: 0,
      padLeft: 0,
      activationMin: -32768,
      activationMax: 32767,
    });
    expectInt16(output, [31, 53]);
  });
});
