import { depthwise_conv2d_s8 } from "../../assembly/kernels/depthwise_conv2d_s8";
import { check, Depthwise } from "./depthwise";

function checkSmall(
  c: Depthwise,
  input: StaticArray<i8>,
  weights: StaticArray<i8>,
  bias: StaticArray<i32>,
  shift: StaticArray<i8>,
  expected: StaticArray<i8>,
): void {
  check(depthwise_conv2d_s8, c, input, weights, bias, shift, expected);
}

describe("depthwise_conv2d_s8", () => {
  test("2x2 window over two channels", () => {
    // Channel 0: 1*1 + 2*2 + 3*3 + 4*4 = 30. Channel 1: 10*1 + 20*0 - 30*1 + 40*1 = 20, plus a bias of 3.
    checkSmall(
      { inputHeight: 2, inputWidth: 2, inputChannels: 2, kernelHeight: 2, kernelWidth: 2 },
      [1, 10, 2, 20, 3, 30, 4, 40],
      [1, 2, 3, 4, 1, 0, -1, 1],
      [0, 3],
      [1, 1],
      [30, 23],
    );
  });

  test("depth multiplier 3: outputs 0 to 2 come from channel 0", () => {
    // 2*1, 2*2, 2*3; 5*4, 5*5, 5*6
    checkSmall(
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
    checkSmall(
      { inputWidth: 2, depthMultiplier: 2, kernelWidth: 2 },
      [2, 3],
      [1, 3, 10, 20],
      [0, 0],
      [1, 1],
      [11, 80],
    );
  });

  test("padding counts as the zero point, not as 0", () => {
    // 3x3 window of ones over 1 .. 9 less the zero point 1:
    // 0 + 1 + 3 + 4 = 8 in the corner, 36 in the middle
    checkSmall(
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
    checkSmall(
      { outputHeight: 2, outputWidth: 2, padTop: 1, padLeft: 1 },
      [5],
      [3],
      [7],
      [1],
      [7, 7, 7, 22],
    );
  });

  test("strides of 2 rows and 3 columns", () => {
    checkSmall(
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
    checkSmall(
      { inputHeight: 3, inputWidth: 4, kernelHeight: 2, kernelWidth: 2, dilationHeight: 2, dilationWidth: 3 },
      [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
      [1, 2, 3, 4],
      [0],
      [1],
      [84],
    );
  });

  test("dilation with padding: taps outside count as the zero point", () => {
    // Columns -1 and 1: 2*10; 0 and 2: 1 + 3*10; 1 and 3: 2
    checkSmall(
      { inputWidth: 3, outputWidth: 3, kernelWidth: 2, dilationWidth: 2, padLeft: 1 },
      [1, 2, 3],
      [1, 10],
      [0],
      [1],
      [20, 31, 2],
    );
  });

  test("each channel has its own factor: 1, 1/2, 1/4 and 2", () => {
    checkSmall({ depthMultiplier: 4 }, [8], [1, 1, 1, 1], [0, 0, 0, 0], [1, 0, -1, 2], [8, 4, 2, 16]);
  });

  test("zero points at both ends", () => {
    // (127 + 128) / 2 = 127.5 to 128, minus 128; (-128 - 127) / 2 = -127.5 up to -127, plus 127
    checkSmall({ inputZeroPoint: -128, outputZeroPoint: -128 }, [127], [1], [0], [0], [0]);
    checkSmall({ inputZeroPoint: 127, outputZeroPoint: 127 }, [-128], [1], [0], [0], [0]);
  });

  test("results beyond int8 saturate; activation bounds hold after the zero point is added", () => {
    checkSmall({ depthMultiplier: 2 }, [100], [2, -2], [0, 0], [1, 1], [127, -128]);
    // 3*1 + 4 = 7, 3*4 + 4 = 16 to 10, 3*-4 + 4 = -8 to 4
    checkSmall(
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
    checkSmall(
      { batches: 2, inputWidth: 2, outputWidth: 2, inputChannels: 2 },
      [1, 2, 3, 4, 5, 6, 7, 8],
      [1, 10],
      [0, 0],
      [1, 1],
      [1, 20, 3, 40, 5, 60, 7, 80],
    );
  });

  test("in place: a channel's plane is gathered before its first output is written", () => {
    // Sums of neighbours in a row, the last with the padding: 1+2, 2+3, 3; 10+20, 20+30, 30
    checkSmall(
      { inPlace: true, inputWidth: 3, inputChannels: 2, outputWidth: 3, kernelWidth: 2 },
      [1, 10, 2, 20, 3, 30],
      [1, 1, 1, 1],
      [0, 0],
      [1, 1],
      [3, 30, 5, 50, 3, 30],
    );
  });

  test("an image larger than windows reach, and padding below that only the plane knows", () => {
    // Rows 0 and 1 of three, columns 0 and 1 of three: 1 + 5
    checkSmall(
      { inputHeight: 3, inputWidth: 3, kernelHeight: 2, kernelWidth: 2 },
      [1, 2, 3, 4, 5, 6, 7, 8, 9],
      [1, 0, 0, 1],
      [0],
      [1],
      [6],
    );
    // One row of two, its window of three rows from the first on: 1*1, 2*1, and nothing of the rows below
    checkSmall(
      { inputWidth: 2, outputWidth: 2, kernelHeight: 3 },
      [1, 2],
      [1, 10, 100],
      [0],
      [1],
      [1, 2],
    );
  });
});
