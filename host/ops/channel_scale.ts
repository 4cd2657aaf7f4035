import { elements, ModelError, perTensor, type Tensor } from "../ir/graph.ts";
import { kernelMultiplier, type Multiplier } from "./fixed_point.ts";

/**
 * One factor per output channel, input scale * weight scale / output scale, for convolutions and
 * per-channel dense layers (TensorFlow Lite, PopulateConvolutionQuantizationParams: in double).
 */
export function channelMultipliers(
  input: Tensor,
  weights: Tensor,
  output: Tensor,
  channels: number,
): Multiplier[] {
  const scales = weights.quantization!.scales;
  const inputScale = perTensor(input).scale;
  const outputScale = perTensor(output).scale;
  return Array.from({ length: channels }, (_, channel) =>
    kernelMultiplier((inputScale * scales[scales.length === 1 ? 0 : channel]!) / outputScale),
  );
}

/** Throws ModelError where there is a bias that has not one value for each output channel. */
export function checkBias(node: string, bias: Tensor | undefined, channels: number): void {
  if (bias && elements(bias.shape) !== channels) {
    throw new ModelError(`node ${node}: expected a bias of ${channels} values, found [${bias.shape}]`);
  }
}

/** As two arrays for a kernel: int32 multipliers and int8 shifts. */
export const asArrays = (factors: readonly Multiplier[]): { multiplier: Int32Array; shift: Int8Array } => ({
  multiplier: Int32Array.from(factors, (factor) => factor.multiplier),
  shift: Int8Array.from(factors, (factor) => factor.shift),
});
