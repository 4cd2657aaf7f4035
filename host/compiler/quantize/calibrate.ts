import { type Graph, ModelError, tensorOf } from "../../ir/graph.ts";
import type { Statistics } from "../../module/metadata.ts";
import { type Sample, toFloatInputs } from "../../ops/border.ts";
import { addToExtents, type Extents } from "./equalize.ts";
import { addToHistogram, emptyHistogram, type Histogram } from "./histogram.ts";
import { traceOf } from "./layers.ts";

/**
 * Runs the float graph on every sample and counts the values of all its computed tensors, and the extents of channels
 * that are asked for.
 * Throws ModelError where one gets a value that is infinite or not a number, unless that is a missing one of an
 * input that takes such: it has no range.
 */
export function observe(
  graph: Graph,
  samples: readonly Sample[],
  extents: Extents = new Map(),
): Map<string, Histogram> {
  const all = new Map<string, Histogram>();
  for (const sample of samples) {
    for (const [name, data] of traceOf(graph, toFloatInputs(graph, sample))) {
      const tensor = tensorOf(graph, name);
      const known = tensor.scaling?.missing?.includes(null) ? data.filter((x) => !Number.isNaN(x)) : data;
      if (tensor.data || known.length === 0) continue;
      const channels = extents.get(name);
      if (channels) addToExtents(channels, data);
      const histogram = all.get(name) ?? emptyHistogram();
      addToHistogram(histogram, known);
      const { min, max } = histogram;
      if (!Number.isFinite(min) || !Number.isFinite(max))
        throw new ModelError(`tensor ${name}: expected finite values in calibration, found ${min} to ${max}`);
      all.set(name, histogram);
    }
  }
  return all;
}

export function statisticsOf({ min, max, sum, squares, count }: Histogram): Statistics {
  const mean = sum / count;
  return { min, max, mean, deviation: Math.sqrt(Math.max(squares / count - mean * mean, 0)) };
}

/** Least, greatest and mean value of all tensors of the float graph. */
export const calibrate = (graph: Graph, samples: readonly Sample[]): Map<string, Statistics> =>
  new Map([...observe(graph, samples)].map(([name, histogram]) => [name, statisticsOf(histogram)]));
