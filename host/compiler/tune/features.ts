/**
 * The parts of a kernel call, counted from its arguments: the terms of the cost model. A feature is
 * something that a kernel does so many times, such as products, gathered bytes or packed weights;
 * calibration finds out how many instructions each takes (test/compiler/tune/calibrate.ts). Features follow the loops of
 * assembly/kernels and firmware/core/kernels: a kernel that is written anew wants its features looked at.
 */
import { type KernelCall, type Program, storageOf } from "../plan/lower.ts";

/** A call by what its cost depends on. */
export interface CallShape {
  readonly kernel: string;
  /** Arguments that are numbers, by parameter; and work that they do not say, by name. */
  readonly numbers: Readonly<Record<string, number>>;
  /** Whether the output takes the place of the input. */
  readonly inPlace: boolean;
}

export type Features = Readonly<Record<string, number>>;
type Numbers = Readonly<Record<string, number>>;

export function callShape(call: KernelCall, program: Pick<Program, "aliases">): CallShape {
  const numbers: Record<string, number> = { ...call.work };
  const buffers: Record<string, string> = {};
  call.arguments.forEach((argument, i) => {
    const parameter = call.kernel.parameters[i]!;
    if (argument.kind === "number") numbers[parameter] = argument.value;
    if (argument.kind === "tensor") buffers[parameter] = storageOf(program, argument.name);
  });
  const inPlace = buffers["input"] !== undefined && buffers["input"] === buffers["output"];
  return { kernel: call.kernel.name, numbers, inPlace };
}

const product = (n: Numbers, ...names: readonly string[]): number =>
  names.reduce((result, name) => result * n[name]!, 1);

/** Outputs that can be below the zero point: the two sides are rounded differently. */
const signed = (n: Numbers, outputs: number): Features => ({
  signedOutputs: n["activationMin"]! < n["outputZeroPoint"]! ? outputs : 0,
});

// Convolutions

function convolution(n: Numbers) {
  const pixels = product(n, "batches", "outputHeight", "outputWidth");
  const groups = n["groups"]!;
  const depth = n["inputChannels"]! / groups;
  const channels = n["outputChannels"]! / groups;
  const terms = depth * product(n, "kernelHeight", "kernelWidth");
  const ones = ["kernelHeight", "kernelWidth", "groups", "strideHeight", "strideWidth"];
  const pointwise = ones.every((name) => n[name] === 1) && n["padTop"] === 0 && n["padLeft"] === 0;
  return { pixels, groups, channels, terms, pointwise, outputs: pixels * n["outputChannels"]! };
}

/** Rows of inputs that are put together, the copies that takes, and the bytes. */
function gathering(n: Numbers, gathers: boolean): Features {
  const { pixels, groups, terms } = convolution(n);
  const rows = gathers ? pixels * groups : 0;
  const whole = groups === 1 && n["dilationWidth"] === 1;
  const copies = rows * n["kernelHeight"]! * (whole ? 1 : n["kernelWidth"]!);
  return { gatheredRows: rows, gatheredRuns: copies, gatheredBytes: rows * terms };
}

function convSmall({ numbers: n }: CallShape): Features {
  const { pixels, groups, channels, terms, outputs } = convolution(n);
  const blocks = pixels * groups * Math.ceil(channels / 4);
  return { call: 1, ...gathering(n, true), blocks, products: blocks * terms, outputs };
}

/** As lanes.ts: terms in chunks of 32 and of 8, sections of 64, and three channels to a lane. */
function convLanes({ numbers: n, inPlace }: CallShape): Features {
  const { pixels, groups, channels, terms, pointwise, outputs } = convolution(n);
  const passes = Math.ceil(pixels / n["tile"]!);
  const triples = groups * Math.ceil(channels / 3);
  // Packing is faster where all three channels lie in whole blocks.
  const whole = groups * Math.floor((channels - (channels % 4)) / 3);
  // More than three chunks of 8 are one of 32.
  const chunks = Math.floor((terms + 7) / 32);
  const smallChunks = Math.ceil(Math.max(terms - 32 * chunks, 0) / 8);
  return {
    call: 1,
    ...gathering(n, !(pointwise && !inPlace && terms % 8 === 0)),
    passes: passes * triples,
    packedWhole: passes * whole * terms,
    packedNarrow: passes * (triples - whole) * terms,
    visits: pixels * triples * (chunks + smallChunks),
    products: pixels * triples * (32 * chunks + 8 * smallChunks),
    sections: pixels * triples * Math.floor((terms - 1) / 64),
    triples: pixels * triples,
    outputs,
    ...signed(n, outputs),
  };
}

/**
 * As block.c: four channels at four pixels of a tile at a time; at pixels that are left over eight channels, then
 * four; channels that are left over one by one.
 */
function convNative({ numbers: n, inPlace }: CallShape): Features {
  const { pixels, groups, channels, terms, pointwise } = convolution(n);
  const gathers = !pointwise || inPlace;
  const tile = n["tile"]! < 4 ? n["tile"]! : n["tile"]! - (n["tile"]! % 4);
  const passes = gathers ? Math.ceil(pixels / tile) : 1;
  const last = gathers ? pixels - (passes - 1) * tile : pixels;
  const rest = gathers && tile < 4 ? pixels : last % 4;
  const whole = pixels - rest;
  const blocks = groups * Math.floor(channels / 4);
  const narrow = groups * (channels % 4);
  const pairs = groups * Math.floor(channels / 8);
  const singles = blocks - 2 * pairs;
  return {
    call: 1,
    ...gathering(n, gathers),
    setups: passes * blocks,
    visits: (whole / 4) * blocks,
    products: (whole / 4) * blocks * terms,
    restProducts: (whole / 4) * blocks * (terms % 8),
    pairs: rest * pairs * terms,
    singles: rest * singles * terms,
    narrow: pixels * narrow * terms,
    wideOutputs: 4 * whole * blocks,
    outputs: pixels * narrow + 4 * rest * blocks,
    ...signed(n, whole * blocks * 4),
  };
}

/** Weights of four bits, as conv2d_w4_s8.ts: terms in chunks of sixteen, channels in blocks of sixteen. */
function convPacked({ numbers: n }: CallShape): Features {
  const { pixels, channels, terms, outputs } = convolution(n);
  const blocks = pixels * Math.ceil(channels / 16);
  return {
    call: 1,
    ...gathering(n, true),
    blocks,
    chunks: blocks * Math.ceil(terms / 16),
    products: blocks * terms,
    outputs,
  };
}

/** As conv2d_w4_lanes_s8.ts: terms in chunks of sixteen, and four channels to the lanes of an accumulator. */
function convPackedLanes({ numbers: n, inPlace }: CallShape): Features {
  const { pixels, channels, terms, pointwise, outputs } = convolution(n);
  const passes = Math.ceil(pixels / n["tile"]!);
  const fours = Math.ceil(channels / 4);
  const chunks = Math.ceil(terms / 16);
  return {
    call: 1,
    ...gathering(n, !(pointwise && !inPlace && terms % 16 === 0)),
    passes: passes * fours,
    unpacked: passes * fours * chunks,
    setups: passes * channels,
    visits: pixels * fours * chunks,
    outputs,
    ...signed(n, outputs),
  };
}

/** As packed.c: half a block at four pixels at a time; at pixels that are left over a block at one. */
function convPackedNative({ numbers: n, inPlace }: CallShape): Features {
  const { pixels, channels, terms, pointwise } = convolution(n);
  const gathers = !pointwise || inPlace;
  const tile = n["tile"]! < 4 ? n["tile"]! : n["tile"]! - (n["tile"]! % 4);
  const passes = gathers ? Math.ceil(pixels / tile) : 1;
  const last = gathers ? pixels - (passes - 1) * tile : pixels;
  const rest = gathers && tile < 4 ? pixels : last % 4;
  const whole = pixels - rest;
  const blocks = Math.ceil(channels / 16);
  const halves = 2 * blocks - (channels % 16 === 1 ? 1 : 0);
  return {
    call: 1,
    ...gathering(n, gathers),
    setups: whole > 0 ? passes * channels : 0,
    visits: (whole / 4) * halves,
    chunks: (whole / 4) * halves * Math.ceil(terms / 32),
    products: (whole / 4) * halves * terms,
    restProducts: (whole / 4) * halves * (terms % 4),
    wideOutputs: whole * channels,
    values: rest * terms,
    singleChunks: rest * blocks * Math.ceil(terms / 16),
    singles: rest * blocks * terms,
    outputs: rest * channels,
    ...signed(n, pixels * channels),
  };
}

function depthwise(n: Numbers) {
  const reach = (axis: "Height" | "Width"): number =>
    (n[`output${axis}`]! - 1) * n[`stride${axis}`]! + (n[`kernel${axis}`]! - 1) * n[`dilation${axis}`]! + 1;
  const planes = product(n, "batches", "inputChannels");
  const channels = planes * n["depthMultiplier"]!;
  const rows = Math.min(n["inputHeight"]!, reach("Height"));
  const outputs = channels * product(n, "outputHeight", "outputWidth");
  const filled = {
    planes,
    planeRows: planes * rows,
    planeBytes: planes * rows * Math.min(n["inputWidth"]!, reach("Width")),
    channels,
  };
  return { channels, outputs, filled };
}

function depthwiseSmall({ numbers: n }: CallShape): Features {
  const { outputs, filled } = depthwise(n);
  const rows = outputs * n["kernelHeight"]!;
  return { call: 1, ...filled, rows, products: rows * n["kernelWidth"]!, outputs };
}

/** Columns of outputs, down which three rows of weights slide. */
function depthwiseLanes({ numbers: n }: CallShape): Features {
  const { channels, outputs, filled } = depthwise(n);
  const columns = channels * n["outputWidth"]!;
  const steps = columns * ((n["outputHeight"]! - 1) * n["strideHeight"]! + 3);
  return { call: 1, ...filled, columns, steps, outputs, ...signed(n, outputs) };
}

/** Nine taps go down columns too, others are computed one output after the other. */
function depthwiseNative(shape: CallShape): Features {
  const n = shape.numbers;
  const plain = n["dilationHeight"] === 1 && n["dilationWidth"] === 1 && n["strideHeight"]! <= 2;
  if (plain && n["kernelHeight"] === 3 && n["kernelWidth"] === 3) return depthwiseLanes(shape);
  const { call, planes, planeRows, planeBytes, channels, outputs, ...slow } = depthwiseSmall(shape);
  const named = Object.entries(slow).map(([name, count]) => [`slow ${name}`, count] as const);
  return {
    call: call!,
    planes: planes!,
    planeRows: planeRows!,
    planeBytes: planeBytes!,
    channels: channels!,
    "slow outputs": outputs!,
    ...Object.fromEntries(named),
  };
}

// Dense layers

function denseSmall({ numbers: n }: CallShape): Features {
  const batches = n["batches"]!;
  const blocks = batches * Math.ceil(n["outputs"]! / 4);
  return { call: 1, batches, blocks, products: blocks * n["depth"]!, outputs: batches * n["outputs"]! };
}

/** Chunks of 32 inputs visit all outputs of whole blocks; the rest is computed one by one. */
function denseStationary({ numbers: n }: CallShape): Features {
  const [batches, depth, outputs] = [n["batches"]!, n["depth"]!, n["outputs"]!];
  const whole = outputs - (outputs % 4);
  const chunks = Math.floor(depth / 32);
  return {
    call: 1,
    batches,
    chunks: batches * chunks,
    visits: batches * chunks * whole,
    restProducts: batches * (whole * (depth % 32) + (outputs % 4) * depth),
    outputs: batches * outputs,
  };
}

/** 16-bit values: one output channel after the other, from inputs that are gathered before. */
function convWide({ numbers: n }: CallShape): Features {
  const { terms, outputs } = convolution(n);
  return { call: 1, ...gathering(n, true), products: outputs * terms, outputs };
}

/** 16-bit values: every tap of every output, in the image or not. */
function depthwiseWide({ numbers: n }: CallShape): Features {
  const pixels = product(n, "batches", "outputHeight", "outputWidth");
  const outputs = pixels * product(n, "inputChannels", "depthMultiplier");
  const rows = outputs * n["kernelHeight"]!;
  return { call: 1, outputs, rows, products: rows * n["kernelWidth"]! };
}

/** 16-bit values: one output after the other. */
function denseWide({ numbers: n }: CallShape): Features {
  const outputs = product(n, "batches", "outputs");
  return { call: 1, batches: n["batches"]!, outputs, products: outputs * n["depth"]! };
}

// The others: the same for portable and native kernels

/** Rows, or columns, of the image under all windows of a pooling, where none is counted in the padding. */
function covered(n: Numbers, axis: "Height" | "Width", pad: string): number {
  let sum = 0;
  for (let i = 0; i < n[`output${axis}`]!; i++) {
    const first = i * n[`stride${axis}`]! - n[pad]!;
    sum += Math.max(Math.min(first + n[`kernel${axis}`]!, n[`input${axis}`]!) - Math.max(first, 0), 0);
  }
  return sum;
}

function pooling({ numbers: n }: CallShape): Features {
  const rows = covered(n, "Height", "padTop");
  const images = product(n, "batches", "channels");
  return {
    call: 1,
    pixels: product(n, "batches", "outputHeight", "outputWidth"),
    outputs: images * product(n, "outputHeight", "outputWidth"),
    rows: images * n["outputWidth"]! * rows,
    values: images * covered(n, "Width", "padLeft") * rows,
  };
}

function elementwise({ numbers: n }: CallShape): Features {
  const rows = product(n, "size0", "size1", "size2");
  return { call: 1, rows, outputs: rows * n["size3"]! };
}

/** With a RELU, what is below zero is known at once. */
function elementwiseNative(shape: CallShape): Features {
  const features = elementwise(shape);
  return { ...features, ...signed(shape.numbers, features["outputs"]!) };
}

const lookup = ({ numbers: n }: CallShape): Features => ({ call: 1, outputs: n["length"]! });

function pad({ numbers: n }: CallShape): Features {
  const outputs = n["outputBytes"] ?? n["length"]!;
  const rows = product(n, "size0", "size1", "size2");
  return { call: 1, rows, copied: rows * n["size3"]!, outputs };
}

const copy = ({ numbers: n }: CallShape): Features => ({
  call: 1,
  rows: n["rows"]!,
  copied: product(n, "rows", "length"),
});

function mean({ numbers: n }: CallShape): Features {
  const outputs = product(n, "kept0", "kept1");
  const rows = outputs * n["reduced0"]!;
  return { call: 1, outputs, rows, values: rows * n["reduced1"]! };
}

const softmax = ({ numbers: n }: CallShape): Features => ({
  call: 1,
  rows: n["rows"]!,
  values: product(n, "rows", "depth"),
});

// Classic models

/** As SVM_KERNELS: of a distance, or a power or a tangent of a product. */
function kernelFunctions(n: Numbers, vectors: number): Features {
  const terms = vectors * n["features"]!;
  if (n["kind"] === 0) return { distances: vectors, squares: terms };
  if (n["kind"] === 1) return { powers: vectors * n["degree"]!, products: terms };
  return { tangents: vectors, products: terms };
}

function supportVectors({ numbers: n }: CallShape): Features {
  const vectors = product(n, "rows", "count");
  return {
    call: 1,
    rows: n["rows"]!,
    values: product(n, "rows", "features"),
    vectors,
    ...kernelFunctions(n, vectors),
    sums: vectors * n["columns"]!,
    outputs: product(n, "rows", "outputs"),
  };
}

function votes({ numbers: n }: CallShape): Features {
  const pairs = (n["classes"]! * (n["classes"]! - 1)) / 2;
  return { call: 1, rows: n["rows"]!, pairs: n["rows"]! * pairs, outputs: product(n, "rows", "classes") };
}

function quadratic({ numbers: n }: CallShape): Features {
  const outputs = product(n, "rows", "outputs");
  const products = outputs * n["features"]!;
  const weighted = n["weights"] === 0 ? 0 : products;
  return { call: 1, outputs, products, weighted, roots: n["root"]! * outputs };
}

const differences = ({ numbers: n }: CallShape): Features => ({
  call: 1,
  rows: n["rows"]!,
  values: product(n, "rows", "depth"),
});

function normalize(shape: CallShape): Features {
  const isLength = shape.numbers["norm"] === 1;
  return { ...differences(shape), roots: isLength ? shape.numbers["rows"]! : 0 };
}

const neighbours = ({ numbers: n }: CallShape): Features => ({
  call: 1,
  rows: n["rows"]!,
  values: product(n, "rows", "candidates"),
  sums: product(n, "rows", "outputs") * n["count"]!,
  outputs: product(n, "rows", "outputs"),
});

const intervals = ({ numbers: n }: CallShape): Features => ({
  call: 1,
  rows: n["rows"]!,
  outputs: product(n, "rows", "outputs"),
});

/** Rows of neighbours are copied as one, others element by element, bytes of them four at a time. */
function stridedCopy({ numbers: n }: CallShape): Features {
  const rows = product(n, "size0", "size1", "size2", "size3");
  const [length, bytes] = [n["size4"]!, n["elementBytes"]!];
  if (n["stride4"] === bytes) return { call: 1, rows, copies: rows, copied: rows * length * bytes };
  if (bytes > 1) return { call: 1, rows, wide: rows * length };
  return { call: 1, rows, quads: rows * Math.floor(length / 4), singles: rows * (length % 4) };
}

/** An enlarged image has rows that repeat: which ones do is in a table, but not how many are left. */
function resize({ numbers: n }: CallShape): Features {
  const bytes = n["pixelBytes"]!;
  const rows = product(n, "batches", "outputHeight");
  const made = n["batches"]! * Math.min(n["outputHeight"]!, n["inputHeight"]!);
  const pixels = made * n["outputWidth"]!;
  const copied = rows * n["outputWidth"]! * bytes - (bytes === 1 ? pixels : 0);
  return { call: 1, rows, copied, ...(bytes === 1 ? { bytePixels: pixels } : { pixels }) };
}

const interpolate = ({ numbers: n }: CallShape): Features => {
  const rows = product(n, "batches", "outputHeight");
  const pixels = rows * n["outputWidth"]!;
  return { call: 1, rows, pixels, values: pixels * n["channels"]! };
};

function argument({ numbers: n }: CallShape): Features {
  const outputs = product(n, "outer", "inner");
  return { call: 1, outputs, values: outputs * n["size"]! };
}

/** One phase: as the small convolution, of one group. */
const transposeConv = ({ numbers, inPlace, kernel }: CallShape): Features =>
  convSmall({ numbers: { ...numbers, groups: 1, strideHeight: 1, strideWidth: 1 }, inPlace, kernel });

/** How far walks go is expected, not known: see expectedWork of host/ops/tree_nodes.ts. */
const trees = ({ numbers: n }: CallShape): Features => ({
  call: 1,
  targets: n["targets"]!,
  trees: n["trees"]!,
  splits: n["splits"]!,
  terms: n["terms"]!,
});

const treesWithLongSplits = (shape: CallShape): Features => {
  const { splits, ...rest } = trees(shape);
  const long = shape.numbers["longSplits"]!;
  return { ...rest, splits: splits! - long, longSplits: long };
};

const svdf = ({ numbers: n }: CallShape): Features => {
  const filters = product(n, "units", "rank");
  return {
    call: 1,
    blocks: filters,
    products: filters * n["depth"]!,
    values: filters * n["memory"]!,
    outputs: n["units"]!,
  };
};

function gru({ numbers: n }: CallShape): Features {
  const outputs = product(n, "steps", "units");
  const before = n["resetAfter"] === 0 ? outputs : 0;
  return {
    call: 1,
    rows: n["steps"]!,
    products: 3 * outputs * (n["inputs"]! + n["units"]!),
    resets: before,
    wideProducts: before * n["units"]!,
    outputs,
  };
}

const lstm = ({ numbers: n }: CallShape): Features => {
  const outputs = product(n, "steps", "units");
  return { call: 1, rows: n["steps"]!, products: 4 * outputs * (n["inputs"]! + n["units"]!), outputs };
};

// Signals

/** Widths are found by comparing them for each value. */
const casts = (shape: CallShape): Features => ({
  ...values(shape),
  widths: shape.numbers["length"]! * shape.numbers["outputBytes"]!,
});

/** The operation is found by comparing its number with one after another. */
const arithmetic = (shape: CallShape): Features => {
  const features = elementwise(shape);
  return { ...features, comparisons: features["outputs"]! * shape.numbers["operation"]! };
};

/** Once for each value of a row. */
const values = ({ numbers: n }: CallShape): Features => ({ call: 1, values: n["length"]! });

const windowed = ({ numbers: n }: CallShape): Features => ({
  call: 1,
  rows: n["rows"]!,
  values: product(n, "rows", "length"),
});

/** Stages take fours of values, and turn them but in the first; the last step takes pairs. */
function fourier({ numbers: n }: CallShape): Features {
  const size = n["fftLength"]! / 2;
  const stages = Math.floor(Math.log2(size) / 2) + (Math.log2(size) % 2) - 1;
  return { call: 1, turns: (stages * size) / 4, factors: size / 4, values: size };
}

const energies = ({ numbers: n }: CallShape): Features => ({
  call: 1,
  values: n["end"]! - n["start"]!,
  zeros: n["length"]! - n["end"]! + n["start"]!,
});

/** Powers are added up where a shape is asked for, which the bits from 32 on stand for. */
function numbersOfChannels({ numbers: n }: CallShape): Features {
  const [rows, values, hasShapes] = [n["channels"]!, product(n, "channels", "length"), n["features"]! >= 32];
  return { call: 1, rows, values, shapes: hasShapes ? rows : 0, powers: hasShapes ? values : 0 };
}

const bands = ({ numbers: n }: CallShape): Features => ({
  call: 1,
  rows: n["channels"]! + 1,
  products: n["terms"]!,
});

/** A queue that is as full as it gets, which it always is but where a stream begins. */
const queue = ({ numbers: n }: CallShape): Features => ({
  call: 1,
  rows: n["rows"]!,
  chunks: product(n, "rows", "chunks"),
  copied: product(n, "rows", "chunks") * (n["read"]! + n["write"]!),
  moved: product(n, "rows", "chunks") * (n["capacity"]! - n["discard"]!),
});

const sliding = ({ numbers: n }: CallShape): Features => ({
  call: 1,
  copied: n["windowBytes"]! + n["inputBytes"]!,
  moved: n["windowBytes"]! - n["inputBytes"]!,
});

/** A class of scores, and bits to count where not one alone decides. */
const eventful = ({ numbers: n }: CallShape): Features => ({
  call: 1,
  classes: n["classes"]!,
  wide: n["scoreBytes"] === 2 ? n["classes"]! : 0,
});

const overlap = ({ numbers: n }: CallShape): Features => ({
  call: 1,
  rows: n["rows"]!,
  chunks: product(n, "rows", "frames"),
  values: product(n, "rows", "frames", "size"),
});

const matrices = ({ numbers: n }: CallShape): Features => {
  const outputs = product(n, "batch0", "batch1", "rows", "columns");
  return { call: 1, rows: product(n, "batch0", "batch1", "rows"), outputs, products: outputs * n["depth"]! };
};

const normalization = ({ numbers: n }: CallShape): Features => ({
  call: 1,
  rows: n["rows"]!,
  parts: (n["rows"]! * n["depth"]!) / n["inner"]!,
  values: n["rows"]! * n["depth"]!,
});

type Count = (shape: CallShape) => Features;
type Row = { readonly portable: Count; readonly native: Count };

const both = (count: Count): Row => ({ portable: count, native: count });

/** By kernel. */
const table: Readonly<Record<string, Row>> = {
  conv2d_s8: { portable: convSmall, native: convNative },
  conv2d_lanes_s8: { portable: convLanes, native: convNative },
  conv2d_long_lanes_s8: { portable: convLanes, native: convNative },
  conv2d_w4_lanes_s8: { portable: convPackedLanes, native: convPackedNative },
  conv2d_w4_s8: { portable: convPacked, native: convPackedNative },
  depthwise_conv2d_s8: { portable: depthwiseSmall, native: depthwiseNative },
  depthwise_conv2d_lanes_s8: { portable: depthwiseLanes, native: depthwiseNative },
  fully_connected_s8: both(denseSmall),
  fully_connected_stationary_s8: { portable: denseStationary, native: denseSmall },
  fully_connected_per_channel_s8: both(denseSmall),
  fully_connected_per_channel_stationary_s8: { portable: denseStationary, native: denseSmall },
  fully_connected_s16: both(denseWide),
  fully_connected_w16_s16: both(denseWide),
  fully_connected_s8_s16: both(denseWide),
  conv2d_s16: both(convWide),
  depthwise_conv2d_s16: both(depthwiseWide),
  max_pool2d_s16: both(pooling),
  average_pool2d_s16: both(pooling),
  pad_s16: both(pad),
  mean_s16: both(mean),
  max_pool2d_s8: both(pooling),
  average_pool2d_s8: both(pooling),
  add_s8: { portable: elementwise, native: elementwiseNative },
  mul_s8: { portable: elementwise, native: elementwiseNative },
  add_s16: both(elementwise),
  batch_matmul_s16: both(matrices),
  batch_matmul_s8: both(matrices),
  div: both(elementwise),
  layer_norm: both(normalization),
  mul_s16: both(elementwise),
  lookup_s16: both(lookup),
  lookup_s8: both(lookup),
  rescale_s16: both(lookup),
  rescale_s16_s8: both(lookup),
  rescale_s8_s16: both(lookup),
  gru_s8: both(gru),
  lstm_s8: both(lstm),
  svdf_s8: both(svdf),
  pad_s8: both(pad),
  copy_s8: both(copy),
  mean_s8: both(mean),
  softmax_s8: both(softmax),
  svm: both(supportVectors),
  svm_votes: both(votes),
  quadratic: both(quadratic),
  subtract_max: both(differences),
  neighbours: both(neighbours),
  normalize: both(normalize),
  intervals: both(intervals),
  softmax_s16: both(softmax),
  logistic_s16: both(lookup),
  tanh_s16: both(lookup),
  log_softmax_s8: both(softmax),
  strided_copy: both(stridedCopy),
  resize_bilinear: both(interpolate),
  resize_nearest: both(resize),
  maximum_s8: both(elementwise),
  prelu_s8: both(elementwise),
  reduce_max_s8: both(mean),
  arg_max_s8: both(argument),
  arg_max_wide: both(argument),
  transpose_conv2d_s8: both(transposeConv),
  tree_ensemble_s8: both(trees),
  tree_ensemble_s16: both(trees),
  tree_ensemble_extended_s8: both(treesWithLongSplits),
  tree_ensemble_extended_s16: both(treesWithLongSplits),
  arithmetic_s32: both(arithmetic),
  cast: both(casts),
  center_s16: both(values),
  emphasis_s16: both(values),
  energy_s16: both(energies),
  events: both(eventful),
  fft_auto_scale_s16: both(values),
  fifo_s16: both(queue),
  filter_bank_u32: both(bands),
  irfft_s16: both(fourier),
  log_u32: both(values),
  overlap_add_s16: both(overlap),
  pcan_u32: both(values),
  rfft_s16: both(fourier),
  scale_integers: both(values),
  signal_window_s16: both(windowed),
  spectral_subtraction_u32: both(values),
  slide: both(sliding),
  square_root_u64: both(values),
  statistics_s16: both(numbersOfChannels),
};

/** Kernels that the cost model knows. */
export const MODELLED_KERNELS: readonly string[] = Object.keys(table);

/** Throws an Error for a kernel without a row above. */
export function featuresOf(shape: CallShape, kernels: "portable" | "native"): Features {
  const row = table[shape.kernel];
  if (!row) throw new Error(`host/compiler/tune/features.ts: expected a row for the kernel ${shape.kernel}`);
  return row[kernels](shape);
}
