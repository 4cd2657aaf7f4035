import { evaluateGraph, runReference } from "../engines/reference.ts";
import { type Graph, tensorOf } from "../ir/graph.ts";
import { borderOf, dequantizeBytes, type Sample, toFloatInputs, toInputBytes } from "./samples.ts";

/** How far the int8 model is from the float one, over all samples, on the first output. */
export interface Agreement {
  readonly samples: number;
  /** Greatest and mean absolute difference of output values. */
  readonly maxError: number;
  readonly meanError: number;
  /** Share of samples whose greatest output is the same one. */
  readonly sameArgmax: number;
}

export const argmax = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((best, value, i) => (value > values[best]! ? i : best), 0);

export function compareWithFloat(float: Graph, quantized: Graph, samples: readonly Sample[]): Agreement {
  const output = tensorOf(quantized, quantized.outputs[0]!);
  const border = borderOf(output);
  let [maxError, total, same, count] = [0, 0, 0, 0];
  for (const sample of samples) {
    const expected = evaluateGraph(float, toFloatInputs(float, sample)).get(float.outputs[0]!)!;
    const bytes = runReference(quantized, [toInputBytes(quantized, sample)])[0]![0]!;
    const found = dequantizeBytes(bytes, border);
    found.forEach((value, i) => {
      const error = Math.abs(value - expected[i]!);
      maxError = Math.max(maxError, error);
      total += error;
    });
    count += found.length;
    if (argmax(expected) === argmax(found)) same++;
  }
  return { samples: samples.length, maxError, meanError: total / count, sameArgmax: same / samples.length };
}
