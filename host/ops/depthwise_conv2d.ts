import { allocate, elements, ModelError, perTensor, type Tensor } from "../ir/graph.ts";
import { ACTIVATIONS, activationRange, clampTo } from "./activation.ts";
import { checkBias } from "./channel_scale.ts";
import { convolutionArguments, convolutionChannels } from "./convolution.ts";
import { fitsLanes } from "./lanes.ts";
import { byChannel } from "./layout.ts";
import { defineOperator } from "./operator.ts";
import { channelwiseMatrix } from "./traits.ts";
import { isWide, sumRescaler, wideSumArguments } from "./wide_sum.ts";
import { eachOutput, eachTap, type Window, type WindowAttributes, window, windowOutput } from "./window.ts";

const geometry = (node: string, input: Tensor, weights: Tensor, attributes: WindowAttributes) =>
  window(node, input, [weights.shape[1] ?? 0, weights.shape[2] ?? 0], attributes);

/** A chip has less; what is larger has steps far beyond its image. */
const MOST_PLANE_BYTES = 2 ** 22;

/** Bytes of one channel's padded image, as far as windows reach. */
function planeBytes(node: string, w: Window): number {
  const height = (w.outputHeight - 1) * w.strideHeight + (w.kernelHeight - 1) * w.dilationHeight + 1;
  const width = (w.outputWidth - 1) * w.strideWidth + (w.kernelWidth - 1) * w.dilationWidth + 1;
  if (height * width > MOST_PLANE_BYTES) {
    throw new ModelError(
      `node ${node}: expected windows over at most ${MOST_PLANE_BYTES} padded pixels, found ${height}x${width}`,
    );
  }
  return height * width;
}

/** The window that the faster kernel is unrolled for. */
const isThreeByThree = (w: Window): boolean =>
  w.kernelHeight === 3 && w.kernelWidth === 3 && w.dilationHeight === 1 && w.dilationWidth === 1;

/** Inputs: image [N, H, W, C], filters [1, kernel height, kernel width, C * multiplier], bias or none. */
export const depthwiseConv2d = defineOperator({
  name: "depthwise_conv2d",
  summary: "2-D depthwise convolution with depth multiplier, dilation, fused activation",
  arity: [2, 3],
  attributes: {
    stride: "ints",
    dilation: "ints",
    padding: "ints",
    depthMultiplier: "int",
    activation: ACTIVATIONS,
  },
  quantization: { output: { kind: "range" }, weights: { input: 1, axis: 3 }, bias: 2 },
  window: "padded",
  matrix: ({ attributes, inputs }) => channelwiseMatrix(inputs[1]!.shape, attributes.depthMultiplier),
  types: ["int8", "int16"],

  infer({ name, attributes, inputs }) {
    const [input, weights, bias] = inputs as [Tensor, Tensor, Tensor | undefined];
    const channels = input.shape[3]! * attributes.depthMultiplier;
    if (weights.shape.length !== 4 || weights.shape[0] !== 1 || weights.shape[3] !== channels) {
      throw new ModelError(
        `node ${name}: expected filters [1, h, w, ${channels}] (input channels times depth multiplier), found [${weights.shape}]`,
      );
    }
    checkBias(name, bias, channels);
    return [windowOutput(geometry(name, input, weights, attributes), channels)];
  },

  evaluate({ name, attributes, inputs, outputs }, values) {
    const [input, weights] = inputs as [Tensor, Tensor];
    const output = outputs[0]!;
    const w = geometry(name, input, weights, attributes);
    const [x, filters, bias] = [values[0]!, values[1]!, values[2]];
    const channels = output.shape[3]!;
    const quantized = output.dtype !== "float32";
    const zeroPoint = quantized ? perTensor(input).zeroPoint : 0;
    const rescale = quantized && sumRescaler({ input, weights, output }, false);
    const range = activationRange(attributes.activation, output);
    const result = allocate(output.dtype, elements(output.shape));
    let next = 0;
    eachOutput(w, (batch, y, column) => {
      for (let channel = 0; channel < channels; channel++) {
        const inputChannel = Math.floor(channel / attributes.depthMultiplier);
        let sum = bias?.[channel] ?? 0;
        eachTap(w, batch, y, column, (pixel, tap) => {
          sum += (x[pixel + inputChannel]! - zeroPoint) * filters[tap * channels + channel]!;
        });
        result[next++] = clampTo(rescale ? rescale(sum, channel) : sum, range);
      }
    });
    return [result];
  },

  lower({ name, attributes, inputs, outputs }, to) {
    const [input, weights, bias] = inputs as [Tensor, Tensor, Tensor | undefined];
    const output = outputs[0]!;
    const w = geometry(name, input, weights, attributes);
    const tensors = { input, weights, bias, output };
    const range = activationRange(attributes.activation, output);
    if (isWide(output)) {
      to.call("depthwise_conv2d_s16", {
        ...w,
        ...wideSumArguments(tensors, output.shape[3]!, false, to),
        input,
        output,
        weights,
        depthMultiplier: attributes.depthMultiplier,
        activationMin: range.min,
        activationMax: range.max,
      });
      return;
    }
    const channels = convolutionChannels(tensors, byChannel(weights.data!, output.shape[3]!), range);
    const sameShape = attributes.depthMultiplier === 1 && output.shape.join() === input.shape.join();
    if (sameShape) to.overwrite(output, input);
    const isFast = to.choice.kernel === "fast" && isThreeByThree(w);
    const lanes = isFast && fitsLanes(channels, perTensor(output).zeroPoint, range);
    to.call(lanes ? "depthwise_conv2d_lanes_s8" : "depthwise_conv2d_s8", {
      ...w,
      weights: to.constant("weights", channels.rows),
      ...convolutionArguments(tensors, channels, range, to),
      scratch: to.scratch(planeBytes(name, w)),
      depthMultiplier: attributes.depthMultiplier,
    });
  },

  macs: ({ inputs, outputs }) => elements(outputs[0]!.shape) * inputs[1]!.shape[1]! * inputs[1]!.shape[2]!,
});
