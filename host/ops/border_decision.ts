/** Decisions of a module's outputs, by its borders, in the steps of firmware/core/values.c. */
import { elements, fromBytes } from "../ir/graph.ts";
import { type Borders, type BorderTensor, dequantizeBytes } from "./border.ts";
import { argmax, thresholdOf } from "./decision.ts";

export interface Decided {
  readonly classNumber: number;
  /** The value that decides: the greatest, that of a detector, or the error of an autoencoder. */
  readonly score: number;
  readonly label?: string;
}

/** Mean squared difference, each step rounded to float32; infinite where infinities leave no number. */
function meanSquare(values: Float32Array, others: Float32Array): number {
  let sum = 0;
  values.forEach((value, i) => {
    const difference = Math.fround(value - others[i]!);
    sum = Math.fround(sum + Math.fround(difference * difference));
  });
  const mean = Math.fround(sum / values.length);
  return Number.isNaN(mean) ? Number.POSITIVE_INFINITY : mean;
}

const isAbove = (value: number, output: BorderTensor): number => (value > thresholdOf(output) ? 1 : 0);

function decideBy(
  output: BorderTensor,
  raw: Uint8Array,
  input: Float32Array | undefined,
): Decided | undefined {
  const values = dequantizeBytes(raw, output);
  switch (output.decision) {
    case "greatest": {
      const best = argmax(values);
      return { classNumber: best, score: values[best]! };
    }
    case "above":
      return { classNumber: isAbove(values[0]!, output), score: values[0]! };
    case "second":
      return { classNumber: isAbove(values[1]!, output), score: values[1]! };
    case "index":
      // A negative value, which only a hostile module gives, is the number of no class.
      return { classNumber: fromBytes(output.dtype, raw)[0]! >>> 0, score: values[0]! };
    case "error": {
      if (input?.length !== elements(output.shape)) return undefined;
      const error = meanSquare(values, input);
      return { classNumber: isAbove(error, output), score: error };
    }
    default:
      return undefined;
  }
}

/**
 * The decision of the first output that decides; undefined where none does. An autoencoder needs the real values of its
 * first input, too.
 */
export function decideOutputs(
  { outputs }: Pick<Borders, "outputs">,
  found: readonly Uint8Array[],
  input?: Float32Array,
): Decided | undefined {
  const at = outputs.findIndex(({ decision = "none" }) => decision !== "none");
  const output = outputs[at];
  const decided = output && decideBy(output, found[at]!, input);
  const label = decided && output.labels?.[decided.classNumber];
  return decided && { ...decided, ...(label !== undefined && { label }) };
}
