import { depthwise_conv2d_lanes_s8 } from "../../assembly/kernels/depthwise_conv2d_lanes_s8";
import { check, compare, Depthwise } from "./depthwise";
import { filled8 } from "./layout";

/** A square image of one channel under a window of 3x3, with padding so that it keeps its size. */
function image(size: i32): Depthwise {
  return {
    inputHeight: size, inputWidth: size, outputHeight: size, outputWidth: size,
    kernelHeight: 3, kernelWidth: 3, padTop: 1, padLeft: 1,
  };
}

const DIGITS: StaticArray<i8> = [1, 2, 3, 4, 5, 6, 7, 8, 9];
const ONES: StaticArray<i8> = [1, 1, 1, 1, 1, 1, 1, 1, 1];

/** One output from a 3x3 image of `inputs` with weights `weight`, less what the bias takes away. */
function checkSum(input: i8, weight: i8, bias: i32, expected: i8): void {
  const c: Depthwise = { inputHeight: 3, inputWidth: 3, kernelHeight: 3, kernelWidth: 3 };
  check(depthwise_conv2d_lanes_s8, c, filled8(9, input), filled8(9, weight), [bias], [1], [expected]);
}

describe("depthwise_conv2d_lanes_s8", () => {
  test("a single window", () => {
    // 1*1 + 2*2 + ... + 9*9 = 285, minus 200
    const c: Depthwise = { inputHeight: 3, inputWidth: 3, kernelHeight: 3, kernelWidth: 3 };
    check(depthwise_conv2d_lanes_s8, c, DIGITS, DIGITS, [-200], [1], [85]);
  });

  test("a border of padding, which counts as the zero point", () => {
    // The corner sees 1 + 2 + 4 + 5 = 12, the middle everything, 45; less the zero point 1 for each pixel
    const c: Depthwise = image(3);
    check(depthwise_conv2d_lanes_s8, c, DIGITS, ONES, [0], [1], [12, 21, 16, 27, 45, 33, 24, 39, 28]);
    c.inputZeroPoint = 1;
    check(depthwise_conv2d_lanes_s8, c, DIGITS, ONES, [0], [1], [8, 15, 12, 21, 36, 27, 20, 33, 24]);
  });

  test("windows below each other keep their weights apart", () => {
    // A column 1 .. 5 under the weights 1, 10, 20: 1 + 20 + 60, 2 + 30 + 80, and 3 + 40 + 100 saturates
    check(
      depthwise_conv2d_lanes_s8,
      { inputHeight: 5, inputWidth: 3, outputHeight: 3, kernelHeight: 3, kernelWidth: 3 },
      [0, 1, 0, 0, 2, 0, 0, 3, 0, 0, 4, 0, 0, 5, 0],
      [0, 1, 0, 0, 10, 0, 0, 20, 0],
      [0],
      [1],
      [81, 112, 127],
    );
  });

  test("depth multiplier: outputs 0 and 1 come from channel 0", () => {
    // The middle pixels 2 and 5, times 1, 2, 3, 4
    const input: StaticArray<i8> = filled8(18, 0);
    input[8] = 2;
    input[9] = 5;
    const weights: StaticArray<i8> = filled8(36, 0);
    for (let channel = 0; channel < 4; channel++) weights[9 * channel + 4] = <i8>(channel + 1);
    check(
      depthwise_conv2d_lanes_s8,
      {
        inputHeight: 3, inputWidth: 3, inputChannels: 2, depthMultiplier: 2, kernelHeight: 3, kernelWidth: 3,
      },
      input,
      weights,
      [0, 0, 0, 0],
      [1, 1, 1, 1],
      [2, 4, 15, 20],
    );
  });

  test("halves: up in the first rounding, away from zero in the second", () => {
    // The bias alone, in six channels: 3/2, -3/2; 6/4, -6/4; 20/8, -20/8
    const c: Depthwise = { depthMultiplier: 6, kernelHeight: 3, kernelWidth: 3, padTop: 1, padLeft: 1 };
    check(
      depthwise_conv2d_lanes_s8,
      c,
      [0],
      filled8(54, 1),
      [3, -3, 6, -6, 20, -20],
      [0, 0, -1, -1, -2, -2],
      [2, -1, 2, -2, 3, -3],
    );
  });

  test("the greatest sums, to the last unit", () => {
    // 9 * -128 * -128 = 147456, 9 * -128 * 127 = -146304, 9 * 127 * 127 = 145161
    checkSum(-128, -128, 5 - 147456, 5);
    checkSum(127, -128, 146304 - 7, -7);
    checkSum(-128, 127, 146304 - 7, -7);
    checkSum(127, 127, 3 - 145161, 3);
  });

  test("the greatest sums of either sign in rows that share a number", () => {
    // Rows of -128 and 127 in turn: each window has two of one and one of the other.
    const input: StaticArray<i8> = filled8(15, -128);
    for (let i = 3; i < 6; i++) input[i] = input[i + 6] = 127;
    // 3 * 128 * (128 - 127 + 128) = 49536, 3 * 128 * (-127 + 128 - 127) = -48384
    check(
      depthwise_conv2d_lanes_s8,
      { inputHeight: 5, inputWidth: 3, outputHeight: 3, kernelHeight: 3, kernelWidth: 3 },
      input,
      filled8(9, -128),
      [-576],
      [-8],
      [96, -96, 96],
    );
  });

  test("random images of every small size", () => {
    for (let size = 1; size <= 8; size++) {
      for (let channels = 1; channels <= 4; channels++) {
        const c: Depthwise = image(size);
        c.inputChannels = channels;
        compare(depthwise_conv2d_lanes_s8, c, 10 * size + channels);
        c.inPlace = true;
        compare(depthwise_conv2d_lanes_s8, c, 10 * size + channels);
      }
    }
  });

  test("random strides, paddings, depth multipliers, two images", () => {
    for (let strides = 0; strides < 9; strides++) {
      for (let padding = 0; padding < 9; padding++) {
        const c: Depthwise = {
          batches: 2, inputHeight: 7, inputWidth: 8, inputChannels: 2, depthMultiplier: 1 + (strides % 3),
          kernelHeight: 3, kernelWidth: 3, strideHeight: 1 + strides / 3, strideWidth: 1 + (strides % 3),
          padTop: padding / 3, padLeft: padding % 3, inputZeroPoint: 5, outputZeroPoint: -3,
        };
        c.outputHeight = (7 + 2 * c.padTop - 3) / c.strideHeight + 1;
        c.outputWidth = (8 + 2 * c.padLeft - 3) / c.strideWidth + 1;
        compare(depthwise_conv2d_lanes_s8, c, 10 * strides + padding);
      }
    }
  });

  test("activation bounds: the zero point at the lower one, at the upper one, and between", () => {
    for (let zeroPoint = -20; zeroPoint <= 20; zeroPoint += 20) {
      const c: Depthwise = image(5);
      c.outputZeroPoint = zeroPoint;
      c.activationMin = -20;
      c.activationMax = 20;
      compare(depthwise_conv2d_lanes_s8, c);
    }
  });
});
