import { evaluateGraph, runReference } from "../engines/reference.ts";
import { type Graph, type Tensor, tensorOf } from "../ir/graph.ts";
import { borderOf, dequantizeBytes, type Sample, toFloatInputs, toInputBytes } from "./samples.ts";

/** How far the quantised model is from the float one, over all samples, on the first output. */
export interface Agreement {
  readonly samples: number;
  /** Greatest and mean absolute difference of output values. */
  readonly maxError: number;
  readonly meanError: number;
  /** Share of samples that both models decide alike: see `decide`. */
  readonly sameArgmax: number;
}

export const argmax = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((best, value, i) => (value > values[best]! ? i : best), 0);

/** What a model's output says: the number of the greatest value, or an index that it is already. */
export const decide = (values: ArrayLike<number>, { dtype }: Pick<Tensor, "dtype">): number =>
  values.length === 1 && dtype === "int32" ? values[0]! : argmax(values);

/** Sums up pairs of outputs; `result` is what they come to. */
export function agreementMeter(output: Pick<Tensor, "dtype">) {
  let [samples, maxError, total, same, count] = [0, 0, 0, 0, 0];
  return {
    add(expected: ArrayLike<number>, found: Float32Array): void {
      found.forEach((value, i) => {
        const error = Math.abs(value - expected[i]!);
        maxError = Math.max(maxError, error);
        total += error;
      });
      samples++;
      count += found.length;
      if (decide(expected, output) === decide(found, output)) same++;
    },
    result: (): Agreement => ({ samples, maxError, meanError: total / count, sameArgmax: same / samples }),
  };
}

export function compareWithFloat(float: Graph, quantized: Graph, samples: readonly Sample[]): Agreement {
  const output = tensorOf(quantized, quantized.outputs[0]!);
  const border = borderOf(output);
  const meter = agreementMeter(output);
  for (const sample of samples) {
    const expected = evaluateGraph(float, toFloatInputs(float, sample)).get(float.outputs[0]!)!;
    const bytes = runReference(quantized, [toInputBytes(quantized, sample)])[0]![0]!;
    meter.add(expected, dequantizeBytes(bytes, border));
  }
  return meter.result();
}
