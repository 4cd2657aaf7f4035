import { perTensor, type Tensor } from "../ir/graph.ts";
import { asArrays, channelMultipliers } from "./channel_scale.ts";
import { type Multiplier, requantize, requantizeWide, wideMultiplier } from "./fixed_point.ts";
import { foldedBias } from "./layout.ts";
import type { Argument, Lowering } from "./lowering.ts";

/**
 * Layers of weights with 16-bit values: their sums have 64 bits and are rounded once, by a factor of 16 bits, as in
 * TensorFlow Lite Micro. There an int32 bias makes the sums 32 bits wide, rounded twice as those of int8 layers: the
 * attribute `narrowSums`. Found out by experiment; where there is no bias an option says which type it would have.
 */
interface Tensors {
  readonly input: Tensor;
  readonly weights: Tensor;
  readonly bias?: Tensor | undefined;
  readonly output: Tensor;
}

export const isWide = (...tensors: readonly Tensor[]): boolean =>
  tensors.some(({ dtype }) => dtype === "int16");

/** 16-bit values are symmetric: kernels for them have no zero points. Undefined where all are. */
export function zeroPointFault(tensors: readonly (Tensor | undefined)[]): string | undefined {
  const wrong = tensors.find(
    (tensor) => tensor?.dtype === "int16" && tensor.quantization?.zeroPoints.some((zero) => zero !== 0),
  );
  return (
    wrong && `tensor ${wrong.name}: expected int16 with zero point 0, found ${wrong.quantization!.zeroPoints}`
  );
}

/** One factor for all output channels where the weights have one scale, otherwise one for each. */
function wideFactors({ input, weights, output }: Tensors, narrowSums: boolean | undefined): Multiplier[] {
  const { scales } = weights.quantization!;
  if (narrowSums) return channelMultipliers(input, weights, output, scales.length);
  const [from, to] = [perTensor(input).scale, perTensor(output).scale];
  return scales.map((scale) => wideMultiplier((from * scale) / to));
}

/** From the sum of an output channel to its value, before clamping. */
export function sumRescaler(tensors: Tensors, narrowSums: boolean | undefined) {
  const { zeroPoint } = perTensor(tensors.output);
  const wide = isWide(tensors.input, tensors.weights, tensors.output);
  const factors = wide
    ? wideFactors(tensors, narrowSums)
    : channelMultipliers(
        tensors.input,
        tensors.weights,
        tensors.output,
        tensors.weights.quantization!.scales.length,
      );
  return (sum: number, channel: number): number => {
    const factor = factors[factors.length === 1 ? 0 : channel]!;
    const scaled = wide && !narrowSums ? requantizeWide(sum, factor) : requantize(sum | 0, factor);
    return (scaled + zeroPoint) | 0;
  };
}

/** The kernel arguments for bias and factors; `rows` are the weights as [outputs, terms]. */
export function wideSumArguments(
  tensors: Tensors,
  outputs: number,
  narrowSums: boolean | undefined,
  to: Lowering,
): Record<string, Argument | number> {
  const { input, weights, bias } = tensors;
  const factors = wideFactors(tensors, narrowSums);
  const { multiplier, shift } = asArrays(factors);
  const { zeroPoint } = perTensor(input);
  const folded =
    zeroPoint === 0
      ? Int32Array.from(bias?.data ?? new Int32Array(outputs))
      : foldedBias(weights.data!, bias?.data, outputs, zeroPoint);
  return {
    bias: to.constant("bias", folded),
    multiplier: to.constant("multiplier", multiplier),
    shift: to.constant("shift", shift),
    factorStep: factors.length === 1 ? 0 : 1,
  };
}
