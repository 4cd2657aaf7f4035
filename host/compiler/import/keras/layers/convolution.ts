import { ModelError, type Tensor } from "../../../../ir/graph.ts";
import { samePadding } from "../../importer.ts";
import type { Dataset } from "../hdf5.ts";
import {
  asRow,
  channelsOf,
  checkChannelsLast,
  checkRankOf,
  checkShape,
  fromRow,
  type LayerView,
  type Translate,
} from "../layer.ts";
import { activate } from "./activation.ts";
import { biasOf } from "./dense.ts";

type Pair = readonly [number, number];

/** Sizes along height and width; those of a signal have a height of 1. */
function pair(layer: LayerView, key: string, axes: 1 | 2, fallback?: number): Pair {
  const list = layer.options.ints(key, axes, fallback);
  if (list.some((n) => n < 1)) throw new ModelError(`${key}: expected positive numbers, found ${list}`);
  return axes === 1 ? [1, list[0]!] : [list[0]!, list[1]!];
}

/** Padding in front and behind along one axis. */
function axisPadding(mode: string, size: number, kernel: number, stride: number, dilation: number): Pair {
  if (mode === "valid") return [0, 0];
  if (mode === "causal") return [(kernel - 1) * dilation, 0];
  return samePadding(size, kernel, stride, dilation);
}

/** Stride and padding (top, left, bottom, right) of windows over an image. */
export function windowOf(layer: LayerView, image: Tensor, kernel: Pair, stride: Pair, dilation: Pair) {
  checkRankOf(image, 4);
  const mode = layer.options.text("padding", "valid");
  if (!["valid", "same", "causal"].includes(mode))
    throw new ModelError(`padding: expected valid, same or causal, found ${mode}`);
  const [top, bottom] = axisPadding(mode, image.shape[1]!, kernel[0], stride[0], dilation[0]);
  const [left, right] = axisPadding(mode, image.shape[2]!, kernel[1], stride[1], dilation[1]);
  return { stride, padding: [top, left, bottom, right] };
}

/** Runs a convolution and its activation; one of one dimension on a view of its input as an image of one row. */
function onImage(layer: LayerView, axes: 1 | 2, convolve: (image: Tensor) => Tensor): Tensor {
  checkChannelsLast(layer.options);
  const run = (image: Tensor): Tensor => activate(layer, convolve(image), layer.options.raw("activation"));
  return axes === 2 ? run(layer.input) : fromRow(layer, run(asRow(layer, layer.input)));
}

/** Filters as Keras has them, [...kernel, rows, columns], with the last two axes' `rows` x `columns` known. */
function checkFilters(
  filters: Dataset,
  axes: 1 | 2,
  kernel: Pair,
  rows: number,
  columns: number,
  role: string,
) {
  checkShape(filters, [...(axes === 1 ? [kernel[1]] : kernel), rows, columns], role);
}

/** [pixel, inner, outer] to [outer, pixel, inner]. */
function outerFirst(values: Float32Array, inner: number, outer: number): Float32Array {
  const pixels = values.length / (inner * outer);
  return Float32Array.from(values, (_, i) => {
    const [o, rest] = [Math.floor(i / (pixels * inner)), i % (pixels * inner)];
    return values[rest * outer + o]!;
  });
}

/** Weights: kernel [...window, channels / groups, filters], bias [filters]. */
const convolution =
  (axes: 1 | 2): Translate =>
  (layer) => {
    const { options } = layer;
    const [kernel, stride] = [pair(layer, "kernel_size", axes), pair(layer, "strides", axes, 1)];
    const dilation = pair(layer, "dilation_rate", axes, 1);
    const [filters, groups] = [options.int("filters"), options.int("groups", 1)];
    const [weights, bias] = layer.takeWeights(options.boolean("use_bias", true) ? 2 : 1);
    const depth = channelsOf(layer.input) / groups;
    checkFilters(weights!, axes, kernel, depth, filters, "kernel");
    return onImage(layer, axes, (image) => {
      const ohwi = layer.constant(
        "kernel",
        [filters, ...kernel, depth],
        outerFirst(weights!.data, depth, filters),
      );
      return layer.add("conv2d", [image, ohwi, biasOf(layer, bias, filters)], {
        ...windowOf(layer, image, kernel, stride, dilation),
        dilation,
        groups,
        activation: "none",
      });
    });
  };

function depthwiseOn(
  layer: LayerView,
  axes: 1 | 2,
  image: Tensor,
  filters: Dataset,
  bias: Tensor | undefined,
): Tensor {
  const [kernel, stride] = [pair(layer, "kernel_size", axes), pair(layer, "strides", axes, 1)];
  const dilation = pair(layer, "dilation_rate", axes, 1);
  const depthMultiplier = layer.options.int("depth_multiplier", 1);
  const channels = channelsOf(image);
  checkFilters(filters, axes, kernel, channels, depthMultiplier, "depthwise kernel");
  const weights = layer.constant(
    "depthwise_kernel",
    [1, ...kernel, channels * depthMultiplier],
    filters.data,
  );
  return layer.add("depthwise_conv2d", [image, weights, bias], {
    ...windowOf(layer, image, kernel, stride, dilation),
    dilation,
    depthMultiplier,
    activation: "none",
  });
}

/** Weights: kernel [...window, channels, multiplier], bias [channels * multiplier]. */
const depthwise =
  (axes: 1 | 2): Translate =>
  (layer) => {
    const [filters, bias] = layer.takeWeights(layer.options.boolean("use_bias", true) ? 2 : 1);
    const outputs = channelsOf(layer.input) * layer.options.int("depth_multiplier", 1);
    return onImage(layer, axes, (image) =>
      depthwiseOn(layer, axes, image, filters!, biasOf(layer, bias, outputs)),
    );
  };

/** Weights: depthwise kernel, pointwise kernel [...1, channels * multiplier, filters], bias [filters]. */
const separable =
  (axes: 1 | 2): Translate =>
  (layer) => {
    const { options } = layer;
    const [filters, pointwise, bias] = layer.takeWeights(options.boolean("use_bias", true) ? 3 : 2);
    const outputs = options.int("filters");
    const depth = channelsOf(layer.input) * options.int("depth_multiplier", 1);
    checkFilters(pointwise!, axes, [1, 1], depth, outputs, "pointwise kernel");
    return onImage(layer, axes, (image) => {
      const spread = depthwiseOn(layer, axes, image, filters!, undefined);
      const weights = layer.constant(
        "pointwise_kernel",
        [outputs, 1, 1, depth],
        outerFirst(pointwise!.data, depth, outputs),
      );
      return layer.add("conv2d", [spread, weights, biasOf(layer, bias, outputs)], {
        stride: [1, 1],
        padding: [0, 0, 0, 0],
        dilation: [1, 1],
        groups: 1,
        activation: "none",
      });
    });
  };

/** Output size of a transposed convolution along one axis, and what is cut off in front and behind. */
function transposedAxis(mode: string, size: number, kernel: number, stride: number, dilation: number) {
  const reach = (kernel - 1) * dilation + 1;
  const output = mode === "same" ? size * stride : size * stride + Math.max(reach - stride, 0);
  const cut = Math.max((size - 1) * stride + reach - output, 0);
  return { output, before: Math.floor(cut / 2), after: cut - Math.floor(cut / 2) };
}

/** Weights: kernel [...window, filters, channels], bias [filters]. */
const transposedConvolution =
  (axes: 1 | 2): Translate =>
  (layer) => {
    const { options } = layer;
    const [kernel, stride] = [pair(layer, "kernel_size", axes), pair(layer, "strides", axes, 1)];
    const dilation = pair(layer, "dilation_rate", axes, 1);
    const [filters, channels] = [options.int("filters"), channelsOf(layer.input)];
    const [weights, bias] = layer.takeWeights(options.boolean("use_bias", true) ? 2 : 1);
    checkFilters(weights!, axes, kernel, filters, channels, "kernel");
    if (options.raw("output_padding") !== undefined) throw new ModelError("output_padding is not supported");
    const mode = options.text("padding", "valid");
    if (mode !== "valid" && mode !== "same")
      throw new ModelError(`padding: expected valid or same, found ${mode}`);
    return onImage(layer, axes, (image) => {
      checkRankOf(image, 4);
      const [rows, columns] = [0, 1].map((i) =>
        transposedAxis(mode, image.shape[i + 1]!, kernel[i]!, stride[i]!, dilation[i]!),
      ) as [ReturnType<typeof transposedAxis>, ReturnType<typeof transposedAxis>];
      const ohwi = layer.constant(
        "kernel",
        [filters, ...kernel, channels],
        filtersFirst(weights!.data, filters, channels),
      );
      return layer.add("transpose_conv2d", [image, ohwi, biasOf(layer, bias, filters)], {
        stride,
        padding: [rows.before, columns.before, rows.after, columns.after],
        dilation,
        outputSize: [rows.output, columns.output],
        activation: "none",
      });
    });
  };

/** [pixel, filter, channel] to [filter, pixel, channel]. */
function filtersFirst(values: Float32Array, filters: number, channels: number): Float32Array {
  const pixels = values.length / (filters * channels);
  return Float32Array.from(values, (_, i) => {
    const [filter, rest] = [Math.floor(i / (pixels * channels)), i % (pixels * channels)];
    const [pixel, channel] = [Math.floor(rest / channels), rest % channels];
    return values[(pixel * filters + filter) * channels + channel]!;
  });
}

export const CONVOLUTIONS: ReadonlyMap<string, Translate> = new Map<string, Translate>([
  ["Conv1D", convolution(1)],
  ["Conv1DTranspose", transposedConvolution(1)],
  ["Conv2D", convolution(2)],
  ["Conv2DTranspose", transposedConvolution(2)],
  ["DepthwiseConv1D", depthwise(1)],
  ["DepthwiseConv2D", depthwise(2)],
  ["SeparableConv1D", separable(1)],
  ["SeparableConv2D", separable(2)],
]);
