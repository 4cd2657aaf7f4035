/**
 * Samples with a value that alone would decide a range: a spike of a sensor, a missing value written as a number. They
 * are left out of the calibration, by name, since all other values would share what few steps are left.
 */
import { elements, type Graph, readers, type Tensor, tensorOf } from "../../ir/graph.ts";
import type { Sample } from "../../ops/border.ts";

/** A value so many times the range of all other samples away from them is none of theirs. */
const FAR = 10;
/** Fewer samples say nothing of what is usual. */
const LEAST_SAMPLES = 8;
/** Where more than this share of the samples were outliers, the data are simply spread far. */
const MOST = 0.02;

export interface Outlier {
  /** Number of the sample, from 0. */
  readonly sample: number;
  readonly input: string;
  readonly feature: string;
  readonly value: number;
  /** Least and greatest value of all other samples. */
  readonly others: readonly [number, number];
}

/** Least and greatest value of one feature in one sample, values that are missing aside. */
function extremesOf(values: Float32Array, feature: number, features: number): readonly [number, number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = feature; i < values.length; i += features) {
    low = Math.min(low, Number.isNaN(values[i]!) ? low : values[i]!);
    high = Math.max(high, Number.isNaN(values[i]!) ? high : values[i]!);
  }
  return [low, high];
}

/** The one sample that stretches the range of a feature, where one does. */
function outlierOf(extremes: readonly (readonly [number, number])[]): number | undefined {
  const ends = [
    extremes.reduce((best, [low], i) => (low < extremes[best]![0] ? i : best), 0),
    extremes.reduce((best, [, high], i) => (high > extremes[best]![1] ? i : best), 0),
  ];
  return ends.find((candidate) => {
    let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    extremes.forEach((each, i) => {
      if (i !== candidate) [low, high] = [Math.min(low, each[0]), Math.max(high, each[1])];
    });
    const [least, greatest] = extremes[candidate]!;
    // A feature that is the same in all others is no measure of what is far.
    return high > low && Math.max(low - least, greatest - high) > FAR * (high - low);
  });
}

function outliersIn(input: Tensor, index: number, samples: readonly Sample[]): Outlier[] {
  const features = input.shape.at(-1) ?? 1;
  return Array.from({ length: features }, (_, feature) => feature).flatMap((feature) => {
    const extremes = samples.map((sample) => extremesOf(sample[index]!, feature, features));
    const sample = outlierOf(extremes);
    if (sample === undefined) return [];
    const rest = extremes.filter((_, i) => i !== sample);
    const others = [
      Math.min(...rest.map(([low]) => low)),
      Math.max(...rest.map(([, high]) => high)),
    ] as const;
    const [low, high] = extremes[sample]!;
    const value = others[0] - low > high - others[1] ? low : high;
    const name = input.features?.[feature] ?? String(feature + 1);
    return [{ sample, input: input.name, feature: name, value, others }];
  });
}

/** Trees only compare: no value is too large for them. */
const isCompared = (graph: Graph, name: string): boolean =>
  (readers(graph).get(name) ?? []).every(({ op }) => op === "tree_ensemble");

/** The samples without outliers, and what those are; all of them where they are too many to be accidents. */
export function withoutOutliers(
  graph: Graph,
  samples: readonly Sample[],
): { readonly kept: readonly number[]; readonly outliers: readonly Outlier[] } {
  let kept = samples.map((_, i) => i);
  const all = [...kept];
  const outliers: Outlier[] = [];
  const inputs = graph.inputs.map((name) => tensorOf(graph, name));
  const most = Math.max(1, Math.floor(MOST * samples.length));
  // One that is gone may have hidden the next.
  for (let round = 0; round <= most && kept.length >= LEAST_SAMPLES; round++) {
    const now = kept.map((i) => samples[i]!);
    const found = inputs.flatMap((input, index) =>
      input.dtype === "float32" && !isCompared(graph, input.name) && elements(input.shape) > 0
        ? outliersIn(input, index, now)
        : [],
    );
    if (found.length === 0) break;
    const places = kept;
    outliers.push(...found.map((each) => ({ ...each, sample: places[each.sample]! })));
    const gone = new Set(found.map(({ sample }) => places[sample]!));
    kept = kept.filter((i) => !gone.has(i));
    if (all.length - kept.length > most) return { kept: all, outliers: [] };
  }
  return { kept, outliers };
}

const short = (value: number): string => String(Number(value.toPrecision(4)));

/** One line for each. */
export const outlierWarnings = (outliers: readonly Outlier[]): string[] =>
  outliers.map(
    ({ sample, input, feature, value, others: [low, high] }) =>
      `calibration sample ${sample + 1} was left out: feature ${feature} of ${input} is ${short(value)}, ` +
      `where all others are from ${short(low)} to ${short(high)}`,
  );

/** Fewer samples than this are no picture of what a model will see. */
const FEW = 8;

/** A warning about the number of samples. */
export const fewWarnings = (samples: readonly Sample[]): string[] =>
  samples.length > 0 && samples.length < FEW
    ? [
        `${samples.length} calibration sample${samples.length === 1 ? "" : "s"}: values beyond ${samples.length === 1 ? "it" : "them"} are cut off; a few hundred make a model to trust`,
      ]
    : [];
