import { max_pool2d_s8 } from "../../assembly/kernels/max_pool2d_s8";
import { expectOutput, int8, reset, room } from "./workbench";

class Pool {
  batches: i32 = 1;
  inputHeight: i32 = 1;
  inputWidth: i32 = 1;
  channels: i32 = 1;
  outputHeight: i32 = 1;
  outputWidth: i32 = 1;
  kernelHeight: i32 = 1;
  kernelWidth: i32 = 1;
  strideHeight: i32 = 1;
  strideWidth: i32 = 1;
  padTop: i32 = 0;
  padLeft: i32 = 0;
  activationMin: i32 = -128;
  activationMax: i32 = 127;
}

function check(p: Pool, input: StaticArray<i8>, expected: StaticArray<i8>): void {
  reset();
  const output: usize = room(expected.length);
  max_pool2d_s8({
    input: int8(input),
    output,
    batches: p.batches,
    inputHeight: p.inputHeight,
    inputWidth: p.inputWidth,
    channels: p.channels,
    outputHeight: p.outputHeight,
    outputWidth: p.outputWidth,
    kernelHeight: p.kernelHeight,
    kernelWidth: p.kernelWidth,
    strideHeight: p.strideHeight,
    strideWidth: p.strideWidth,
    padTop: <i16>p.padTop,
    padLeft: <i16>p.padLeft,
    activationMin: <i16>p.activationMin,
    activationMax: <i16>p.activationMax,
  });
  expectOutput(output, expected);
}

describe("max_pool2d_s8", () => {
  test("2x2 windows in a 3x3 image", () => {
    // 1 2 3 / 4 9 6 / 7 8 5
    check(
      { inputHeight: 3, inputWidth: 3, outputHeight: 2, outputWidth: 2, kernelHeight: 2, kernelWidth: 2 },
      [1, 2, 3, 4, 9, 6, 7, 8, 5],
      [9, 9, 9, 9],
    );
    check(
      { inputHeight: 3, inputWidth: 3, outputHeight: 2, outputWidth: 2, kernelHeight: 2, kernelWidth: 2 },
      [9, 2, 3, 4, 1, 6, 7, 8, 5],
      [9, 6, 8, 8],
    );
  });

  test("the ends of int8", () => {
    const pair: Pool = { inputWidth: 2, kernelWidth: 2 };
    check(pair, [-128, -128], [-128]);
    check(pair, [-128, 127], [127]);
    check(pair, [-5, -6], [-5]);
  });

  test("padding does not count, though 0 is greater than what is there", () => {
    // -1 alone, of -2 -3, of -4 -7, of -5 -6 -8 -9
    check(
      {
        inputHeight: 3, inputWidth: 3, outputHeight: 2, outputWidth: 2, kernelHeight: 2, kernelWidth: 2,
        strideHeight: 2, strideWidth: 2, padTop: 1, padLeft: 1,
      },
      [-1, -2, -3, -4, -5, -6, -7, -8, -9],
      [-1, -2, -4, -5],
    );
  });

  test("a window that reaches over the right and lower end", () => {
    check(
      {
        inputHeight: 3, inputWidth: 3, outputHeight: 2, outputWidth: 2, kernelHeight: 2, kernelWidth: 2,
        strideHeight: 2, strideWidth: 2,
      },
      [-1, -2, -3, -4, -5, -6, -7, -8, -9],
      [-1, -3, -7, -9],
    );
  });

  test("channels stay apart; strides of 1 row and 2 columns", () => {
    check(
      { inputHeight: 2, inputWidth: 3, channels: 2, outputHeight: 2, outputWidth: 2, strideWidth: 2 },
      [1, 10, 2, 20, 3, 30, 4, 40, 5, 50, 6, 60],
      [1, 10, 3, 30, 4, 40, 6, 60],
    );
    check({ inputWidth: 2, channels: 2, kernelWidth: 2 }, [1, -10, 2, -20], [2, -10]);
  });

  test("activation bounds", () => {
    const clamped: Pool = { inputWidth: 3, outputWidth: 3, activationMin: -3, activationMax: 10 };
    check(clamped, [-4, 5, 11], [-3, 5, 10]);
  });

  test("two images", () => {
    check({ batches: 2, inputWidth: 2, kernelWidth: 2 }, [1, 3, 10, 30], [3, 30]);
  });
});
