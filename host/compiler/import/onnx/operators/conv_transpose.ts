import { ModelError, type Tensor } from "../../../../ir/graph.ts";
import type { Context, Translation } from "../builder.ts";
import { movedConstant, readBias, readFilters } from "./conv.ts";
import { channelsFirst, channelsLast, readWindow, spatialSizes, type WindowOptions } from "./image.ts";

/** One number for rows and one for columns of an attribute that may be missing. */
function sizes(node: Context, name: string, rank: number): [number, number] | undefined {
  const list = node.attributes.ints(name);
  if (list.length === 0) return undefined;
  if (list.length < rank - 2 || !list.every((n) => Number.isSafeInteger(n) && n >= 0))
    throw new ModelError(`attribute ${name}: expected ${rank - 2} numbers from 0 on, found ${list}`);
  const spatial = list.slice(2 - rank);
  return rank === 3 ? [1, spatial[0]!] : [spatial[0]!, spatial[1]!];
}

/** The size of the output along one axis, and what is cut off in front of it. */
function extent(window: WindowOptions, axis: 0 | 1, input: number, extra: number, wanted?: number) {
  const { kernel, stride, dilation, same, padding } = window;
  const whole = stride[axis] * (input - 1) + extra + (kernel[axis] - 1) * dilation[axis] + 1;
  if (wanted === undefined && !same)
    return { size: whole - padding[axis]! - padding[axis + 2]!, before: padding[axis]! };
  const size = wanted ?? input * stride[axis];
  const cut = Math.max(whole - size, 0);
  return { size, before: same === "upper" ? Math.floor(cut / 2) : Math.ceil(cut / 2) };
}

function geometry(node: Context, input: Tensor, window: WindowOptions) {
  const rank = input.shape.length;
  const extra = sizes(node, "output_padding", rank) ?? [0, 0];
  if (rank === 3) extra[0] = 0;
  const wanted = sizes(node, "output_shape", rank);
  const [height, width] = spatialSizes(input);
  const rows = extent(window, 0, height, extra[0], wanted?.[0]);
  const columns = extent(window, 1, width, extra[1], wanted?.[1]);
  return {
    stride: window.stride,
    dilation: window.dilation,
    padding: [rows.before, columns.before, 0, 0],
    outputSize: [rows.size, columns.size],
    activation: "none",
  };
}

/** A part of the channels of an image [N, H, W, C], or of the filters [C, O, h, w]. */
function part(node: Context, tensor: Tensor, axis: number, first: number, count: number): Tensor {
  const begin = tensor.shape.map((_, i) => (i === axis ? first : 0));
  const end = tensor.shape.map((n, i) => (i === axis ? first + count : n));
  return node.add("strided_slice", [tensor], { begin, end, strides: tensor.shape.map(() => 1) });
}

/** Groups are convolutions of their own, side by side. */
export const convTranspose: Translation = {
  type: "ai.onnx.ConvTranspose",
  summary: "1-D and 2-D, groups, dilation, auto_pad, output_padding, output_shape; constant filters",
  translate(node) {
    const input = node.tensor(0);
    const window = readWindow(node, input, node.floats(1).shape);
    const filters = readFilters(node, input);
    const attributes = geometry(node, input, window);
    const groups = node.attributes.int("group", 1);
    const [channels, outputs] = filters.shape as [number, number];
    if (channels !== input.shape[1] || groups < 1 || channels % groups !== 0 || groups > 64)
      throw new ModelError(
        `expected filters for ${input.shape[1]} channels in 1 to 64 groups, found [${filters.shape}] in ${groups}`,
      );
    const image = channelsLast(node, input);
    const bias = readBias(node, outputs * groups);
    const weights = movedConstant(node, filters, [1, 2, 3, 0]);
    const depth = channels / groups;
    const parts = Array.from({ length: groups }, (_, group) => {
      const own = <T extends Tensor | undefined>(tensor: T, axis: number, count: number) =>
        tensor && groups > 1 ? part(node, tensor, axis, group * count, count) : tensor;
      return node.add(
        "transpose_conv2d",
        [own(image, 3, depth), own(weights, 3, depth), own(bias, 0, outputs)],
        attributes,
      );
    });
    const output = groups === 1 ? parts[0]! : node.add("concatenation", parts, { axis: 3 });
    return [channelsFirst(node, output, input.shape.length)];
  },
};
