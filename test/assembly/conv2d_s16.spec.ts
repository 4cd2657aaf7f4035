import { conv2d_s16 } from "../../assembly/kernels/conv2d_s16";
import { expectInt16, int16, int32, int8, ONE, reset, room, scratch } from "./workbench";

/** An image of 2x2 pixels under a window; two output channels. */
class Convolution {
  inputChannels: i32 = 1;
  kernelHeight: i32 = 1;
  kernelWidth: i32 = 1;
  outputHeight: i32 = 2;
  outputWidth: i32 = 2;
  groups: i32 = 1;
  stride: i32 = 1;
  dilation: i32 = 1;
  pad: i32 = 0;
  factorStep: i32 = 0;
  narrowSums: i32 = 0;
  activationMin: i32 = -32768;
  activationMax: i32 = 32767;
  /** By default that of 64-bit sums: 2^14 / 2^14. */
  multiplier: i32 = 1 << 14;
  shift: i8 = 14;
}

function run(
  c: Convolution,
  image: StaticArray<i16>,
  weights: StaticArray<i8>,
  bias: StaticArray<i32>,
): usize {
  reset();
  const output: usize = room(c.outputHeight * c.outputWidth * 4);
  conv2d_s16({
    input: int16(image),
    output,
    weights: int8(weights),
    bias: int32(bias),
    // The second output channel has half the factor, where it has one of its own.
    multiplier: int32([c.multiplier, c.multiplier]),
    shift: int8([c.shift, <i8>(c.narrowSums ? c.shift - 1 : c.shift + 1)]),
    scratch: scratch((2 * c.kernelHeight * c.kernelWidth * c.inputChannels) / c.groups),
    factorStep: <i8>c.factorStep,
    narrowSums: <i8>c.narrowSums,
    batches: 1,
    inputHeight: 2,
    inputWidth: 2,
    inputChannels: <u16>c.inputChannels,
    outputHeight: c.outputHeight,
    outputWidth: c.outputWidth,
    outputChannels: 2,
    kernelHeight: <u16>c.kernelHeight,
    kernelWidth: <u16>c.kernelWidth,
    groups: <u16>c.groups,
    strideHeight: <u16>c.stride,
    strideWidth: <u16>c.stride,
    dilationHeight: <u16>c.dilation,
    dilationWidth: <u16>c.dilation,
    padTop: <i16>c.pad,
    padLeft: <i16>c.pad,
    activationMin: <i16>c.activationMin,
    activationMax: <i16>c.activationMax,
  });
  return output;
}

describe("conv2d_s16", () => {
  test("one tap: products and biases", () => {
    const output: usize = run({}, [1, -2, 300, 4000], [3, -1], [10, 0]);
    expectInt16(output, [13, -1, 4, 2, 910, -300, 12010, -4000]);
  });

  test("a window of 2x2 pixels and 2 channels", () => {
    const one: Convolution = {
      inputChannels: 2,
      kernelHeight: 2,
      kernelWidth: 2,
      outputHeight: 1,
      outputWidth: 1,
    };
    const image: StaticArray<i16> = [1, 2, 3, 4, 5, 6, 7, 800];
    // all of them, and the last one twice
    expectInt16(run(one, image, [1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 2], [0, 5]), [828, 1605]);
  });

  test("padding counts as zero, dilation skips pixels", () => {
    const padded: Convolution = { kernelHeight: 3, kernelWidth: 3, pad: 1 };
    // the pixel itself, and the one to the right below
    const weights: StaticArray<i8> = [0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
    expectInt16(run(padded, [1, 2, 3, 4], weights, [0, 0]), [1, 4, 2, 0, 3, 0, 4, 0]);
    const dilated: Convolution = { kernelWidth: 2, outputHeight: 1, outputWidth: 1, dilation: 2, pad: 1 };
    expectInt16(run(dilated, [1, 2, 3, 4], [1, 1, 1, 5], [7, 8]), [7, 8]);
  });

  test("groups", () => {
    const grouped: Convolution = { inputChannels: 2, groups: 2 };
    const image: StaticArray<i16> = [1, 10, 2, 20, 3, 30, 4, 40];
    expectInt16(run(grouped, image, [1, 2], [0, 0]), [1, 20, 2, 40, 3, 60, 4, 80]);
  });

  test("strides, a factor for each channel, bounds", () => {
    const strided: Convolution = {
      outputHeight: 1,
      outputWidth: 1,
      stride: 2,
      factorStep: 1,
      activationMax: 100,
    };
    expectInt16(run(strided, [99, 0, 0, 0], [2, 1], [0, 0]), [100, 50]);
  });

  test("narrow sums are rounded twice, halves away from zero", () => {
    const narrow: Convolution = { narrowSums: 1, multiplier: ONE, shift: -1 };
    // a quarter of -10, 10, -8 and 6
    expectInt16(run(narrow, [-10, 10, -8, 6], [1, 0], [0, 0]), [-3, 0, 3, 0, -2, 0, 2, 0]);
    // -10 / 2^2 rounded once
    expectInt16(run({ shift: 16 }, [-10, 10, -8, 6], [1, 0], [0, 0]), [-2, 0, 3, 0, -2, 0, 2, 0]);
  });
});
