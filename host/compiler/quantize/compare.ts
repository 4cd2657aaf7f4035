import { type Graph, type Tensor, tensorOf } from "../../ir/graph.ts";
import { borderOf, dequantizeBytes, type Sample, toFloatInputs, toInputBytes } from "../../ops/border.ts";
import { runReference } from "../../runtime/engines/reference.ts";
import { traceOf } from "./layers.ts";

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

type Decider = Pick<Tensor, "dtype" | "labels" | "quantization">;

/** Whether an output of one value is the probability of the second of two classes: see `labelProbabilities`. */
export const isProbability = ({ labels }: Pick<Tensor, "labels">, values: number): boolean =>
  values === 1 && labels?.length === 2;

/**
 * What a model's output says, of real values: the number of the greatest, an index that it is already, or whether
 * a probability is above one half.
 */
export function decide(values: ArrayLike<number>, output: Decider): number {
  if (isProbability(output, values.length)) return values[0]! > 0.5 ? 1 : 0;
  const isIndex = values.length === 1 && output.dtype === "int32" && !output.quantization;
  return isIndex ? values[0]! : argmax(values);
}

/** The same of values as the output holds them. */
export function decideStored(values: ArrayLike<number>, output: Decider): number {
  const { quantization } = output;
  if (!quantization || !isProbability(output, values.length)) return decide(values, output);
  return decide([(values[0]! - quantization.zeroPoints[0]!) * quantization.scales[0]!], output);
}

/** Sums up pairs of outputs; `result` is what they come to. */
export function agreementMeter(output: Decider) {
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
    const expected = traceOf(float, toFloatInputs(float, sample)).get(float.outputs[0]!)!;
    const bytes = runReference(quantized, [toInputBytes(quantized, sample)])[0]![0]!;
    meter.add(expected, dequantizeBytes(bytes, border));
  }
  return meter.result();
}
