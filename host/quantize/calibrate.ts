import { evaluateGraph } from "../engines/reference.ts";
import { type Graph, ModelError, type TensorData } from "../ir/graph.ts";

import { type Sample, toFloatInputs } from "./samples.ts";

/** What calibration saw of one tensor. */
export interface Statistics {
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  readonly deviation: number;
}

interface Sums {
  min: number;
  max: number;
  sum: number;
  squares: number;
  count: number;
}

function accumulate(sums: Sums, data: TensorData): void {
  for (const value of data) {
    sums.min = Math.min(sums.min, value);
    sums.max = Math.max(sums.max, value);
    sums.sum += value;
    sums.squares += value * value;
  }
  sums.count += data.length;
}

/**
 * Runs the float graph on every sample and measures all its tensors.
 * Throws ModelError where one gets a value that is infinite or not a number: it has no range.
 */
export function calibrate(graph: Graph, samples: readonly Sample[]): Map<string, Statistics> {
  const all = new Map<string, Sums>();
  for (const sample of samples) {
    for (const [name, data] of evaluateGraph(graph, toFloatInputs(graph, sample))) {
      if (graph.tensors.get(name)?.data) continue;
      const sums = all.get(name) ?? {
        min: Number.POSITIVE_INFINITY,
        max: Number.NEGATIVE_INFINITY,
        sum: 0,
        squares: 0,
        count: 0,
      };
      accumulate(sums, data);
      if (!Number.isFinite(sums.min) || !Number.isFinite(sums.max))
        throw new ModelError(
          `tensor ${name}: expected finite values in calibration, found ${sums.min} to ${sums.max}`,
        );
      all.set(name, sums);
    }
  }
  return new Map(
    [...all].map(([name, { min, max, sum, squares, count }]) => {
      const mean = sum / count;
      return [name, { min, max, mean, deviation: Math.sqrt(Math.max(squares / count - mean * mean, 0)) }];
    }),
  );
}
