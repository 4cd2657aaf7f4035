import { perTensor, type Tensor } from "../ir/graph.ts";
import type { Range } from "./activation.ts";
import { asArrays, channelMultipliers } from "./channel_scale.ts";
import { type Channels, settleConstantChannels } from "./constant_channels.ts";
import { foldedBias } from "./layout.ts";
import type { Argument, Lowering } from "./lowering.ts";

/** Arguments that ordinary and depthwise convolutions share. */

interface Tensors {
  readonly input: Tensor;
  readonly weights: Tensor;
  readonly bias: Tensor | undefined;
  readonly output: Tensor;
}

/** The output channels, of weights `rows` [outputs, terms]. */
export function convolutionChannels(
  { input, weights, bias, output }: Tensors,
  rows: Int8Array,
  range: Range,
) {
  const count = output.shape[3]!;
  const channels: Channels = {
    rows,
    bias: foldedBias(rows, bias?.data, count, perTensor(input).zeroPoint),
    factors: channelMultipliers(input, weights, output, count),
  };
  return settleConstantChannels(channels, perTensor(output).zeroPoint, range);
}

/** The kernel arguments for buffers, channels' tables and clamping. */
export function convolutionArguments(
  { input, output }: Tensors,
  channels: Channels,
  { min, max }: Range,
  to: Lowering,
): Record<string, Tensor | Argument | number> {
  const { multiplier, shift } = asArrays(channels.factors);
  return {
    input,
    output,
    bias: to.constant("bias", channels.bias),
    multiplier: to.constant("multiplier", multiplier),
    shift: to.constant("shift", shift),
    inputZeroPoint: perTensor(input).zeroPoint,
    outputZeroPoint: perTensor(output).zeroPoint,
    activationMin: min,
    activationMax: max,
  };
}
