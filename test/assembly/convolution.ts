import { Conv2dS8Arguments, conv2d_s8 } from "../../assembly/kernels/conv2d_s8";
import { filled32, folded, inBlocks, inCodes } from "./layout";
import { copyOf, expectOutput, int32, int8, ONE, Random, reset, room, scratch } from "./workbench";

/** A convolution's numbers; what is left out is one pixel of one channel, and neutral. */
export class Convolution {
  tile: i32 = 4;
  batches: i32 = 1;
  inputHeight: i32 = 1;
  inputWidth: i32 = 1;
  inputChannels: i32 = 1;
  outputHeight: i32 = 1;
  outputWidth: i32 = 1;
  outputChannels: i32 = 1;
  kernelHeight: i32 = 1;
  kernelWidth: i32 = 1;
  groups: i32 = 1;
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

/** Both kernels of the contract of conv2d_s8. */
export type ConvolutionKernel = (block: Conv2dS8Arguments) => void;

class Operands {
  input: StaticArray<i8>;
  /** [outputChannels, terms] */
  rows: StaticArray<i8>;
  /** The zero point not yet folded in. */
  bias: StaticArray<i32>;
  multiplier: StaticArray<i32>;
  shift: StaticArray<i8>;
}

/** Which of the two kernels a spec is about. Functions of tests can't capture it: there are no closures. */
let subject: ConvolutionKernel = conv2d_s8;
let subjectLanes: i32 = 0;
/** Whether its weights are codes of four bits. */
let subjectPacks: bool = false;

/** `lanes` are the bytes of scratch that a kernel with lanes has for each pixel; the small one has none. */
export function specify(kernel: ConvolutionKernel, lanes: i32, packs: bool = false): void {
  subject = kernel;
  subjectLanes = lanes;
  subjectPacks = packs;
}

/** Bytes that the kernel may use, and not one more (host/ops/lanes.ts, packed.ts). */
function scratchBytes(c: Convolution, terms: i32, lanes: i32, packs: bool): i32 {
  if (lanes == 0) return (packs ? 64 : 0) + c.tile * terms;
  const pointwise: bool =
    (c.kernelHeight | c.kernelWidth | c.strideHeight | c.strideWidth | c.groups) == 1 &&
    (c.padTop | c.padLeft) == 0 &&
    c.outputHeight * c.outputWidth == c.inputHeight * c.inputWidth;
  const direct: bool = pointwise && !c.inPlace && terms % (packs ? 16 : 8) == 0;
  if (packs) return (direct ? 0 : c.tile * terms + 15) + 8 * 16 + lanes * c.tile;
  return (direct ? 0 : c.tile * terms) + 7 + 8 * 32 + lanes * c.tile;
}

/** One call on a fresh workbench; the output's address. */
function run(kernel: ConvolutionKernel, lanes: i32, packs: bool, c: Convolution, o: Operands): usize {
  reset();
  const terms: i32 = o.rows.length / c.outputChannels;
  const weights: StaticArray<i8> = packs
    ? inCodes(o.rows, c.outputChannels)
    : inBlocks(o.rows, c.outputChannels, c.groups);
  const input: usize = int8(o.input);
  const length: i32 = c.batches * c.outputHeight * c.outputWidth * c.outputChannels;
  const output: usize = c.inPlace ? input : room(length);
  kernel({
    input,
    output,
    weights: int8(weights),
    bias: int32(folded(o.rows, o.bias, c.inputZeroPoint)),
    multiplier: int32(o.multiplier),
    shift: int8(o.shift),
    scratch: scratch(scratchBytes(c, terms, lanes, packs)),
    tile: <u16>c.tile,
    batches: c.batches,
    inputHeight: c.inputHeight,
    inputWidth: c.inputWidth,
    inputChannels: <u16>c.inputChannels,
    outputHeight: c.outputHeight,
    outputWidth: c.outputWidth,
    outputChannels: <u16>c.outputChannels,
    kernelHeight: <u16>c.kernelHeight,
    kernelWidth: <u16>c.kernelWidth,
    groups: <u16>c.groups,
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

/** The outputs are `expected`. `rows` are weights as [outputChannels, terms]; factors are 2^(shift - 1). */
export function check(
  c: Convolution,
  input: StaticArray<i8>,
  rows: StaticArray<i8>,
  bias: StaticArray<i32>,
  shift: StaticArray<i8>,
  expected: StaticArray<i8>,
): void {
  const multiplier: StaticArray<i32> = filled32(c.outputChannels, ONE);
  const operands: Operands = { input, rows, bias, multiplier, shift };
  expectOutput(run(subject, subjectLanes, subjectPacks, c, operands), expected);
}

/** On random numbers the outputs are those of conv2d_s8. */
export function compare(c: Convolution, seed: u32 = 1): void {
  const random: Random = { state: seed };
  const channels: i32 = c.outputChannels;
  const terms: i32 = (c.kernelHeight * c.kernelWidth * c.inputChannels) / c.groups;
  const operands: Operands = {
    input: random.int8s(c.batches * c.inputHeight * c.inputWidth * c.inputChannels),
    rows: random.int8s(channels * terms, subjectPacks ? -8 : -127, subjectPacks ? 7 : 127),
    bias: random.int32s(channels, -4096, 4096),
    multiplier: random.int32s(channels, 1 << 30, i32.MAX_VALUE),
    shift: random.int8s(channels, -12, -5),
  };
  const pixels: i32 = c.batches * c.outputHeight * c.outputWidth;
  const expected: StaticArray<i8> = copyOf(run(conv2d_s8, 0, false, c, operands), pixels * channels);
  const label: string = " of " + terms.toString() + " terms, " + channels.toString() + " channels";
  expectOutput(run(subject, subjectLanes, subjectPacks, c, operands), expected, label);
}
