/** What a module's outputs decide, by its borders and the bytes of its tensors. */
import { fromBytes } from "../ir/graph.ts";
import { type Borders, type BorderTensor, dequantizeBytes } from "./border.ts";
import { type Decided, decideReal } from "./real_values.ts";

export type { Decided } from "./real_values.ts";

/** An index is the integer itself, which float32 may not hold; what a hostile module makes negative is no class's. */
function decideIndex(output: BorderTensor, raw: Uint8Array): Decided {
  const classNumber = fromBytes(output.dtype, raw)[0]! >>> 0;
  const label = output.labels?.[classNumber];
  const [score] = dequantizeBytes(raw, output);
  return { classNumber, score: score!, ...(label !== undefined && { label }) };
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
  if (!output) return undefined;
  if (output.decision === "index") return decideIndex(output, found[at]!);
  const decided = decideReal({ ...output, names: output.labels }, dequantizeBytes(found[at]!, output), input);
  if (!decided) return undefined;
  const { label, ...rest } = decided;
  return { ...rest, ...(label !== undefined && { label }) };
}
