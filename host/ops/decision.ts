/** The decision of a model's output, by its real values. */
import type { Task, Tensor } from "../ir/graph.ts";

/** The facts that a decision depends on. */
export type Decider = Pick<Tensor, "dtype" | "labels" | "quantization" | "threshold">;

/** Whether an output of one value tells two classes apart: a probability, or the score of a detector. */
export const decidesAlone = ({ labels }: Pick<Tensor, "labels">, values: number): boolean =>
  values === 1 && labels?.length === 2;

/** A probability decides at one half. */
export const thresholdOf = ({ threshold = 0.5 }: { readonly threshold?: number | undefined }): number =>
  threshold;

/** How an output decides: see DECISION_CODES in host/module/descriptor_table.ts. */
export type Decision = "none" | "greatest" | "above" | "second" | "index" | "error";

/** How an output of so many values decides in a model of this task. */
export function decisionOf(output: Decider, values: number, task: Task | undefined): Decision {
  if (task === "autoencoder") return output.threshold === undefined ? "none" : "error";
  if (decidesAlone(output, values)) return "above";
  if (values === 2 && output.threshold !== undefined) return "second";
  if (values === 1) return output.dtype === "int32" && !output.quantization ? "index" : "none";
  return task === "regression" || task === "image" ? "none" : "greatest";
}

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
  switch (decisionOf(output, values.length, undefined)) {
    case "above":
      return values[0]! > thresholdOf(output) ? 1 : 0;
    case "second":
      return values[1]! > output.threshold! ? 1 : 0;
    case "index":
      return values[0]!;
    default:
      return argmax(values);
  }
}

/** The decision by values as the output holds them. */
export function decideStored(values: ArrayLike<number>, output: Decider): number {
  const { quantization } = output;
  const real = (value: number): number => (value - quantization!.zeroPoints[0]!) * quantization!.scales[0]!;
  return decide(quantization ? Array.from(values, real) : values, output);
}
