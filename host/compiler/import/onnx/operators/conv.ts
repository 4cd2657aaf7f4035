import { permute, permuteData } from "../../../../ir/axes.ts";
import { ModelError, type Tensor } from "../../../../ir/graph.ts";
import type { Context, Translation } from "../builder.ts";
import type { Constant } from "../constant.ts";
import { channelsFirst, channelsLast, readWindow, spatialSizes, windowPadding } from "./image.ts";

/** Filters of four axes: those of a 1-D convolution have one row. */
export function readFilters(node: Context, input: Tensor): Constant {
  const constant = node.floats(1);
  const { name, shape } = constant;
  if (shape.length !== input.shape.length)
    throw new ModelError(`input ${name}: expected filters of rank ${input.shape.length}, found [${shape}]`);
  return shape.length === 3 ? { ...constant, shape: [shape[0]!, shape[1]!, 1, shape[2]!] } : constant;
}

/** A constant with its axes in another order; its scales follow theirs. */
export function movedConstant(node: Context, constant: Constant, permutation: readonly number[]): Tensor {
  const { name, shape, numbers, quantization } = constant;
  const moved = quantization && { ...quantization, axis: permutation.indexOf(quantization.axis) };
  return node.addConstant(name, permute(shape, permutation), permuteData(numbers, shape, permutation), moved);
}

export function readBias(node: Context, outputs: number): Tensor | undefined {
  if (!node.has(2)) return undefined;
  const { name, shape, numbers } = node.floats(2);
  if (numbers.length !== outputs)
    throw new ModelError(`input ${name}: expected a bias of ${outputs} values, found [${shape}]`);
  return node.addConstant(name, [outputs], numbers);
}

/** A convolution with one filter, or several, for each channel alone has an operator of its own. */
export const conv: Translation = {
  type: "ai.onnx.Conv",
  summary: "1-D and 2-D, groups, dilation, auto_pad; constant filters",
  translate(node) {
    const input = node.tensor(0);
    const window = readWindow(node, input, node.floats(1).shape);
    const filters = readFilters(node, input);
    const { stride, dilation } = window;
    const padding = windowPadding(window, spatialSizes(input));
    const groups = node.attributes.int("group", 1);
    const [outputs, depth] = filters.shape as [number, number];
    const isDepthwise = depth === 1 && groups > 1 && groups === input.shape[1];
    const weights = movedConstant(node, filters, isDepthwise ? [1, 2, 3, 0] : [0, 2, 3, 1]);
    const kind = isDepthwise ? { depthMultiplier: outputs / groups } : { groups };
    const image = node.add(
      isDepthwise ? "depthwise_conv2d" : "conv2d",
      [channelsLast(node, input), weights, readBias(node, outputs)],
      { stride, dilation, padding, ...kind, activation: "none" },
    );
    return [channelsFirst(node, image, input.shape.length)];
  },
};
