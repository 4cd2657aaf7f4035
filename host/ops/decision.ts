/** The decision of a model's output, by its real values. */
import type { Tensor } from "../ir/graph.ts";

/** The facts that a decision depends on. */
export type Decider = Pick<Tensor, "dtype" | "labels" | "quantization" | "threshold">;

/** Whether an output of one value tells two classes apart: a probability, or the score of a detector. */
export const decidesAlone = ({ labels }: Pick<Tensor, "labels">, values: number): boolean =>
  values === 1 && labels?.length === 2;

/** A probability decides at one half. */
export const thresholdOf = ({ threshold = 0.5 }: Pick<Tensor, "threshold">): number => threshold;

/** The number of the greatest value, the first of equal ones. */
export function argmax(values: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > values[best]!) best = i;
  return best;
}

/**
 * The number of the greatest value, an index that it is already, or whether a single one is above the threshold. With two
 * values and a threshold of the user's, the second decides by that.
 */
export function decide(values: ArrayLike<number>, output: Decider): number {
  if (decidesAlone(output, values.length)) return values[0]! > thresholdOf(output) ? 1 : 0;
  if (values.length === 2 && output.threshold !== undefined) return values[1]! > output.threshold ? 1 : 0;
  const isIndex = values.length === 1 && output.dtype === "int32" && !output.quantization;
  return isIndex ? values[0]! : argmax(values);
}

/** The decision by values as the output holds them. */
export function decideStored(values: ArrayLike<number>, output: Decider): number {
  const { quantization } = output;
  const real = (value: number): number => (value - quantization!.zeroPoints[0]!) * quantization!.scales[0]!;
  return decide(quantization ? Array.from(values, real) : values, output);
}
