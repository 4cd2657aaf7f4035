/**
 * Random quantised graphs of one node, for every operator that lowers to a kernel: all shapes and
 * attributes that the operator allows, small enough for the reference interpreter.
 */
import fc from "fast-check";
import { lcgBytes } from "../../../host/compiler/verify/vectors.ts";
import {
  type Attributes,
  type DType,
  elements,
  fromBytes,
  type Graph,
  ModelError,
  type Quantization,
  quantized,
  type Shape,
  type Tensor,
  type TensorData,
} from "../../../host/ir/graph.ts";
import { ACTIVATIONS } from "../../../host/ops/activation.ts";
import { operatorOf } from "../../../host/ops/index.ts";
import { FUNCTION_NAMES } from "../../../host/ops/unary_function.ts";
import { forestTensors } from "../../support/forests.ts";
import { classicGraphs } from "./classic_graphs.ts";
import { motionGraphs } from "./motion_graphs.ts";
import { gruSequence, lstm, lstmSequence, svdf } from "./recurrent_graphs.ts";
import { signalGraphs } from "./signal_graphs.ts";

const NODE = "node";
/** From 512 equal values on, their sum takes a shift of 32, which TensorFlow Lite Micro leaves undefined. */
const MAX_SOFTMAX_DEPTH = 511;

interface Draft {
  readonly op: string;
  readonly inputs: readonly (Tensor | undefined)[];
  readonly attributes: Attributes;
  readonly output: { readonly dtype: DType; readonly quantization?: Quantization };
}

/** The graph, or undefined where the operator refuses these shapes (the spec's tests cover that). */
function oneNode({ op, inputs, attributes, output }: Draft): Graph | undefined {
  try {
    const [shape] = operatorOf(op).infer({ name: NODE, attributes, inputs });
    const present = inputs.filter((tensor) => tensor !== undefined);
    const tensors = [...present, { name: "output", shape: shape!, ...output }];
    return {
      name: op,
      tensors: new Map(tensors.map((tensor) => [tensor.name, tensor])),
      nodes: [
        {
          name: NODE,
          op,
          inputs: inputs.map((tensor) => tensor?.name ?? ""),
          outputs: ["output"],
          attributes,
        },
      ],
      inputs: [...new Set(present.filter((tensor) => !tensor.data).map((tensor) => tensor.name))],
      outputs: ["output"],
    };
  } catch (error) {
    if (error instanceof ModelError) return undefined;
    throw error;
  }
}

const build = (drafts: fc.Arbitrary<Draft>): fc.Arbitrary<Graph> =>
  drafts.map(oneNode).filter((graph): graph is Graph => graph !== undefined);

// Numbers

const pair = <T>(of: fc.Arbitrary<T>) => fc.tuple(of, of);
const upTo = (greatest: number) => fc.integer({ min: 1, max: greatest });
const seeds = fc.integer({ min: 0, max: 0xffff });
const activations = fc.constantFrom(...ACTIVATIONS);

/** 2^from .. 2^to, evenly by logarithm; a float32, as scales in model files are. */
const power = (from: number, to: number): fc.Arbitrary<number> =>
  fc.integer({ min: from * 64, max: to * 64 }).map((n) => Math.fround(2 ** (n / 64)));
const scales = fc.oneof({ weight: 4, arbitrary: power(-12, 1) }, { weight: 1, arbitrary: power(-18, 12) });
const zeroPoints = fc.oneof(fc.constantFrom(-128, 0, 127), fc.integer({ min: -128, max: 127 }));
const quantizations = fc.tuple(scales, zeroPoints).map(([scale, zeroPoint]) => quantized(scale, zeroPoint));

/** The output's scale over the scale of the exact result: most fit the range, some saturate or vanish. */
const ratios = (from: number, to: number, extreme: readonly [number, number]) =>
  fc.oneof({ weight: 5, arbitrary: power(from, to) }, { weight: 1, arbitrary: power(...extreme) });

const output = (scale: number, zeroPoint: number): Draft["output"] => ({
  dtype: "int8",
  quantization: quantized(Math.fround(scale), zeroPoint),
});

// Tensors

const tensor = (name: string, shape: Shape, quantization: Quantization): Tensor => ({
  name,
  dtype: "int8",
  shape,
  quantization,
});

/** Mostly random; also the greatest magnitudes, which make the greatest sums. */
function int8Data(length: number, seed: number): TensorData {
  const extremes: readonly number[] = [0x80, 0x7f];
  const bytes =
    seed % 8 < 2 ? new Uint8Array(length).fill(extremes[seed % 8]!) : lcgBytes(seed, length).bytes;
  return fromBytes("int8", bytes);
}

/**
 * Mostly of the size of sums of products; one in eight up to 2^23. With factors up to 2^6 all stays
 * within int32: beyond it TensorFlow Lite Micro's own result is undefined.
 */
function int32Data(length: number, seed: number): TensorData {
  const values = fromBytes("int32", lcgBytes(seed, length * 4).bytes);
  return values.map((value) => value >> (seed % 8 === 7 ? 8 : 15));
}

interface Weights {
  readonly scale: number;
  /** Powers of two between the channels' scales; undefined for one scale. */
  readonly spread: number | undefined;
  readonly bias: boolean;
  readonly seed: number;
}

const weights: fc.Arbitrary<Weights> = fc.record({
  scale: power(-12, 0),
  spread: fc.constantFrom(undefined, 2, 2, 40),
  bias: fc.boolean(),
  seed: seeds,
});

function weightTensors({ scale, spread, bias, seed }: Weights, shape: Shape, axis: number) {
  const channels = shape[axis]!;
  const steps = lcgBytes(seed + 1, channels).bytes;
  const scales =
    spread === undefined ? [scale] : Array.from(steps, (n) => scale * 2 ** ((-n / 256) * spread));
  const quantization = { scales: scales.map(Math.fround), zeroPoints: scales.map(() => 0), axis };
  const any = int8Data(elements(shape), seed);
  // Some layers have weights of four bits.
  const data = seed % 3 === 0 ? any.map((weight) => weight >> 4) : any;
  const filters = { ...tensor("weights", shape, quantization), data };
  const biasTensor: Tensor = {
    name: "bias",
    dtype: "int32",
    shape: [channels],
    data: int32Data(channels, seed + 2),
  };
  return [filters, bias ? biasTensor : undefined] as const;
}

// Operators

const windows = fc.record({
  kernel: pair(upTo(4)),
  stride: pair(upTo(3)),
  dilation: pair(fc.constantFrom(1, 1, 2, 3)),
  padding: fc.tuple(...[0, 1, 2, 3].map(() => fc.integer({ min: 0, max: 3 }))),
  extra: pair(fc.integer({ min: 0, max: 5 })),
  batches: upTo(2),
});
type WindowDraft = typeof windows extends fc.Arbitrary<infer T> ? T : never;

/** An image that the window fits, with some pixels to slide over. */
const imageShape = ({ kernel, dilation, padding, extra, batches }: WindowDraft, channels: number): Shape => {
  const size = (axis: 0 | 1) => {
    const least = (kernel[axis] - 1) * dilation[axis] + 1 - padding[axis]! - padding[axis + 2]!;
    return Math.max(1, least + extra[axis]);
  };
  return [batches, size(0), size(1), channels];
};

const conv2d = build(
  fc
    .record({
      window: windows,
      groups: fc.constantFrom(1, 1, 2, 3),
      groupInputs: upTo(9),
      groupOutputs: upTo(3),
      input: quantizations,
      weights,
      ratio: ratios(-2, 14, [-6, 30]),
      zeroPoint: zeroPoints,
      activation: activations,
    })
    .map(({ window, groups, groupInputs, groupOutputs, ...d }) => ({
      op: "conv2d",
      inputs: [
        tensor("input", imageShape(window, groups * groupInputs), d.input),
        ...weightTensors(d.weights, [groups * groupOutputs, ...window.kernel, groupInputs], 0),
      ],
      attributes: {
        stride: window.stride,
        dilation: window.dilation,
        padding: window.padding,
        groups,
        activation: d.activation,
      },
      output: output(d.input.scales[0]! * d.weights.scale * d.ratio, d.zeroPoint),
    })),
);

const depthwiseConv2d = build(
  fc
    .record({
      window: windows,
      channels: upTo(9),
      depthMultiplier: fc.constantFrom(1, 1, 2, 3),
      input: quantizations,
      weights,
      ratio: ratios(-2, 12, [-6, 30]),
      zeroPoint: zeroPoints,
      activation: activations,
    })
    .map(({ window, channels, depthMultiplier, ...d }) => ({
      op: "depthwise_conv2d",
      inputs: [
        tensor("input", imageShape(window, channels), d.input),
        ...weightTensors(d.weights, [1, ...window.kernel, channels * depthMultiplier], 3),
      ],
      attributes: {
        stride: window.stride,
        dilation: window.dilation,
        padding: window.padding,
        depthMultiplier,
        activation: d.activation,
      },
      output: output(d.input.scales[0]! * d.weights.scale * d.ratio, d.zeroPoint),
    })),
);

const fullyConnected = build(
  fc
    .record({
      lead: fc.array(upTo(3), { maxLength: 3 }),
      depth: upTo(40),
      outputs: upTo(9),
      keepDims: fc.boolean(),
      input: quantizations,
      weights,
      ratio: ratios(-2, 14, [-6, 30]),
      zeroPoint: zeroPoints,
      activation: activations,
    })
    .map(({ lead, depth, outputs, keepDims, activation, ...d }) => ({
      op: "fully_connected",
      inputs: [tensor("input", [...lead, depth], d.input), ...weightTensors(d.weights, [outputs, depth], 0)],
      attributes: { keepDims, activation },
      output: output(d.input.scales[0]! * d.weights.scale * d.ratio, d.zeroPoint),
    })),
);

const pool = (op: string) =>
  build(
    fc
      .record({ window: windows, channels: upTo(9), quantization: quantizations, activation: activations })
      .map(({ window, channels, quantization, activation }) => {
        // Padding of a window's size or more is refused; dilation does not exist here.
        const padding = window.padding.map((n, i) => Math.min(n, window.kernel[i % 2]! - 1));
        const shape = imageShape({ ...window, padding, dilation: [1, 1] }, channels);
        return {
          op,
          inputs: [tensor("input", shape, quantization)],
          attributes: { kernel: window.kernel, stride: window.stride, padding, activation },
          output: { dtype: "int8", quantization },
        };
      }),
  );

/** Which operand is a constant, or whether both are one tensor. */
const OPERANDS = ["both", "both", "constant a", "constant b", "same"] as const;

const elementwise = (
  op: string,
  resultScale: (a: number, b: number) => number,
  ratio: fc.Arbitrary<number>,
  fuses = true,
) =>
  build(
    fc
      .record({
        shape: fc.array(upTo(4), { maxLength: 5 }),
        /** For each axis and operand: repeated or not. */
        repeated: fc.array(fc.constantFrom("", "", "a", "b"), { minLength: 5, maxLength: 5 }),
        /** Leading axes that an operand lacks. */
        lacks: pair(fc.constantFrom(0, 0, 0, 1, 2)),
        operands: fc.constantFrom(...OPERANDS),
        a: quantizations,
        b: quantizations,
        ratio,
        zeroPoint: zeroPoints,
        activation: activations,
        seed: seeds,
      })
      .map(({ shape, repeated, lacks, operands, activation, ...d }) => {
        const shapeOf = (name: "a" | "b", lacking: number) =>
          shape.map((n, axis) => (repeated[axis] === name ? 1 : n)).slice(lacking);
        const operand = (name: "a" | "b", lacking: number): Tensor => {
          const dense = tensor(name, shapeOf(name, lacking), d[name]);
          return operands === `constant ${name}`
            ? { ...dense, data: int8Data(elements(dense.shape), d.seed) }
            : dense;
        };
        const a = operand("a", lacks[0]);
        const b = operands === "same" ? a : operand("b", lacks[1]);
        const scale = resultScale(a.quantization!.scales[0]!, b.quantization!.scales[0]!);
        return {
          op,
          inputs: [a, b],
          attributes: fuses ? { activation } : {},
          output: output(scale * d.ratio, d.zeroPoint),
        };
      }),
  );

const shapes = fc.array(upTo(5), { maxLength: 5 });

const concatenation = build(
  fc
    .record({
      shape: fc.array(upTo(4), { minLength: 1, maxLength: 4 }),
      axis: fc.nat(3),
      sizes: fc.array(upTo(5), { minLength: 1, maxLength: 5 }),
      constant: fc.nat(9),
      twice: fc.boolean(),
      quantization: quantizations,
      seed: seeds,
    })
    .map(({ shape, axis: at, sizes, constant, twice, quantization, seed }) => {
      const axis = at % shape.length;
      const parts = sizes.map((size, i) => {
        const part = tensor(`input_${i}`, shape.with(axis, size), quantization);
        // Not all of them, or nothing is left to compute.
        return i > 0 && i === constant ? { ...part, data: int8Data(elements(part.shape), seed) } : part;
      });
      return {
        op: "concatenation",
        inputs: twice ? [...parts, parts[0]!] : parts,
        attributes: { axis },
        output: { dtype: "int8", quantization },
      };
    }),
);

const mean = build(
  fc
    .record({
      shape: fc.array(upTo(6), { minLength: 1, maxLength: 5 }),
      reduced: fc.array(fc.boolean(), { minLength: 5, maxLength: 5 }),
      keepDims: fc.boolean(),
      input: quantizations,
      ratio: ratios(-3, 1, [-20, 30]),
      zeroPoint: zeroPoints,
    })
    .map(({ shape, reduced, keepDims, input, ratio, zeroPoint }) => ({
      op: "mean",
      inputs: [tensor("input", shape, input)],
      attributes: { axes: shape.map((_, axis) => axis).filter((axis) => reduced[axis]), keepDims },
      output: output(input.scales[0]! * ratio, zeroPoint),
    })),
);

const pad = build(
  fc
    .record({
      shape: fc.array(upTo(4), { minLength: 1, maxLength: 5 }),
      before: fc.array(fc.constantFrom(0, 0, 1, 3), { minLength: 5, maxLength: 5 }),
      after: fc.array(fc.constantFrom(0, 0, 1, 3), { minLength: 5, maxLength: 5 }),
      quantization: quantizations,
      /** The padding as an int8 value; undefined for a real zero. */
      value: fc.option(fc.integer({ min: -128, max: 127 }), { nil: undefined }),
    })
    .map(({ shape, before, after, quantization, value }) => ({
      op: "pad",
      inputs: [tensor("input", shape, quantization)],
      attributes: {
        before: before.slice(0, shape.length),
        after: after.slice(0, shape.length),
        value: value === undefined ? 0 : (value - quantization.zeroPoints[0]!) * quantization.scales[0]!,
      },
      output: { dtype: "int8", quantization },
    })),
);

const reshape = build(
  fc.record({ shape: shapes, quantization: quantizations }).map(({ shape, quantization }) => ({
    op: "reshape",
    inputs: [tensor("input", shape, quantization)],
    attributes: { shape: [1, ...shape.toReversed()] },
    output: { dtype: "int8", quantization },
  })),
);

const softmax = build(
  fc
    .record({
      lead: fc.array(upTo(4), { maxLength: 3 }),
      depth: fc.oneof({ weight: 4, arbitrary: upTo(20) }, { weight: 1, arbitrary: upTo(MAX_SOFTMAX_DEPTH) }),
      scale: fc.oneof({ weight: 4, arbitrary: power(-8, 1) }, { weight: 1, arbitrary: power(-20, 12) }),
      zeroPoint: zeroPoints,
      beta: fc.constantFrom(1, 1, 0.5, 0.125, 3),
    })
    .map(({ lead, depth, scale, zeroPoint, beta }) => ({
      op: "softmax",
      inputs: [tensor("input", [...lead, depth], quantized(scale, zeroPoint))],
      attributes: { beta },
      output: output(1 / 256, -128),
    })),
);

const logSoftmax = build(
  fc
    .record({
      lead: fc.array(upTo(4), { maxLength: 3 }),
      depth: upTo(40),
      scale: fc.oneof({ weight: 4, arbitrary: power(-8, 1) }, { weight: 1, arbitrary: power(-20, 12) }),
      zeroPoint: zeroPoints,
    })
    .map(({ lead, depth, scale, zeroPoint }) => ({
      op: "log_softmax",
      inputs: [tensor("input", [...lead, depth], quantized(scale, zeroPoint))],
      attributes: {},
      output: output(1 / 16, 127),
    })),
);

/** Some with subtrees so large that jumps lead to them, more leaves than one byte can number, and long splits. */
const treeEnsemble = build(
  fc
    .record({
      dtype: fc.constantFrom<"int8" | "int16">("int8", "int16"),
      features: fc.constantFrom(1, 2, 5, 12, 128, 300, 2048),
      long: fc.boolean(),
      trees: upTo(4),
      depth: fc.oneof({ weight: 5, arbitrary: fc.nat(4) }, { weight: 1, arbitrary: fc.constantFrom(7, 8) }),
      targets: fc.constantFrom(1, 2, 3, 10, 128),
      leaves: fc.constantFrom(1, 3, 20, 200),
      seed: seeds,
    })
    .map(({ dtype, ...draft }) => ({
      op: "tree_ensemble",
      inputs: [
        { ...tensor("input", [1, draft.features], quantized(1, 0)), dtype },
        ...forestTensors(draft, dtype),
      ],
      attributes: {},
      output: { dtype: "int16", quantization: quantized(0.5, 0) },
    })),
);

/** Operators of one value, which become tables: with their attributes and what the output must be. */
const lookup = (
  op: string,
  attributes: fc.Arbitrary<Attributes>,
  outputs: fc.Arbitrary<Draft["output"]>,
  dtypes: fc.Arbitrary<"int8" | "uint8"> = fc.constant("int8"),
) =>
  build(
    fc
      .record({ shape: shapes, input: quantizations, dtype: dtypes, attributes, output: outputs })
      .map(({ shape, input, dtype, ...rest }) => ({
        op,
        inputs: [{ ...tensor("input", shape, ofType(input, dtype)), dtype }],
        ...rest,
      })),
  );

/** The zero point moved into the range of the type. */
const ofType = (q: Quantization, dtype: "int8" | "uint8"): Quantization =>
  quantized(q.scales[0]!, q.zeroPoints[0]! + (dtype === "uint8" ? 128 : 0));

const bytes = fc.constantFrom<"int8" | "uint8">("int8", "uint8");
const none = fc.constant({});
const int8Outputs = quantizations.map((quantization) => ({ dtype: "int8" as const, quantization }));
const byteOutputs = fc
  .tuple(quantizations, bytes)
  .map(([quantization, dtype]) => ({ dtype, quantization: ofType(quantization, dtype) }));

// Movement, comparison, and functions of one value

/** Elements of a slice of an axis: its first, how many, and the step between. */
const sliceDrafts = fc.array(
  fc.record({ first: fc.nat(2), count: upTo(4), step: fc.constantFrom(1, 1, 2, 3, -1, -2), rest: fc.nat(2) }),
  { minLength: 1, maxLength: 5 },
);

const wideTypes = fc.constantFrom<"int8" | "int16">("int8", "int8", "int16");
const moved = (dtype: "int8" | "int16", quantization: Quantization) => ({
  dtype,
  quantization: dtype === "int8" ? quantization : quantized(quantization.scales[0]!, 0),
});

const stridedSlice = build(
  fc
    .record({ axes: sliceDrafts, quantization: quantizations, dtype: wideTypes })
    .map(({ axes, quantization, dtype }) => {
      const ends = axes.map(({ first, count, step, rest }) => {
        const reach = (count - 1) * Math.abs(step);
        const begin = step > 0 ? first : first + reach;
        // Any end between the last element and the next one means the same.
        const end = step > 0 ? begin + reach + 1 : first - 1;
        return { begin, end, step, size: first + reach + 1 + rest };
      });
      const output = moved(dtype, quantization);
      return {
        op: "strided_slice",
        inputs: [{ name: "input", shape: ends.map(({ size }) => size), ...output }],
        attributes: {
          begin: ends.map(({ begin }) => begin),
          end: ends.map(({ end }) => end),
          strides: ends.map(({ step }) => step),
        },
        output,
      };
    }),
);

const transpose = build(
  fc
    .record({
      shape: fc.array(upTo(5), { maxLength: 6 }),
      order: fc.array(fc.nat(999), { minLength: 6, maxLength: 6 }),
      quantization: quantizations,
      dtype: wideTypes,
    })
    .map(({ shape, order, quantization, dtype }) => {
      const output = moved(dtype, quantization);
      return {
        op: "transpose",
        inputs: [{ name: "input", shape, ...output }],
        attributes: {
          permutation: shape.map((_, axis) => axis).sort((a, b) => order[a]! - order[b]! || a - b),
        },
        output,
      };
    }),
);

const resizeNearest = build(
  fc
    .record({
      shape: fc.tuple(upTo(2), upTo(5), upTo(5), upTo(5)),
      rows: fc.array(fc.nat(999), { minLength: 1, maxLength: 9 }),
      columns: fc.array(fc.nat(999), { minLength: 1, maxLength: 9 }),
      quantization: quantizations,
      dtype: wideTypes,
    })
    .map(({ shape, rows, columns, quantization, dtype }) => {
      const output = moved(dtype, quantization);
      const within = (list: number[], size: number) => list.map((n) => n % size).sort((a, b) => a - b);
      return {
        op: "resize_nearest",
        inputs: [{ name: "input", shape, ...output }],
        attributes: { rows: within(rows, shape[1]), columns: within(columns, shape[2]) },
        output,
      };
    }),
);

const resizeBilinear = build(
  fc
    .record({
      shape: fc.tuple(upTo(2), upTo(5), upTo(5), upTo(5)),
      rows: fc.array(fc.nat(2 ** 23), { minLength: 1, maxLength: 9 }),
      columns: fc.array(fc.nat(2 ** 23), { minLength: 1, maxLength: 9 }),
      quantization: quantizations,
      dtype: wideTypes,
    })
    .map(({ shape, rows, columns, quantization, dtype }) => {
      const output = moved(dtype, quantization);
      const within = (list: number[], size: number) => list.map((n) => n % ((size - 1) * 2 ** 20 + 1));
      return {
        op: "resize_bilinear",
        inputs: [{ name: "input", shape, ...output }],
        attributes: { rows: within(rows, shape[1]), columns: within(columns, shape[2]) },
        output,
      };
    }),
);

const reduction = (
  op: string,
  outputOf: (input: Quantization, ratio: number, zero: number) => Draft["output"],
) =>
  build(
    fc
      .record({
        shape: fc.array(upTo(6), { minLength: 1, maxLength: 5 }),
        reduced: fc.array(fc.boolean(), { minLength: 5, maxLength: 5 }),
        keepDims: fc.boolean(),
        input: quantizations,
        ratio: ratios(-3, 4, [-20, 30]),
        zeroPoint: zeroPoints,
      })
      .map(({ shape, reduced, keepDims, input, ratio, zeroPoint }) => ({
        op,
        inputs: [tensor("input", shape, input)],
        attributes: { axes: shape.map((_, axis) => axis).filter((axis) => reduced[axis]), keepDims },
        output: outputOf(input, ratio, zeroPoint),
      })),
  );

const scaled = (input: Quantization, ratio: number, zeroPoint: number) =>
  output(input.scales[0]! * ratio, zeroPoint);
const alike = (quantization: Quantization): Draft["output"] => ({ dtype: "int8", quantization });

const argument = (op: string) =>
  build(
    fc
      .record({
        shape: fc.array(upTo(6), { minLength: 1, maxLength: 4 }),
        axis: fc.nat(3),
        keepDims: fc.boolean(),
        input: quantizations,
        dtype: fc.constantFrom("int8", "int16", "int32"),
      })
      .map(({ shape, axis, keepDims, input, dtype }) => ({
        op,
        inputs: [{ ...tensor("input", shape, dtype === "int8" ? input : quantized(1, 0)), dtype }],
        attributes: { axis: axis % shape.length, keepDims },
        output: { dtype: "int32" },
      })),
  );

/** All tensors share one quantisation. */
const extremum = (op: string) =>
  elementwise(op, Math.max, fc.constant(1), false).map((graph) => {
    const { quantization } = graph.tensors.get("output")!;
    const tensors = [...graph.tensors.values()].map((each) => ({ ...each, quantization: quantization! }));
    return { ...graph, tensors: new Map(tensors.map((each) => [each.name, each])) };
  });

const prelu = build(
  fc
    .record({
      shape: fc.array(upTo(5), { minLength: 1, maxLength: 4 }),
      repeated: fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }),
      lacks: fc.nat(3),
      x: quantizations,
      alpha: quantizations,
      ratio: ratios(-2, 4, [-11, 20]),
      zeroPoint: zeroPoints,
      seed: seeds,
    })
    .map(({ shape, repeated, lacks, x, alpha, ratio, zeroPoint, seed }) => {
      const slopes = shape.map((n, axis) => (repeated[axis] ? 1 : n)).slice(Math.min(lacks, shape.length));
      return {
        op: "prelu",
        inputs: [
          tensor("x", shape, x),
          { ...tensor("alpha", slopes, alpha), data: int8Data(elements(slopes), seed) },
        ],
        attributes: {},
        output: output(x.scales[0]! * ratio, zeroPoint),
      };
    }),
);

/** Two batches of matrices, either transposed, of which axes may be repeated. */
const batchMatmul = build(
  fc
    .record({
      batch: fc.array(upTo(3), { maxLength: 3 }),
      repeated: fc.array(fc.constantFrom("", "", "a", "b"), { minLength: 3, maxLength: 3 }),
      sizes: fc.tuple(upTo(5), upTo(20), upTo(5)),
      transposed: pair(fc.boolean()),
      constant: fc.nat(3),
      a: quantizations,
      b: quantizations,
      ratio: ratios(2, 10, [-6, 24]),
      zeroPoint: zeroPoints,
      seed: seeds,
    })
    .map(({ batch, repeated, sizes: [rows, depth, columns], transposed, constant, seed, ...d }) => {
      const operand = (name: "a" | "b", matrix: Shape, swaps: boolean): Tensor => {
        const front = batch.map((n, axis) => (repeated[axis] === name ? 1 : n));
        const dense = tensor(name, [...front, ...(swaps ? matrix.toReversed() : matrix)], d[name]);
        return name === "b" && constant === 0
          ? { ...dense, data: int8Data(elements(dense.shape), seed) }
          : dense;
      };
      return {
        op: "batch_matmul",
        inputs: [operand("a", [rows, depth], transposed[0]), operand("b", [depth, columns], transposed[1])],
        attributes: { transposeA: transposed[0], transposeB: transposed[1] },
        output: output(d.a.scales[0]! * d.b.scales[0]! * d.ratio, d.zeroPoint),
      };
    }),
);

/** One of the operands is a single constant, of any rank. */
const divByConstant = build(
  fc
    .record({
      shape: shapes,
      rank: fc.nat(2),
      first: fc.boolean(),
      a: quantizations,
      b: quantizations,
      ratio: ratios(-6, 4, [-14, 20]),
      zeroPoint: zeroPoints,
      seed: seeds,
    })
    .map(({ shape, rank, first, a, b, ratio, zeroPoint, seed }) => {
      const single = Array<number>(rank).fill(1);
      const constant = (name: string, q: Quantization): Tensor => ({
        ...tensor(name, single, q),
        data: int8Data(1, seed),
      });
      return {
        op: "div",
        inputs: first ? [constant("a", a), tensor("b", shape, b)] : [tensor("a", shape, a), constant("b", b)],
        attributes: {},
        output: output((a.scales[0]! / b.scales[0]!) * ratio, zeroPoint),
      };
    }),
);

const transposeConv2d = build(
  fc
    .record({
      window: windows,
      size: pair(upTo(4)),
      /** Less than all that the windows reach, or more. */
      extra: pair(fc.integer({ min: -3, max: 3 })),
      inputs: upTo(9),
      outputs: upTo(9),
      input: quantizations,
      weights,
      ratio: ratios(-2, 14, [-6, 30]),
      zeroPoint: zeroPoints,
      activation: activations,
    })
    .map(({ window, size, extra, inputs, outputs, ...d }) => {
      const { kernel, stride, dilation, padding, batches } = window;
      const outputSize = [0, 1].map((i) => {
        const reach = (size[i]! - 1) * stride[i]! + (kernel[i]! - 1) * dilation[i]! + 1;
        return Math.max(1, reach - padding[i]! - padding[i + 2]! + extra[i]!);
      });
      return {
        op: "transpose_conv2d",
        inputs: [
          tensor("input", [batches, ...size, inputs], d.input),
          ...weightTensors(d.weights, [outputs, ...kernel, inputs], 0),
        ],
        attributes: { stride, padding, dilation, outputSize, activation: d.activation },
        output: output(d.input.scales[0]! * d.weights.scale * d.ratio, d.zeroPoint),
      };
    }),
);

const unaryFunctions = fc.record({
  function: fc.constantFrom(...FUNCTION_NAMES),
  alpha: fc.constantFrom(0.2, 0.5, 1, 1.5),
  beta: fc.constantFrom(0.5, 1),
});
const tables = seeds.map((seed) => ({ table: [...int8Data(256, seed)] }));
const ranges = fc
  .tuple(fc.integer({ min: -60, max: 60 }), fc.integer({ min: 0, max: 60 }))
  .map(([min, length]) => ({ min: min / 10, max: (min + length) / 10 }));

/** By operator. A difference keeps the scale of a sum. */
export const graphs: Readonly<Record<string, fc.Arbitrary<Graph>>> = {
  add: elementwise("add", Math.max, ratios(-2, 2, [-11, 20])),
  arg_max: argument("arg_max"),
  arg_min: argument("arg_min"),
  average_pool2d: pool("average_pool2d"),
  batch_matmul: batchMatmul,
  ...classicGraphs,
  clip: lookup("clip", ranges, int8Outputs),
  concatenation,
  conv2d,
  depthwise_conv2d: depthwiseConv2d,
  div: fc.oneof(
    divByConstant,
    elementwise("div", (a, b) => a / b, ratios(-6, 4, [-14, 20]), false),
  ),
  fully_connected: fullyConnected,
  hard_swish: lookup("hard_swish", none, int8Outputs),
  leaky_relu: lookup("leaky_relu", fc.record({ alpha: fc.oneof(fc.constant(0), power(-8, 0)) }), int8Outputs),
  log_softmax: logSoftmax,
  logistic: lookup("logistic", none, fc.constant(output(1 / 256, -128))),
  lookup: lookup("lookup", tables, int8Outputs),
  lstm,
  gru_sequence: gruSequence,
  lstm_sequence: lstmSequence,
  max_pool2d: pool("max_pool2d"),
  maximum: extremum("maximum"),
  mean,
  minimum: extremum("minimum"),
  mul: elementwise("mul", (a, b) => a * b, ratios(0, 8, [-14, 30])),
  pad,
  prelu,
  quantize: lookup("quantize", none, byteOutputs, bytes),
  reduce_max: reduction("reduce_max", alike),
  reduce_min: reduction("reduce_min", alike),
  reduce_sum: reduction("reduce_sum", scaled),
  relu: lookup("relu", fc.record({ activation: activations }), int8Outputs),
  reshape,
  resize_bilinear: resizeBilinear,
  resize_nearest: resizeNearest,
  softmax,
  strided_slice: stridedSlice,
  sub: elementwise("sub", Math.max, ratios(-2, 2, [-11, 20])),
  svdf,
  tanh: lookup("tanh", none, fc.constant(output(1 / 128, 0))),
  transpose,
  transpose_conv2d: transposeConv2d,
  unary_function: lookup("unary_function", unaryFunctions, int8Outputs),
  tree_ensemble: treeEnsemble,
  ...signalGraphs,
  ...motionGraphs,
};
