import { transpose_conv2d_s8 } from "../../assembly/kernels/transpose_conv2d_s8";
import { filled32, filled8, folded, inBlocks } from "./layout";
import { expectOutput, int8, int32, ONE, reset, scratch } from "./workbench";

class Phase {
  batches: i32 = 1;
  inputHeight: i32 = 1;
  inputWidth: i32 = 1;
  inputChannels: i32 = 1;
  outputHeight: i32 = 1;
  outputWidth: i32 = 1;
  outputChannels: i32 = 1;
  outputBatchStride: i32 = 0;
  outputRowStride: i32 = 0;
  outputPixelStride: i32 = 1;
  kernelHeight: i32 = 1;
  kernelWidth: i32 = 1;
  dilationWidth: i32 = 1;
  padTop: i32 = 0;
  padLeft: i32 = 0;
  inputZeroPoint: i32 = 0;
  outputZeroPoint: i32 = 0;
  activationMin: i32 = -128;
  activationMax: i32 = 127;
}

/** `rows` are the weights [outputChannels, terms]. Outputs that are not the phase's hold 99. */
function check(
  p: Phase,
  input: StaticArray<i8>,
  rows: StaticArray<i8>,
  bias: StaticArray<i32>,
  expected: StaticArray<i8>,
): void {
  reset();
  const output: usize = int8(filled8(expected.length, 99));
  transpose_conv2d_s8({
    input: int8(input),
    output,
    weights: int8(inBlocks(rows, p.outputChannels)),
    bias: int32(folded(rows, bias, p.inputZeroPoint)),
    multiplier: int32(filled32(p.outputChannels, ONE)),
    shift: int8(filled8(p.outputChannels, 1)),
    scratch: scratch(p.kernelHeight * p.kernelWidth * p.inputChannels),
    batches: p.batches,
    inputHeight: p.inputHeight,
    inputWidth: p.inputWidth,
    inputChannels: <u16>p.inputChannels,
    outputHeight: p.outputHeight,
    outputWidth: p.outputWidth,
    outputChannels: <u16>p.outputChannels,
    outputBatchStride: p.outputBatchStride,
    outputRowStride: p.outputRowStride,
    outputPixelStride: p.outputPixelStride,
    kernelHeight: <u16>p.kernelHeight,
    kernelWidth: <u16>p.kernelWidth,
    dilationHeight: 1,
    dilationWidth: <u16>p.dilationWidth,
    padTop: <i16>p.padTop,
    padLeft: <i16>p.padLeft,
    inputZeroPoint: <i8>p.inputZeroPoint,
    outputZeroPoint: <i8>p.outputZeroPoint,
    activationMin: <i8>p.activationMin,
    activationMax: <i8>p.activationMax,
  });
  expectOutput(output, expected);
}

describe("transpose_conv2d_s8", () => {
  test("every second output of a row", () => {
    check({ inputWidth: 3, outputWidth: 3, outputPixelStride: 2 }, [1, 2, 3], [5], [0], [5, 99, 10, 99, 15]);
  });

  test("two taps that reach over both ends", () => {
    // Outputs -1..2 of taps at x and x + 1, where 0 and 3 are outside
    check(
      { inputWidth: 2, outputWidth: 3, kernelWidth: 2, padLeft: 1 },
      [10, 20],
      [1, 2],
      [0],
      [20, 50, 20],
    );
  });

  test("a window that begins inside of the image", () => {
    check({ inputWidth: 3, outputWidth: 2, padLeft: -1 }, [1, 2, 3], [1], [0], [2, 3]);
  });

  test("taps two pixels apart", () => {
    check(
      { inputWidth: 3, outputWidth: 2, kernelWidth: 2, dilationWidth: 2 },
      [1, 2, 3],
      [1, 10],
      [0],
      [31, 2],
    );
  });

  test("rows apart, and two images", () => {
    check(
      {
        batches: 2, inputHeight: 2, outputHeight: 2, outputRowStride: 2, outputBatchStride: 4,
        padTop: 0,
      },
      [1, 2, 3, 4],
      [1],
      [0],
      [1, 99, 2, 99, 3, 99, 4],
    );
  });

  test("five channels of two, with a bias: a block and a narrower one", () => {
    check(
      { inputChannels: 2, outputChannels: 5 },
      [1, 10],
      [1, 0, 0, 1, 1, 1, 2, 0, 0, 2],
      [0, 1, 2, 3, 4],
      [1, 11, 13, 5, 24],
    );
  });

  test("zero points count nothing, and the activation's bounds hold", () => {
    // (7 - 5) * 3 + 4 = 10; what lies outside is the zero point
    check(
      { inputZeroPoint: 5, outputZeroPoint: 4, kernelWidth: 2, padLeft: 1 },
      [7],
      [9, 3],
      [0],
      [10],
    );
    check({ activationMin: 0, activationMax: 6 }, [10], [3], [0], [6]);
    check({ activationMin: 0, activationMax: 6 }, [-10], [3], [0], [0]);
  });
});
