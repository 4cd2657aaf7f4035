import type { Graph } from "../../ir/graph.ts";
import { borderOf, dequantizeBytes, type Sample, toFloatInputs, toInputBytes } from "../../ops/border.ts";
import { runReference } from "../../runtime/engines/reference.ts";
import { traceOf } from "./layers.ts";
import { changedShare, decides, type Judged, judgedOf, lossOf, probabilityError } from "./loss.ts";
import { valueMetrics } from "./metrics.ts";

/** How far the quantised model is from the float one, over all samples, on the output that the model is judged by. */
export interface Agreement {
  readonly samples: number;
  /** Greatest and mean absolute difference of output values. */
  readonly maxError: number;
  readonly meanError: number;
  /** Root of the mean squared difference, and least to greatest value of the float model. */
  readonly rmse: number;
  readonly range: number;
  /** Share of samples that both models decide alike: see `decide`. */
  readonly sameArgmax: number;
  /** The loss: for decisions the changed ones in points, for values the error in percent of their range. */
  readonly loss: number;
  /** Mean of each sample's greatest error of a probability, where the output is of probabilities. */
  readonly probabilityError?: number;
  /** The loss as a multiple of what may be lost: see `lossOf`. */
  readonly ofLimit: number;
}

type Rows = readonly ArrayLike<number>[];

/** Compares outputs, row by row. `samples` are the inputs, against which the outputs of an autoencoder are held. */
export function agreementOf(
  judged: Judged,
  expected: Rows,
  found: Rows,
  samples: readonly Sample[],
): Agreement {
  const { task, output } = judged;
  const { mae, rmse, maxError, range } = valueMetrics(expected, found);
  const changed = changedShare(expected, found, output);
  const offBy = decides(task) ? probabilityError(expected, found, output) : undefined;
  const inputs = samples.map(([first]) => first!);
  return {
    samples: expected.length,
    maxError,
    meanError: mae,
    rmse,
    range,
    sameArgmax: 1 - changed,
    loss: 100 * (decides(task) ? changed : rmse / (range || 1)),
    ...(offBy !== undefined && { probabilityError: offBy }),
    ofLimit: lossOf(judged, expected, found, { inputs }),
  };
}

export function compareWithFloat(float: Graph, quantized: Graph, samples: readonly Sample[]): Agreement {
  const judged = judgedOf(quantized);
  const { index, output } = judged;
  const border = borderOf(output);
  const expected = samples.map(
    (sample) => traceOf(float, toFloatInputs(float, sample)).get(float.outputs[index]!)!,
  );
  const found = samples.map((sample) =>
    dequantizeBytes(runReference(quantized, [toInputBytes(quantized, sample)])[0]![index]!, border),
  );
  return agreementOf(judged, expected, found, samples);
}
