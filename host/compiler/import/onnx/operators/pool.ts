import { ModelError, type Tensor } from "../../../../ir/graph.ts";
import type { Context, Translation } from "../builder.ts";
import {
  channelsFirst,
  channelsLast,
  readWindow,
  spatialSizes,
  type WindowOptions,
  windowPadding,
} from "./image.ts";

type Padding = [number, number, number, number];

/**
 * Padding to be added behind the image for windows that begin within it or its padding, and end beyond, to
 * count as well.
 */
function ceilPadding(
  window: WindowOptions,
  [height, width]: readonly [number, number],
  padding: Padding,
): Padding {
  const extra = [height, width].map((size, i) => {
    const [before, after] = [padding[i]!, padding[i + 2]!];
    const reach = (window.kernel[i]! - 1) * window.dilation[i]! + 1;
    const stride = window.stride[i]!;
    const steps = Math.ceil((size + before + after - reach) / stride);
    const count = steps * stride >= size + before ? steps - 1 : steps;
    return Math.max(0, count * stride + reach - (size + before + after));
  });
  return [padding[0], padding[1], padding[2] + extra[0]!, padding[3] + extra[1]!];
}

interface Pooling {
  readonly rank: number;
  readonly image: Tensor;
  readonly window: WindowOptions;
  /** As the file has it. */
  readonly padding: Padding;
  /** With what rounding up adds. */
  readonly whole: Padding;
}

function readPooling(node: Context): Pooling {
  const input = node.tensor(0);
  const window = readWindow(node, input);
  const sizes = spatialSizes(input);
  const padding = windowPadding(window, sizes);
  const isCeil = node.attributes.int("ceil_mode", 0) !== 0;
  return {
    rank: input.shape.length,
    image: channelsLast(node, input),
    window,
    padding,
    whole: isCeil && !window.same ? ceilPadding(window, sizes, padding) : padding,
  };
}

/** The images that lie under each tap of a dilated window. */
function taps(node: Context, { image, window, whole }: Pooling): Tensor[] {
  const { kernel, stride, dilation } = window;
  if (whole.some((n) => n !== 0)) throw new ModelError("dilations with padding are not supported");
  const [batches, height, width, channels] = image.shape as [number, number, number, number];
  const reach = kernel.map((n, i) => (n - 1) * dilation[i]!);
  if (kernel[0] * kernel[1] > MOST_TAPS)
    throw new ModelError(`expected a dilated window of at most ${MOST_TAPS} pixels, found ${kernel}`);
  return Array.from({ length: kernel[0] * kernel[1] }, (_, tap) => {
    const [y, x] = [Math.floor(tap / kernel[1]) * dilation[0], (tap % kernel[1]) * dilation[1]];
    return node.add("strided_slice", [image], {
      begin: [0, y, x, 0],
      end: [batches, height - reach[0]! + y, width - reach[1]! + x, channels],
      strides: [1, stride[0], stride[1], 1],
    });
  });
}

/** Each of them is an operator of its own. */
const MOST_TAPS = 64;

const isDilated = ({ window }: Pooling): boolean => window.dilation.some((n) => n !== 1);

function dilatedMean(node: Context, pooling: Pooling): Tensor {
  const images = taps(node, pooling);
  const sum = images.reduce((a, b) => node.add("add", [a, b], { activation: "none" }));
  const share = node.addConstant(node.nameOf("share"), [], [1 / images.length]);
  return node.add("mul", [sum, share], { activation: "none" });
}

export const maxPool: Translation = {
  type: "ai.onnx.MaxPool",
  summary: "1-D and 2-D, auto_pad, ceil_mode, dilation without padding; not the indices",
  translate(node) {
    const pooling = readPooling(node);
    node.attributes.ignore("storage_order");
    const { image, window, whole, rank } = pooling;
    const { kernel, stride } = window;
    const output = isDilated(pooling)
      ? taps(node, pooling).reduce((a, b) => node.add("maximum", [a, b], {}))
      : node.add("max_pool2d", [image], { kernel, stride, padding: whole, activation: "none" });
    return [channelsFirst(node, output, rank), undefined];
  },
};

/** Padding that counts is zeros of the image. What rounding up adds never counts. */
export const averagePool: Translation = {
  type: "ai.onnx.AveragePool",
  summary: "1-D and 2-D, auto_pad, ceil_mode, count_include_pad, dilation without padding",
  translate(node) {
    const pooling = readPooling(node);
    const { image, window, padding, whole, rank } = pooling;
    const { kernel, stride } = window;
    const counts = node.attributes.int("count_include_pad", 0) !== 0 && padding.some((n) => n > 0);
    if (isDilated(pooling)) return [channelsFirst(node, dilatedMean(node, pooling), rank)];
    const [top, left, bottom, right] = padding;
    const padded = counts
      ? node.add("pad", [image], { before: [0, top, left, 0], after: [0, bottom, right, 0], value: 0 })
      : image;
    const rest = counts ? whole.map((n, i) => n - padding[i]!) : whole;
    const output = node.add("average_pool2d", [padded], {
      kernel,
      stride,
      padding: rest,
      activation: "none",
    });
    return [channelsFirst(node, output, rank)];
  },
};

/** Over all pixels, of however many axes. */
const globalPool = (type: string, op: string, summary: string): Translation => ({
  type,
  summary,
  translate(node) {
    const input = node.tensor(0);
    if (input.shape.length < 3)
      throw new ModelError(`input ${input.name}: expected [N, C, ...], found [${input.shape}]`);
    const axes = input.shape.map((_, axis) => axis).slice(2);
    return [node.add(op, [input], { axes, keepDims: true })];
  },
});

export const globalAveragePool = globalPool("ai.onnx.GlobalAveragePool", "mean", "over all pixels");
export const globalMaxPool = globalPool("ai.onnx.GlobalMaxPool", "reduce_max", "over all pixels");
