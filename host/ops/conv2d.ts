import { allocate, elements, ModelError, perTensor, type Tensor } from "../ir/graph.ts";
import { ACTIVATIONS, activationRange, clampTo } from "./activation.ts";
import { checkBias } from "./channel_scale.ts";
import { convolutionArguments, convolutionChannels } from "./convolution.ts";
import { fitsLanes, fitsRescale, isLong, lanesBytes } from "./lanes.ts";
import { inBlocks } from "./layout.ts";
import { defineOperator } from "./operator.ts";
import { isPacked, packed, packedLanesScratch, packedScratch } from "./packed.ts";
import { filterMatrix } from "./traits.ts";
import { isWide, sumRescaler, wideSumArguments } from "./wide_sum.ts";
import { eachOutput, eachTap, type Window, type WindowAttributes, window, windowOutput } from "./window.ts";

const geometry = (node: string, input: Tensor, weights: Tensor, attributes: WindowAttributes) =>
  window(node, input, [weights.shape[1] ?? 0, weights.shape[2] ?? 0], attributes);

/** Whether the window is one pixel that visits every pixel: then the inputs lie as they are needed. */
const isPointwise = (w: Window, groups: number): boolean =>
  [w.kernelHeight, w.kernelWidth, w.strideHeight, w.strideWidth, groups].every((n) => n === 1) &&
  [w.padTop, w.padLeft].every((n) => n === 0) &&
  w.outputHeight === w.inputHeight &&
  w.outputWidth === w.inputWidth;

/** Inputs: image [N, H, W, C], filters [O, kernel height, kernel width, C / groups], bias [O] or none. */
export const conv2d = defineOperator({
  name: "conv2d",
  summary: "2-D convolution, grouped and dilated, per-channel or per-tensor weights, fused activation",
  arity: [2, 3],
  attributes: {
    stride: "ints",
    dilation: "ints",
    padding: "ints",
    groups: "int",
    activation: ACTIVATIONS,
    narrowSums: "flag",
  },
  quantization: { output: { kind: "range" }, weights: { input: 1, axis: 0 }, bias: 2 },
  window: "padded",
  matrix: ({ attributes, inputs }) => (attributes.groups === 1 ? filterMatrix(inputs[1]!.shape) : undefined),
  packs: true,
  types: ["int8", "int16"],

  infer({ name, attributes, inputs }) {
    const [input, weights, bias] = inputs as [Tensor, Tensor, Tensor | undefined];
    const { groups } = attributes;
    const [outputs, , , depth] = weights.shape;
    const channels = input.shape[3];
    if (weights.shape.length !== 4 || groups < 1 || depth! * groups !== channels || outputs! % groups !== 0) {
      throw new ModelError(
        `node ${name}: expected filters [O, h, w, C / groups] for ${channels} channels in ${groups} groups, found [${weights.shape}]`,
      );
    }
    checkBias(name, bias, outputs!);
    return [windowOutput(geometry(name, input, weights, attributes), outputs!)];
  },

  evaluate({ name, attributes, inputs, outputs }, values) {
    const [input, weights] = inputs as [Tensor, Tensor];
    const output = outputs[0]!;
    const w = geometry(name, input, weights, attributes);
    const [x, filters, bias] = [values[0]!, values[1]!, values[2]];
    const channels = output.shape[3]!;
    const depth = weights.shape[3]!;
    const quantized = output.dtype !== "float32";
    const zeroPoint = quantized ? perTensor(input).zeroPoint : 0;
    const rescale = quantized && sumRescaler({ input, weights, output }, attributes.narrowSums);
    const range = activationRange(attributes.activation, output);
    const filterSize = elements(weights.shape) / channels;
    const result = allocate(output.dtype, elements(output.shape));
    let next = 0;
    eachOutput(w, (batch, y, column) => {
      for (let channel = 0; channel < channels; channel++) {
        const group = Math.floor(channel / (channels / attributes.groups));
        let sum = bias?.[channel] ?? 0;
        eachTap(w, batch, y, column, (pixel, tap) => {
          const first = pixel + group * depth;
          const filter = channel * filterSize + tap * depth;
          for (let i = 0; i < depth; i++) sum += (x[first + i]! - zeroPoint) * filters[filter + i]!;
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
    const count = output.shape[3]!;
    const terms = elements(weights.shape) / count;
    const range = activationRange(attributes.activation, output);
    if (isWide(output)) {
      const { narrowSums } = attributes;
      to.call("conv2d_s16", {
        ...w,
        ...wideSumArguments(tensors, count, narrowSums, to),
        input,
        output,
        weights,
        scratch: to.scratch(2 * terms),
        narrowSums: narrowSums ? 1 : 0,
        groups: attributes.groups,
        outputChannels: count,
        activationMin: range.min,
        activationMax: range.max,
      });
      return;
    }
    const channels = convolutionChannels(tensors, weights.data as Int8Array, range);
    const tile = Math.min(to.choice.tile, elements(output.shape) / count);
    const pointwise = isPointwise(w, attributes.groups);
    const inPlace = pointwise && count <= input.shape[3]! && to.overwrite(output, input);
    const packs = attributes.groups === 1 && isPacked(channels, to);
    const shared = {
      ...w,
      weights: to.constant(
        "weights",
        packs ? packed(channels.rows, count) : inBlocks(channels.rows, count, attributes.groups),
      ),
      ...convolutionArguments(tensors, channels, range, to),
      tile,
      groups: attributes.groups,
      outputChannels: count,
    };
    const isFast = to.choice.kernel === "fast" && attributes.groups === 1;
    const { zeroPoint } = perTensor(output);
    const lie = pointwise && !inPlace;
    if (packs) {
      const lanes = isFast && fitsRescale(channels, zeroPoint, range);
      const bytes = lanes ? packedLanesScratch(tile, terms, lie) : packedScratch(tile, terms);
      to.call(lanes ? "conv2d_w4_lanes_s8" : "conv2d_w4_s8", { ...shared, scratch: to.scratch(bytes) });
      return;
    }
    const lanes = isFast && fitsLanes(channels, zeroPoint, range);
    const direct = lanes && lie && terms % 8 === 0;
    const long = isLong(channels);
    const kernel = long ? "conv2d_long_lanes_s8" : "conv2d_lanes_s8";
    to.call(lanes ? kernel : "conv2d_s8", {
      ...shared,
      scratch: to.scratch((direct ? 0 : tile * terms) + (lanes ? lanesBytes(tile, long) : 0)),
    });
  },

  macs: ({ inputs, outputs }) => {
    const weights = inputs[1]!;
    return elements(outputs[0]!.shape) * (elements(weights.shape) / weights.shape[0]!);
  },
});
