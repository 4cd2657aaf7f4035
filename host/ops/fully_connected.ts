import { allocate, elements, ModelError, perTensor, type Tensor } from "../ir/graph.ts";
import { ACTIVATIONS, type Activation, activationRange, clampTo, type Range } from "./activation.ts";
import { asArrays, channelMultipliers, checkBias } from "./channel_scale.ts";
import type { Channels } from "./constant_channels.ts";
import { convolutionArguments } from "./convolution.ts";
import type { Multiplier } from "./fixed_point.ts";
import { fitsRescale } from "./lanes.ts";
import { foldedBias, inBlocks } from "./layout.ts";
import type { Lowering } from "./lowering.ts";
import { type Bound, defineOperator } from "./operator.ts";
import { isPacked, packed, packedScratch } from "./packed.ts";
import { filterMatrix } from "./traits.ts";
import { isWide, sumRescaler, wideSumArguments, zeroPointFault } from "./wide_sum.ts";
import { onePixelWindow } from "./window.ts";

/** One multiplier where the weights have one scale, otherwise one per output. */
const outputMultipliers = (input: Tensor, weights: Tensor, output: Tensor): Multiplier[] =>
  channelMultipliers(input, weights, output, weights.quantization!.scales.length);

/** Types of 16-bit layers' input, weights and output that have a kernel; TensorFlow Lite has the first of them. */
const WIDE_TYPES = [
  "int16, int8, int16",
  "int16, int16, int16",
  "int8, int8, int16",
  "int16, int8, int8",
  "int16, int16, int8",
];

interface DenseAttributes {
  readonly activation: Activation;
  readonly narrowSums: boolean | undefined;
}

function checkTypes({ inputs, outputs, attributes }: Bound<DenseAttributes>): string | undefined {
  const [input, weights, bias] = inputs as [Tensor, Tensor, Tensor | undefined];
  const output = outputs[0]!;
  const types = [input, weights, output].map(({ dtype }) => dtype).join(", ");
  const isWithin16 = isWide(input, weights, output);
  if (isWithin16 && !WIDE_TYPES.includes(types))
    return `input, weights and output of ${types}: expected one of ${WIDE_TYPES.join("; ")}`;
  if (attributes.narrowSums && types !== WIDE_TYPES[0])
    return `sums of 32 bits: expected types ${WIDE_TYPES[0]}, found ${types}`;
  const { dtype } = output;
  if (!isWithin16 && dtype !== "float32" && dtype !== "int8")
    return `fully_connected of ${dtype} is not supported, only of int8 and int16`;
  const wrong = [...(isWithin16 ? [] : [input, weights]), bias].find(
    (tensor) => tensor && tensor.dtype !== (tensor === bias && dtype !== "float32" ? "int32" : dtype),
  );
  if (!wrong) return zeroPointFault([input, output]);
  const expected = wrong === bias && dtype !== "float32" ? "int32" : dtype;
  return `input ${wrong.name}: expected ${expected} for an output of ${dtype}, found ${wrong.dtype}`;
}

const WIDE_KERNELS: Readonly<Record<string, string>> = {
  "int16 int8": "fully_connected_s16",
  "int16 int16": "fully_connected_w16_s16",
  "int8 int8": "fully_connected_s8_s16",
};

/** Kernels for 16-bit values are one for each pair of types of input and weights. */
function lowerWide({ inputs, outputs, attributes }: Bound<DenseAttributes>, to: Lowering): void {
  const [input, weights, bias] = inputs as [Tensor, Tensor, Tensor | undefined];
  const output = outputs[0]!;
  const range = activationRange(attributes.activation, output);
  const [count, depth] = weights.shape as [number, number];
  const kernel = WIDE_KERNELS[`${input.dtype} ${weights.dtype}`]!;
  to.call(kernel, {
    input,
    output,
    weights,
    ...wideSumArguments({ input, weights, bias, output }, count, attributes.narrowSums, to),
    batches: elements(input.shape) / depth,
    depth,
    outputs: count,
    outputZeroPoint: perTensor(output).zeroPoint,
    activationMin: range.min,
    activationMax: range.max,
    ...(kernel === "fully_connected_s16" && { narrowSums: attributes.narrowSums ? 1 : 0 }),
    ...(kernel !== "fully_connected_s8_s16" && { outputBytes: output.dtype === "int8" ? 1 : 2 }),
  });
}

/** A dense layer of weights of four bits is a convolution of one row of pixels. */
function lowerPacked(
  { inputs, outputs }: Bound<DenseAttributes>,
  channels: Channels,
  range: Range,
  to: Lowering,
) {
  const [input, weights, bias] = inputs as [Tensor, Tensor, Tensor | undefined];
  const output = outputs[0]!;
  const [count, depth] = weights.shape as [number, number];
  const pixels = elements(input.shape) / depth;
  const tile = Math.min(to.choice.tile, pixels);
  to.call("conv2d_w4_s8", {
    ...onePixelWindow(pixels, depth),
    ...convolutionArguments({ input, weights, bias, output }, channels, range, to),
    weights: to.constant("weights", packed(channels.rows, count)),
    scratch: to.scratch(packedScratch(tile, depth)),
    tile,
    groups: 1,
    outputChannels: count,
  });
}

/** Inputs: [..., depth], weights [outputs, depth], bias [outputs] or none. */
export const fullyConnected = defineOperator({
  name: "fully_connected",
  summary: "dense layer, per-tensor or per-channel weights, fused activation",
  arity: [2, 3],
  attributes: { keepDims: "boolean", activation: ACTIVATIONS, narrowSums: "flag" },
  quantization: { output: { kind: "range" }, weights: { input: 1, axis: 0 }, bias: 2 },
  matrix: ({ inputs }) => filterMatrix(inputs[1]!.shape),
  packs: true,
  types: ["int8", "int16"],
  checkTypes,

  infer({ name, attributes, inputs }) {
    const [input, weights, bias] = inputs as [Tensor, Tensor, Tensor | undefined];
    const [outputs, depth] = weights.shape;
    const total = elements(input.shape);
    if (weights.shape.length !== 2 || depth! < 1 || total % depth! !== 0) {
      throw new ModelError(
        `node ${name}: expected weights [outputs, depth] whose depth divides the ${total} input values, found [${weights.shape}]`,
      );
    }
    if (attributes.keepDims && input.shape.at(-1) !== depth) {
      throw new ModelError(`node ${name}: expected a last axis of ${depth}, found [${input.shape}]`);
    }
    checkBias(name, bias, outputs!);
    return [attributes.keepDims ? [...input.shape.slice(0, -1), outputs!] : [total / depth!, outputs!]];
  },

  evaluate({ attributes, inputs, outputs }, values) {
    const [input, weights] = inputs as [Tensor, Tensor];
    const output = outputs[0]!;
    const [x, w, bias] = [values[0]!, values[1]!, values[2]];
    const [channels, depth] = weights.shape as [number, number];
    const quantized = output.dtype !== "float32";
    const zeroPoint = quantized ? perTensor(input).zeroPoint : 0;
    const rescale = quantized && sumRescaler({ input, weights, output }, attributes.narrowSums);
    const range = activationRange(attributes.activation, output);
    const result = allocate(output.dtype, elements(output.shape));
    for (let next = 0; next < result.length; next++) {
      const channel = next % channels;
      const row = Math.floor(next / channels) * depth;
      let sum = bias?.[channel] ?? 0;
      for (let i = 0; i < depth; i++) sum += (x[row + i]! - zeroPoint) * w[channel * depth + i]!;
      result[next] = clampTo(rescale ? rescale(sum, channel) : sum, range);
    }
    return [result];
  },

  lower(node, to) {
    const { attributes, inputs, outputs } = node;
    const [input, weights, bias] = inputs as [Tensor, Tensor, Tensor | undefined];
    const output = outputs[0]!;
    if (isWide(input, weights, output)) return lowerWide(node, to);
    const factors = outputMultipliers(input, weights, output);
    const range = activationRange(attributes.activation, output);
    const count = weights.shape[0]!;
    const { zeroPoint } = perTensor(output);
    const rows = weights.data as Int8Array;
    const channels = {
      rows,
      bias: foldedBias(rows, bias?.data, count, perTensor(input).zeroPoint),
      factors: Array.from({ length: count }, (_, i) => factors[factors.length === 1 ? 0 : i]!),
    };
    if (isPacked(channels, to)) return lowerPacked(node, channels, range, to);
    const fast = to.choice.kernel === "fast" && fitsRescale(channels, zeroPoint, range);
    const shared = {
      input,
      output,
      weights: to.constant("weights", inBlocks(rows, count)),
      bias: to.constant("bias", channels.bias),
      scratch: fast ? to.scratch(4 * count) : 0,
      batches: elements(input.shape) / weights.shape[1]!,
      depth: weights.shape[1]!,
      outputs: count,
      outputZeroPoint: zeroPoint,
      activationMin: range.min,
      activationMax: range.max,
    };
    if (factors.length === 1) {
      to.call(fast ? "fully_connected_stationary_s8" : "fully_connected_s8", { ...shared, ...factors[0]! });
    } else {
      const { multiplier, shift } = asArrays(factors);
      to.call(fast ? "fully_connected_per_channel_stationary_s8" : "fully_connected_per_channel_s8", {
        ...shared,
        multiplier: to.constant("multiplier", multiplier),
        shift: to.constant("shift", shift),
      });
    }
  },

  macs: ({ inputs, outputs }) => elements(outputs[0]!.shape) * inputs[1]!.shape[1]!,
});
