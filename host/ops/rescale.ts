import { elements, perTensor } from "../ir/graph.ts";
import { clampTo, type Range, typeRange } from "./activation.ts";
import { kernelMultiplier, type Multiplier, requantize } from "./fixed_point.ts";
import type { Lowering } from "./lowering.ts";
import type { Bound } from "./operator.ts";

/** Functions of one 16-bit value that are a factor and bounds: a table of all values would be far too large. */

/** The function of an int16 value, whose zero point is 0, that `lowerRescale` of the same arguments computes. */
export const rescaled =
  (range: Range, positive: Multiplier, negative: Multiplier = positive) =>
  (x: number): number =>
    clampTo(requantize(x, x < 0 ? negative : positive), range);

/** Between int16 tensors, with a factor for negative values that may be another. */
export function lowerRescale(
  { inputs, outputs }: Bound<unknown>,
  to: Lowering,
  { min, max }: Range,
  positive: Multiplier,
  negative: Multiplier = positive,
): void {
  const [input, output] = [inputs[0]!, outputs[0]!];
  to.overwrite(output, input);
  to.call("rescale_s16", {
    input,
    output,
    length: elements(input.shape),
    ...positive,
    negativeMultiplier: negative.multiplier,
    negativeShift: negative.shift,
    activationMin: min,
    activationMax: max,
  });
}

/** Between int16 and 8 bits. */
export function lowerToOtherWidth({ inputs, outputs }: Bound<unknown>, to: Lowering): void {
  const [input, output] = [inputs[0]!, outputs[0]!];
  const [from, into] = [perTensor(input), perTensor(output)];
  const shared = {
    input,
    output,
    length: elements(input.shape),
    ...kernelMultiplier(from.scale / into.scale),
  };
  if (output.dtype === "int16") {
    const flip = input.dtype === "uint8" ? 0x80 : 0;
    to.call("rescale_s8_s16", { ...shared, flip, inputZeroPoint: from.zeroPoint - flip });
  } else {
    const { min, max } = typeRange(output);
    to.call("rescale_s16_s8", {
      ...shared,
      outputZeroPoint: into.zeroPoint,
      activationMin: min,
      activationMax: max,
    });
  }
}
