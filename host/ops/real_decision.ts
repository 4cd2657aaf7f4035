/** What the real values of an output decide: the steps of firmware/SPEC.md, section 2.2, each rounded to float32. */
import type { BorderTensor } from "./border.ts";
import { argmax, thresholdOf } from "./decision.ts";

const single = Math.fround;

export interface Decided {
  readonly classNumber: number;
  /** The value that decides: the greatest, that of a detector, or the error of an autoencoder. */
  readonly score: number;
  readonly label?: string | undefined;
}

/** How an output decides; `names` are those of the classes. */
interface Decider {
  readonly decision?: BorderTensor["decision"];
  readonly threshold?: number | undefined;
  readonly names?: readonly string[] | undefined;
}

/** The mean squared difference; infinite where it is not a number. */
function meanSquare(values: Float32Array, others: ArrayLike<number>): number {
  let sum = 0;
  for (const [i, x] of values.entries()) {
    const difference = single(x - single(others[i]!));
    sum = single(sum + single(difference * difference));
  }
  const mean = single(sum / values.length);
  return Number.isNaN(mean) ? Number.POSITIVE_INFINITY : mean;
}

/**
 * The decision of an output by its real values; undefined where it decides nothing. An autoencoder's, the mean squared
 * difference to the values of the first input, needs these.
 */
export function decideReal(
  output: Decider,
  values: Float32Array,
  input?: ArrayLike<number>,
): Decided | undefined {
  const { decision = "none", names } = output;
  if (decision === "none" || (decision === "error" && input?.length !== values.length)) return undefined;
  const best = decision === "greatest" ? argmax(values) : +(decision === "second");
  const score = decision === "error" ? meanSquare(values, input!) : values[best]!;
  const above = +(score > thresholdOf(output));
  const classNumber = decision === "greatest" ? best : decision === "index" ? score >>> 0 : above;
  return { classNumber, score, label: names?.[classNumber] };
}
