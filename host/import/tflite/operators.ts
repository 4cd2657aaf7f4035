import { type Attributes, ModelError, type Tensor } from "../../ir/graph.ts";
import type { Activation } from "../../ops/activation.ts";
import { samePadding } from "../importer.ts";
import type { Options } from "./schema.ts";

/** What a TFLite operator becomes: an operator of ours, its attributes, and the inputs it keeps. */
export interface Translation {
  readonly op: string;
  readonly attributes: Attributes;
  /** Positions of the inputs that stay inputs; by default all. */
  readonly inputs?: readonly number[];
}

/** The operator's own view of the file. */
export interface Source {
  readonly inputs: readonly (Tensor | undefined)[];
  readonly outputs: readonly Tensor[];
  readonly options: Options;
}

type Translate = (source: Source) => Translation;

const ACTIVATIONS: readonly (Activation | undefined)[] = ["none", "relu", "relu_n1_to_1", "relu6"];

function activation(options: Options, id: number): Activation {
  const code = options.byte(id);
  const name = ACTIVATIONS[code];
  if (!name) throw new ModelError(`fused activation ${code}: expected NONE, RELU, RELU_N1_TO_1 or RELU6`);
  return name;
}

function input(source: Source, i: number): Tensor {
  const tensor = source.inputs[i];
  if (!tensor) throw new ModelError(`input ${i} is missing`);
  return tensor;
}

/** The numbers of a constant int32 input, such as axes or paddings. */
function constantInts(source: Source, i: number): number[] {
  const tensor = input(source, i);
  if (!(tensor.data instanceof Int32Array))
    throw new ModelError(`input ${tensor.name}: expected a constant of int32`);
  return [...tensor.data];
}

function imageSize(tensor: Tensor): [number, number] {
  const [, height, width] = tensor.shape;
  if (tensor.shape.length !== 4)
    throw new ModelError(`input ${tensor.name}: expected rank 4, found [${tensor.shape}]`);
  return [height!, width!];
}

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

const mean: Translate = (source) => {
  const rank = input(source, 0).shape.length;
  const axes = constantInts(source, 1).map((axis) => (axis < 0 ? axis + rank : axis));
  return {
    op: "mean",
    inputs: [0],
    attributes: { axes: [...new Set(axes)].sort((a, b) => a - b), keepDims: source.options.byte(0) !== 0 },
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

/** By the name of the schema's BuiltinOperator. */
export const translations: ReadonlyMap<string, Translate> = new Map<string, Translate>([
  ["ADD", elementwise("add")],
  ["AVERAGE_POOL_2D", pool("average_pool2d")],
  ["CONCATENATION", concatenation],
  ["CONV_2D", conv2d],
  ["DEPTHWISE_CONV_2D", depthwiseConv2d],
  ["DEQUANTIZE", unary("dequantize")],
  ["EXPAND_DIMS", reshape],
  ["FULLY_CONNECTED", fullyConnected],
  ["HARD_SWISH", unary("hard_swish")],
  ["LEAKY_RELU", (source) => ({ op: "leaky_relu", attributes: { alpha: source.options.float(0) } })],
  ["LOGISTIC", unary("logistic")],
  ["MAX_POOL_2D", pool("max_pool2d")],
  ["MEAN", mean],
  ["MUL", elementwise("mul")],
  ["PAD", pad],
  ["PADV2", pad],
  ["QUANTIZE", unary("quantize")],
  ["RELU", unary("relu", { activation: "relu" })],
  ["RELU6", unary("relu", { activation: "relu6" })],
  ["RELU_N1_TO_1", unary("relu", { activation: "relu_n1_to_1" })],
  ["RESHAPE", reshape],
  ["SOFTMAX", (source) => ({ op: "softmax", attributes: { beta: source.options.float(0) } })],
  ["SQUEEZE", reshape],
  ["SUB", elementwise("sub")],
  ["TANH", unary("tanh")],
]);
