import { type Attributes, ModelError, type Tensor } from "../../../ir/graph.ts";
import { POSITION_UNIT } from "../../../ops/resize_bilinear.ts";
import { samePadding } from "../importer.ts";
import {
  batchToSpace,
  depthToSpace,
  pack,
  slice,
  spaceToBatch,
  spaceToDepth,
  split,
  splitV,
  stridedSlice,
  tile,
  unpack,
} from "./movement.ts";
import { lstm, svdf } from "./recurrent.ts";
import { integersOr, signalTranslations } from "./signal.ts";
import {
  activation,
  constantAxis,
  constantInts,
  imageSize,
  input,
  type Source,
  type Translate,
} from "./source.ts";

/** Padding, stride and dilation; `first` options are padding, stride_w and stride_h in every schema table. */
function windowAttributes(
  source: Source,
  kernel: readonly [number, number],
  dilation: readonly [number, number],
) {
  const [height, width] = imageSize(input(source, 0));
  const stride: [number, number] = [source.options.int(2), source.options.int(1)];
  if (stride.some((n) => n < 1) || dilation.some((n) => n < 1) || kernel.some((n) => n < 1)) {
    throw new ModelError(
      `expected positive sizes, found kernel ${kernel}, stride ${stride}, dilation ${dilation}`,
    );
  }
  const mode = source.options.byte(0);
  if (mode !== 0 && mode !== 1) throw new ModelError(`padding ${mode}: expected SAME (0) or VALID (1)`);
  const [top, bottom] = mode === 0 ? samePadding(height, kernel[0], stride[0], dilation[0]) : [0, 0];
  const [left, right] = mode === 0 ? samePadding(width, kernel[1], stride[1], dilation[1]) : [0, 0];
  return { stride, padding: [top, left, bottom, right] };
}

const conv2d: Translate = (source) => {
  const weights = input(source, 1);
  const dilation: [number, number] = [source.options.int(5, 1), source.options.int(4, 1)];
  const depth = weights.shape[3] ?? 0;
  const channels = input(source, 0).shape[3] ?? 0;
  if (depth < 1 || channels % depth !== 0) {
    throw new ModelError(`filters of ${depth} channels do not divide ${channels} input channels`);
  }
  return {
    op: "conv2d",
    attributes: {
      ...windowAttributes(source, imageSize(weights), dilation),
      dilation,
      groups: channels / depth,
      activation: activation(source.options, 3),
    },
  };
};

const depthwiseConv2d: Translate = (source) => {
  const weights = input(source, 1);
  const dilation: [number, number] = [source.options.int(6, 1), source.options.int(5, 1)];
  const channels = input(source, 0).shape[3] ?? 0;
  return {
    op: "depthwise_conv2d",
    attributes: {
      ...windowAttributes(source, imageSize(weights), dilation),
      dilation,
      // The option is redundant and some converters leave it 0: the filter's shape decides.
      depthMultiplier: Math.floor((weights.shape[3] ?? 0) / channels),
      activation: activation(source.options, 4),
    },
  };
};

const pool =
  (op: string): Translate =>
  (source) => {
    const kernel: [number, number] = [source.options.int(4), source.options.int(3)];
    return {
      op,
      attributes: {
        ...windowAttributes(source, kernel, [1, 1]),
        kernel,
        activation: activation(source.options, 5),
      },
    };
  };

const fullyConnected: Translate = (source) => {
  const format = source.options.byte(1);
  if (format !== 0) throw new ModelError(`weights format ${format}: expected DEFAULT (0)`);
  return {
    op: "fully_connected",
    attributes: { keepDims: source.options.byte(2) !== 0, activation: activation(source.options, 0) },
  };
};

const elementwise =
  (op: string): Translate =>
  (source) => ({ op, attributes: { activation: activation(source.options, 0) } });

const unary =
  (op: string, attributes: Attributes = {}): Translate =>
  () => ({ op, attributes });

const pad: Translate = (source) => {
  const pairs = constantInts(source, 1);
  const fill = source.inputs[2];
  if (fill && !fill.data) throw new ModelError(`padding value ${fill.name}: expected a constant`);
  const q = fill?.quantization;
  const raw = fill?.data?.[0] ?? 0;
  return {
    op: "pad",
    inputs: [0],
    attributes: {
      before: pairs.filter((_, i) => i % 2 === 0),
      after: pairs.filter((_, i) => i % 2 === 1),
      value: q ? (raw - q.zeroPoints[0]!) * q.scales[0]! : raw,
    },
  };
};

const reduction =
  (op: string): Translate =>
  (source) => {
    const rank = input(source, 0).shape.length;
    const axes = constantInts(source, 1).map((axis) => (axis < 0 ? axis + rank : axis));
    return {
      op,
      inputs: [0],
      attributes: { axes: [...new Set(axes)].sort((a, b) => a - b), keepDims: source.options.byte(0) !== 0 },
    };
  };

/** For operators that compare quantised values as they are; TensorFlow Lite Micro asks for the same. */
function requireOneQuantization({ inputs, outputs }: Source): void {
  const [first, ...rest] = [...outputs, ...inputs.filter((tensor) => tensor && tensor.dtype !== "int32")];
  const different = rest.find(
    (tensor) => JSON.stringify(tensor?.quantization) !== JSON.stringify(first?.quantization),
  );
  if (different)
    throw new ModelError(`input ${different.name}: expected the quantisation of output ${first?.name}`);
}

const comparing =
  (translate: Translate): Translate =>
  (source) => {
    requireOneQuantization(source);
    return translate(source);
  };

const argument =
  (op: string): Translate =>
  (source) => ({
    op,
    inputs: [0],
    attributes: { axis: constantAxis(source, 1, input(source, 0).shape.length), keepDims: false },
  });

const unaryFunction = (name: string, alpha = 0): Translate =>
  unary("unary_function", { function: name, alpha, beta: 0 });

/** The axis of the file's input that each axis of the output is. */
const transpose: Translate = (source) => ({
  op: "transpose",
  inputs: [0],
  attributes: { permutation: constantInts(source, 1) },
});

/** Inputs: the output's shape, filters, image, bias. */
const transposeConv: Translate = (source) => {
  const kernel = imageSize(input(source, 1));
  const outputSize = imageSize(source.outputs[0]!);
  const stride = [source.options.int(2), source.options.int(1)] as const;
  const mode = source.options.byte(0);
  if (mode !== 0 && mode !== 1) throw new ModelError(`padding ${mode}: expected SAME (0) or VALID (1)`);
  const padding = ([0, 1] as const).map((axis) =>
    mode === 0 ? samePadding(outputSize[axis], kernel[axis], stride[axis], 1) : [0, 0],
  );
  return {
    op: "transpose_conv2d",
    inputs: source.inputs[3] ? [2, 1, 3] : [2, 1],
    attributes: {
      stride,
      padding: [padding[0]![0]!, padding[1]![0]!, padding[0]![1]!, padding[1]![1]!],
      dilation: [1, 1],
      outputSize,
      activation: activation(source.options, 3),
    },
  };
};

/** Which position of the input each of `count` is nearest to (TensorFlow Lite, GetNearestNeighbor, in float32). */
function nearest(size: number, count: number, alignCorners: boolean, halfPixel: boolean): number[] {
  const aligned = alignCorners && count > 1;
  const scale = Math.fround((aligned ? size - 1 : size) / (aligned ? count - 1 : count));
  const offset = halfPixel ? 0.5 : 0;
  return Array.from({ length: count }, (_, i) => {
    const real = Math.fround(Math.fround(i + offset) * scale);
    const position = alignCorners ? Math.round(real) : Math.floor(real);
    return Math.max(0, Math.min(position, size - 1));
  });
}

/**
 * Where each of `count` lies in the input, in the operator's unit: of integers in steps of 1/1024 as TensorFlow Lite Micro's
 * ResizeBilinearInteger has them, else in float.
 */
function between(
  size: number,
  count: number,
  flags: readonly [boolean, boolean],
  isFloat: boolean,
): number[] {
  const [alignCorners, halfPixel] = flags;
  const aligned = alignCorners && count > 1;
  const [from, to] = aligned ? [size - 1, count - 1] : [size, count];
  const steps = isFloat ? (1024 * from) / to : Math.floor((1024 * from + Math.floor(to / 2)) / to);
  const offset = halfPixel ? (isFloat ? steps / 2 : Math.floor(steps / 2)) - 512 : 0;
  return Array.from({ length: count }, (_, i) => {
    const place = Math.min(Math.max(i * steps + offset, 0), (size - 1) * 1024);
    return Math.round(place * (POSITION_UNIT / 1024));
  });
}

const resizeBilinear: Translate = (source) => {
  const [height, width] = imageSize(input(source, 0));
  const [rows, columns] = imageSize(source.outputs[0]!);
  // Before these the options have a size that is no longer used.
  const flags = [source.options.byte(2) !== 0, source.options.byte(3) !== 0] as const;
  const isFloat = input(source, 0).dtype === "float32";
  return {
    op: "resize_bilinear",
    inputs: [0],
    attributes: {
      rows: between(height, rows, flags, isFloat),
      columns: between(width, columns, flags, isFloat),
    },
  };
};

const resizeNearest: Translate = (source) => {
  const [height, width] = imageSize(input(source, 0));
  // The second input says so too; the output's size is known to be within bounds.
  const [rows, columns] = imageSize(source.outputs[0]!);
  const flags = [source.options.byte(0) !== 0, source.options.byte(1) !== 0] as const;
  return {
    op: "resize_nearest",
    inputs: [0],
    attributes: {
      rows: nearest(height, rows, ...flags),
      columns: nearest(width, columns, ...flags),
    },
  };
};

const concatenation: Translate = (source) => {
  const axis = source.options.int(0);
  if (activation(source.options, 1) !== "none") throw new ModelError("fused activation: expected NONE");
  return {
    op: "concatenation",
    attributes: { axis: axis < 0 ? axis + input(source, 0).shape.length : axis },
  };
};

const reshape: Translate = (source) => ({
  op: "reshape",
  inputs: [0],
  attributes: { shape: source.outputs[0]!.shape },
});

const div: Translate = (source) => {
  if (activation(source.options, 0) !== "none") throw new ModelError("fused activation: expected NONE");
  return { op: "div", attributes: {} };
};

/** For floats only: integers would be rounded once, a difference and a square are rounded twice. */
const squaredDifference: Translate = (source) => {
  const [output] = source.outputs as [Tensor];
  if (output.dtype !== "float32") throw new ModelError(`expected floats, found ${output.dtype}`);
  const difference = source.between(output, output.shape);
  return [
    {
      op: "sub",
      attributes: { activation: "none" },
      inputs: [input(source, 0), input(source, 1)],
      output: difference,
    },
    {
      op: "unary_function",
      attributes: { function: "square", alpha: 0, beta: 0 },
      inputs: [difference],
      output,
    },
  ];
};

const batchMatmul: Translate = (source) => ({
  op: "batch_matmul",
  attributes: { transposeA: source.options.byte(0) !== 0, transposeB: source.options.byte(1) !== 0 },
});

/** By the name of the schema's BuiltinOperator. */
export const translations: ReadonlyMap<string, Translate> = new Map<string, Translate>([
  ["ABS", unaryFunction("abs")],
  ["ADD", integersOr("add", elementwise("add"), "refused")],
  ["ARG_MAX", argument("arg_max")],
  ["ARG_MIN", argument("arg_min")],
  ["AVERAGE_POOL_2D", pool("average_pool2d")],
  ["BATCH_MATMUL", batchMatmul],
  ["BATCH_TO_SPACE_ND", batchToSpace],
  ["CEIL", unaryFunction("ceil")],
  ["CONCATENATION", concatenation],
  ["CONV_2D", conv2d],
  ["COS", unaryFunction("cos")],
  ["DEPTHWISE_CONV_2D", depthwiseConv2d],
  ["DEPTH_TO_SPACE", depthToSpace],
  ["DEQUANTIZE", unary("dequantize")],
  ["DIV", integersOr("div", div, "clamps")],
  ["ELU", unaryFunction("elu", 1)],
  ["EXP", unaryFunction("exp")],
  ["EXPAND_DIMS", reshape],
  ["FLOOR", unaryFunction("floor")],
  ["FULLY_CONNECTED", fullyConnected],
  ["GELU", (source) => unaryFunction("gelu", source.options.byte(0) !== 0 ? 1 : 0)(source)],
  ["HARD_SWISH", unary("hard_swish")],
  ["LEAKY_RELU", (source) => ({ op: "leaky_relu", attributes: { alpha: source.options.float(0) } })],
  ["LOG", unaryFunction("log")],
  ["LOGISTIC", unary("logistic")],
  ["LOG_SOFTMAX", unary("log_softmax")],
  ["MAXIMUM", integersOr("maximum", comparing(unary("maximum")))],
  ["MAX_POOL_2D", pool("max_pool2d")],
  ["MEAN", reduction("mean")],
  ["MINIMUM", integersOr("minimum", comparing(unary("minimum")))],
  ["MUL", integersOr("mul", elementwise("mul"), "clamps")],
  ["NEG", unaryFunction("neg")],
  ["PACK", pack],
  ["PAD", pad],
  ["PADV2", pad],
  ["PRELU", unary("prelu")],
  ["QUANTIZE", unary("quantize")],
  ["REDUCE_MAX", comparing(reduction("reduce_max"))],
  ["REDUCE_MIN", comparing(reduction("reduce_min"))],
  ["RELU", unary("relu", { activation: "relu" })],
  ["RELU6", unary("relu", { activation: "relu6" })],
  ["RELU_0_TO_1", unary("clip", { min: 0, max: 1 })],
  ["RELU_N1_TO_1", unary("relu", { activation: "relu_n1_to_1" })],
  ["RESHAPE", reshape],
  ["RESIZE_BILINEAR", resizeBilinear],
  ["RESIZE_NEAREST_NEIGHBOR", resizeNearest],
  ["ROUND", unaryFunction("round")],
  ["RSQRT", unaryFunction("rsqrt")],
  ["SIGN", unaryFunction("sign")],
  ["SIN", unaryFunction("sin")],
  ["SLICE", slice],
  ["SOFTMAX", (source) => ({ op: "softmax", attributes: { beta: source.options.float(0) } })],
  ["SPACE_TO_BATCH_ND", spaceToBatch],
  ["SPACE_TO_DEPTH", spaceToDepth],
  ["SPLIT", split],
  ["SPLIT_V", splitV],
  ["SQRT", unaryFunction("sqrt")],
  ["SQUARED_DIFFERENCE", squaredDifference],
  ["SQUARE", unaryFunction("square")],
  ["SQUEEZE", reshape],
  ["STRIDED_SLICE", stridedSlice],
  ["SUB", integersOr("sub", elementwise("sub"), "clamps")],
  ["SUM", reduction("reduce_sum")],
  ["SVDF", svdf],
  ["TANH", unary("tanh")],
  ["TILE", tile],
  ["TRANSPOSE", transpose],
  ["TRANSPOSE_CONV", transposeConv],
  ["UNIDIRECTIONAL_SEQUENCE_LSTM", lstm],
  ["UNPACK", unpack],
  ...signalTranslations,
]);
