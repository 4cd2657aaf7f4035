import { depthwise_conv2d_s8 } from "../../assembly/kernels/depthwise_conv2d_s8";
import { expectOutput, int32, int8, ONE, reset, room } from "./workbench";

class Convolution {
  batches: i32 = 1;
  inputHeight: i32 = 1;
  inputWidth: i32 = 1;
  inputChannels: i32 = 1;
  outputHeight: i32 = 1;
  outputWidth: i32 = 1;
  depthMultiplier: i32 = 1;
  kernelHeight: i32 = 1;
  kernelWidth: i32 = 1;
  strideHeight: i32 = 1;
  strideWidth: i32 = 1;
  dilationHeight: i32 = 1;
  dilationWidth: i32 = 1;
  padTop: i32 = 0;
  padLeft: i32 = 0;
  inputZeroPoint: i32 = 0;
  outputZeroPoint: i32 = 0;
  activationMin: i32 = -128;
  activationMax: i32 = 127;
}

/** Every channel's factor is 2^(its shift - 1). */
function check(
  c: Convolution,
  input: StaticArray<i8>,
  weights: StaticArray<i8>,
  bias: StaticArray<i32>,
  shift: StaticArray<i8>,
  expected: StaticArray<i8>,
): void {
  reset();
  const output: usize = room(expected.length);
  const multiplier = new StaticArray<i32>(c.inputChannels * c.depthMultiplier);
  multiplier.fill(ONE);
  depthwise_conv2d_s8(
    int8(input),
    output,
    int8(weights),
    int32(bias),
    int32(multiplier),
    int8(shift),
    c.batches,
    c.inputHeight,
    c.inputWidth,
    c.inputChannels,
    c.outputHeight,
    c.outputWidth,
    c.depthMultiplier,
    c.kernelHeight,
    c.kernelWidth,
    c.strideHeight,
    c.strideWidth,
    c.dilationHeight,
    c.dilationWidth,
    c.padTop,
    c.padLeft,
    c.inputZeroPoint,
    c.outputZeroPoint,
    c.activationMin,
    c.activationMax,
  );
  expectOutput(output, expected);
}

describe("depthwise_conv2d_s8", () => {
  test("2x2 window over two channels", () => {
    // Channel 0: 1*1 + 2*2 + 3*3 + 4*4 = 30. Channel 1: 10*1 + 20*0 - 30*1 + 40*1 = 20, plus a bias of 3.
    check(
      { inputHeight: 2, inputWidth: 2, inputChannels: 2, kernelHeight: 2, kernelWidth: 2 },
      [1, 10, 2, 20, 3, 30, 4, 40],
      [1, 1, 2, 0, 3, -1, 4, 1],
      [0, 3],
      [1, 1],
      [30, 23],
    );
  });

  test("depth multiplier 3: outputs 0 to 2 come from channel 0", () => {
    // 2*1, 2*2, 2*3; 5*4, 5*5, 5*6
    check(
      { inputChannels: 2, depthMultiplier: 3 },
      [2, 5],
      [1, 2, 3, 4, 5, 6],
      [0, 0, 0, 0, 0, 0],
      [1, 1, 1, 1, 1, 1],
      [2, 4, 6, 20, 25, 30],
    );
  });

  test("depth multiplier 2 under a window of two columns", () => {
    // 2*1 + 3*3 = 11, 2*10 + 3*20 = 80
    check(
      { inputWidth: 2, depthMultiplier: 2, kernelWidth: 2 },
      [2, 3],
      [1, 10, 3, 20],
      [0, 0],
      [1, 1],
      [11, 80],
    );
  });

  test("padding counts as the zero point, not as 0", () => {
    // 3x3 window of ones over 1 .. 9 less the zero point 1:
    // 0 + 1 + 3 + 4 = 8 in the corner, 36 in the middle
    check(
      {
        inputHeight: 3, inputWidth: 3, outputHeight: 3, outputWidth: 3, kernelHeight: 3, kernelWidth: 3,
        padTop: 1, padLeft: 1, inputZeroPoint: 1,
      },
      [1, 2, 3, 4, 5, 6, 7, 8, 9],
      [1, 1, 1, 1, 1, 1, 1, 1, 1],
      [0],
      [1],
      [8, 15, 12, 21, 36, 27, 20, 33, 24],
    );
  });

  test("padding wider than the window leaves the bias", () => {
    check(
      { outputHeight: 2, outputWidth: 2, padTop: 1, padLeft: 1 },
      [5],
      [3],
      [7],
      [1],
      [7, 7, 7, 22],
    );
  });

  test("strides of 2 rows and 3 columns", () => {
    check(
      { inputHeight: 3, inputWidth: 4, outputHeight: 2, outputWidth: 2, strideHeight: 2, strideWidth: 3 },
      [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
      [1],
      [0],
      [1],
      [1, 4, 9, 12],
    );
  });

  test("dilations of 2 rows and 3 columns", () => {
    // The corners: 1*1 + 4*2 + 9*3 + 12*4 = 84
    check(
      { inputHeight: 3, inputWidth: 4, kernelHeight: 2, kernelWidth: 2, dilationHeight: 2, dilationWidth: 3 },
      [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
      [1, 2, 3, 4],
      [0],
      [1],
      [84],
    );
  });

  test("dilation with padding: taps outside are skipped, their weights too", () => {
    // Columns -1 and 1: 2*10; 0 and 2: 1 + 3*10; 1 and 3: 2
    check(
      { inputWidth: 3, outputWidth: 3, kernelWidth: 2, dilationWidth: 2, padLeft: 1 },
      [1, 2, 3],
      [1, 10],
      [0],
      [1],
      [20, 31, 2],
    );
  });

  test("each channel has its own factor: 1, 1/2, 1/4 and 2", () => {
    check({ depthMultiplier: 4 }, [8], [1, 1, 1, 1], [0, 0, 0, 0], [1, 0, -1, 2], [8, 4, 2, 16]);
  });

  test("zero points at both ends", () => {
    // (127 + 128) / 2 = 127.5 to 128, minus 128; (-128 - 127) / 2 = -127.5 up to -127, plus 127
    check({ inputZeroPoint: -128, outputZeroPoint: -128 }, [127], [1], [0], [0], [0]);
    check({ inputZeroPoint: 127, outputZeroPoint: 127 }, [-128], [1], [0], [0], [0]);
  });

  test("results beyond int8 saturate; activation bounds hold after the zero point is added", () => {
    check({ depthMultiplier: 2 }, [100], [2, -2], [0, 0], [1, 1], [127, -128]);
    // 3*1 + 4 = 7, 3*4 + 4 = 16 to 10, 3*-4 + 4 = -8 to 4
    check(
      { depthMultiplier: 3, outputZeroPoint: 4, activationMin: 4, activationMax: 10 },
      [3],
      [1, 4, -4],
      [0, 0, 0],
      [1, 1, 1],
      [7, 10, 4],
    );
  });

  test("two images of two channels", () => {
    // Weights 1 and 10 for the two channels
    check(
      { batches: 2, inputWidth: 2, outputWidth: 2, inputChannels: 2 },
      [1, 2, 3, 4, 5, 6, 7, 8],
      [1, 10],
      [0, 0],
      [1, 1],
      [1, 20, 3, 40, 5, 60, 7, 80],
    );
  });
});
