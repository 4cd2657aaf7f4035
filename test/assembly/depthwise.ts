import { DepthwiseConv2dS8Arguments, depthwise_conv2d_s8 } from "../../assembly/kernels/depthwise_conv2d_s8";
import { filled32, folded } from "./layout";
import { copyOf, expectOutput, int32, int8, ONE, Random, reset, room, scratch } from "./workbench";

/** A depthwise convolution's numbers; what is left out is one pixel of one channel, and neutral. */
export class Depthwise {
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
  inPlace: bool = false;
}

/** Both kernels of the contract of depthwise_conv2d_s8. */
export type DepthwiseKernel = (block: DepthwiseConv2dS8Arguments) => void;

class Operands {
  input: StaticArray<i8>;
  /** [channels, kernelHeight, kernelWidth] */
  weights: StaticArray<i8>;
  /** The zero point not yet folded in. */
  bias: StaticArray<i32>;
  multiplier: StaticArray<i32>;
  shift: StaticArray<i8>;
}

/** One channel's image with its padding, as far as windows reach. */
function planeBytes(c: Depthwise): i32 {
  const height: i32 = (c.outputHeight - 1) * c.strideHeight + (c.kernelHeight - 1) * c.dilationHeight + 1;
  return height * ((c.outputWidth - 1) * c.strideWidth + (c.kernelWidth - 1) * c.dilationWidth + 1);
}

/** One call on a fresh workbench; the output's address. */
function run(kernel: DepthwiseKernel, c: Depthwise, o: Operands): usize {
  reset();
  const channels: i32 = c.inputChannels * c.depthMultiplier;
  const input: usize = int8(o.input);
  const output: usize = c.inPlace ? input : room(c.batches * c.outputHeight * c.outputWidth * channels);
  kernel({
    input,
    output,
    weights: int8(o.weights),
    bias: int32(folded(o.weights, o.bias, c.inputZeroPoint)),
    multiplier: int32(o.multiplier),
    shift: int8(o.shift),
    scratch: scratch(planeBytes(c)),
    batches: c.batches,
    inputHeight: c.inputHeight,
    inputWidth: c.inputWidth,
    inputChannels: <u16>c.inputChannels,
    outputHeight: c.outputHeight,
    outputWidth: c.outputWidth,
    depthMultiplier: <u16>c.depthMultiplier,
    kernelHeight: <u16>c.kernelHeight,
    kernelWidth: <u16>c.kernelWidth,
    strideHeight: <u16>c.strideHeight,
    strideWidth: <u16>c.strideWidth,
    dilationHeight: <u16>c.dilationHeight,
    dilationWidth: <u16>c.dilationWidth,
    padTop: <i16>c.padTop,
    padLeft: <i16>c.padLeft,
    inputZeroPoint: <i8>c.inputZeroPoint,
    outputZeroPoint: <i8>c.outputZeroPoint,
    activationMin: <i8>c.activationMin,
    activationMax: <i8>c.activationMax,
  });
  return output;
}

/** The outputs are `expected`. `weights` are by channel; every channel's factor is 2^(its shift - 1). */
export function check(
  kernel: DepthwiseKernel,
  c: Depthwise,
  input: StaticArray<i8>,
  weights: StaticArray<i8>,
  bias: StaticArray<i32>,
  shift: StaticArray<i8>,
  expected: StaticArray<i8>,
): void {
  const multiplier: StaticArray<i32> = filled32(bias.length, ONE);
  expectOutput(run(kernel, c, { input, weights, bias, multiplier, shift }), expected);
}

/** On random numbers the outputs are those of depthwise_conv2d_s8. */
export function compare(kernel: DepthwiseKernel, c: Depthwise, seed: u32 = 1): void {
  const random: Random = { state: seed };
  const channels: i32 = c.inputChannels * c.depthMultiplier;
  const operands: Operands = {
    input: random.int8s(c.batches * c.inputHeight * c.inputWidth * c.inputChannels),
    weights: random.int8s(channels * c.kernelHeight * c.kernelWidth),
    bias: random.int32s(channels, -4096, 4096),
    multiplier: random.int32s(channels, 1 << 30, i32.MAX_VALUE),
    shift: random.int8s(channels, -11, -5),
  };
  const pixels: i32 = c.batches * c.outputHeight * c.outputWidth;
  const expected: StaticArray<i8> = copyOf(run(depthwise_conv2d_s8, c, operands), pixels * channels);
  const label: string = " of " + c.outputHeight.toString() + "x" + c.outputWidth.toString();
  expectOutput(run(kernel, c, operands), expected, label);
}
