import { average_pool2d_s8 } from "../../assembly/kernels/average_pool2d_s8";
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
  average_pool2d_s8({
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

describe("average_pool2d_s8", () => {
  test("halves go away from zero", () => {
    // (1 + 2) / 2, (-1 - 2) / 2, (1 - 2) / 2, (127 + 126) / 2
    const pair: Pool = { inputWidth: 2, kernelWidth: 2 };
    check(pair, [1, 2], [2]);
    check(pair, [-1, -2], [-2]);
    check(pair, [1, -2], [-1]);
    check(pair, [127, 126], [127]);
  });

  test("thirds and quarters", () => {
    // 4 / 3 = 1.33, 5 / 3 = 1.67, -5 / 3 = -1.67
    const three: Pool = { inputWidth: 3, kernelWidth: 3 };
    check(three, [1, 1, 2], [1]);
    check(three, [1, 2, 2], [2]);
    check(three, [-1, -2, -2], [-2]);
    // 6 / 4 = 1.5, -6 / 4 = -1.5, 5 / 4 = 1.25
    const four: Pool = { inputHeight: 2, inputWidth: 2, kernelHeight: 2, kernelWidth: 2 };
    check(four, [1, 1, 2, 2], [2]);
    check(four, [-1, -1, -2, -2], [-2]);
    check(four, [1, 1, 1, 2], [1]);
  });

  test("the ends of int8", () => {
    const four: Pool = { inputHeight: 2, inputWidth: 2, kernelHeight: 2, kernelWidth: 2 };
    check(four, [-128, -128, -128, -128], [-128]);
    check(four, [127, 127, 127, 127], [127]);
  });

  test("padding does not count", () => {
    // 2x2 windows at stride 2, a row and a column of padding:
    // 1 alone, (2 + 3) / 2, (4 + 7) / 2, (5 + 6 + 8 + 9) / 4
    check(
      {
        inputHeight: 3, inputWidth: 3, outputHeight: 2, outputWidth: 2, kernelHeight: 2, kernelWidth: 2,
        strideHeight: 2, strideWidth: 2, padTop: 1, padLeft: 1,
      },
      [1, 2, 3, 4, 5, 6, 7, 8, 9],
      [1, 3, 6, 7],
    );
  });

  test("a window that reaches over the right and lower end", () => {
    // 2x2 windows at stride 2 over 3x3: (1 + 2 + 4 + 5) / 4, (3 + 6) / 2, (7 + 8) / 2, 9
    check(
      {
        inputHeight: 3, inputWidth: 3, outputHeight: 2, outputWidth: 2, kernelHeight: 2, kernelWidth: 2,
        strideHeight: 2, strideWidth: 2,
      },
      [1, 2, 3, 4, 5, 6, 7, 8, 9],
      [3, 5, 8, 9],
    );
  });

  test("channels stay apart; strides of 1 row and 2 columns", () => {
    // Rows (1,10) (2,20) (3,30) and (4,40) (5,50) (6,60): columns 0 and 2 as they are
    check(
      { inputHeight: 2, inputWidth: 3, channels: 2, outputHeight: 2, outputWidth: 2, strideWidth: 2 },
      [1, 10, 2, 20, 3, 30, 4, 40, 5, 50, 6, 60],
      [1, 10, 3, 30, 4, 40, 6, 60],
    );
  });

  test("activation bounds", () => {
    const clamped: Pool = { inputWidth: 3, outputWidth: 3, activationMin: -3, activationMax: 10 };
    check(clamped, [-4, 5, 11], [-3, 5, 10]);
  });

  test("two images", () => {
    check({ batches: 2, inputWidth: 2, kernelWidth: 2 }, [1, 3, 10, 30], [2, 20]);
  });
});
