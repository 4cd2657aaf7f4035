/** Answers of a model as a log tells them: real values of its outputs, and the label that they decide for. */
import type { NodeModel } from "../../runtime/model/node.ts";
import type { Logged } from "./entry.ts";

/** Real values of all outputs, from the integers of each: in float32, as a device reads them. */
export const realOutputs = (
  { outputs }: NodeModel,
  integers: readonly (ArrayLike<number> & Iterable<number>)[],
): Float32Array =>
  Float32Array.from(
    outputs.flatMap(({ scale, zeroPoint }, i) =>
      Array.from(integers[i]!, (value) => Math.fround(Math.fround(value - zeroPoint) * scale)),
    ),
  );

/** The label that these outputs decide for, or the class's number where it has none; undefined where the model decides nothing. */
export function decidedLabel(model: NodeModel, input: Logged, values: Float32Array): string | undefined {
  const first = "values" in input ? input.values.subarray(0, model.inputs[0]!.raw.length) : undefined;
  const decided = model.decide(values, 0, first);
  return decided && (decided.label ?? String(decided.classNumber));
}
