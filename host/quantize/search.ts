/** Finds the integer graph that is nearest to a float one: every step is kept only where samples say it helps. */
import type { Graph } from "../ir/graph.ts";
import { observe, type Statistics, statisticsOf } from "./calibrate.ts";
import { type Calibration, type ChosenRange, chooseRanges } from "./choose_ranges.ts";
import { dataFreeRanges, randomSamples } from "./data_free.ts";
import { equalizablePairs, equalizePair } from "./equalize.ts";
import type { Histogram } from "./histogram.ts";
import { choosePrecision, type PrecisionChoice } from "./precision.ts";
import { quantizeGraph } from "./quantize.ts";
import { isHeldOut, type Refinement, refine } from "./refine.ts";
import type { Sample } from "./samples.ts";
import { isBetter, type Score, scoreOf, type Target, targetOf, withinBudget } from "./score.ts";

export const ROUNDING = ["nearest", "adaptive"] as const;
export type Rounding = (typeof ROUNDING)[number];

export interface SearchOptions {
  /** How ranges are found; auto: for each tensor by the method that does the least harm. */
  readonly calibration?: Calibration;
  /** Cross-layer equalisation; on unless it is false. */
  readonly equalize?: boolean;
  /** On unless it is false. */
  readonly biasCorrection?: boolean;
  /** Adaptive unless it is "nearest". */
  readonly rounding?: Rounding;
  /** auto: int16 where int8 decides otherwise than the float model. */
  readonly precision?: PrecisionChoice;
  /** Whether a graph keeps within what a board has. */
  readonly fits?: (quantized: Graph) => boolean;
}

export interface Found {
  readonly quantized: Graph;
  /** What it was made from: the same function, channels of inner tensors scaled. */
  readonly float: Graph;
  /** Of the tensors of `float`. */
  readonly ranges: ReadonlyMap<string, ChosenRange>;
  /** What was done, and what for, one line each. */
  readonly steps: readonly string[];
}

/** A float graph with what was seen of its tensors. */
export interface Observed {
  readonly graph: Graph;
  readonly histograms: ReadonlyMap<string, Histogram>;
}

/** Everything that the integer graph follows from. */
interface Plan extends Observed {
  readonly ranges: ReadonlyMap<string, ChosenRange>;
}

const MOST_TRIES = 12;

/** Where a search is: the plan, its score, and the lines that say how it came there. */
interface State {
  readonly plan: Plan;
  readonly score: Score;
  readonly steps: readonly string[];
}

/** What has so many parameters that it could learn the samples by heart is judged by others. */
function heldOut(float: Graph, samples: readonly Sample[]): Target {
  const held = samples.filter((_, i) => isHeldOut(i));
  return targetOf(float, withinBudget(float, held.length > 0 ? held : samples));
}

const quantizePlan = ({ graph, ranges }: Plan): Graph => quantizeGraph(graph, ranges);

const withRanges = (observed: Observed, samples: readonly Sample[], method: Calibration): Plan => ({
  ...observed,
  ranges: chooseRanges(observed.graph, observed.histograms, samples, method),
});

/** Pair by pair, as long as the ranges that it leads to serve the whole model better. */
function equalize(state: State, samples: readonly Sample[], target: Target, method: Calibration): State {
  let current = state;
  for (const pair of equalizablePairs(state.plan.graph).slice(0, MOST_TRIES)) {
    const graph = equalizePair(current.plan.graph, pair, samples);
    if (graph === current.plan.graph) continue;
    const plan = withRanges({ graph, histograms: observe(graph, samples) }, samples, method);
    const score = scoreOf(quantizePlan(plan), target);
    if (!isBetter(score, current.score)) continue;
    const line = `${pair.first.name} and ${pair.second.name}: channels equalised`;
    current = { plan, score, steps: [...current.steps, line] };
  }
  return current;
}

/** Narrower ranges have to serve the whole model better too. */
function narrowRanges(state: State, samples: readonly Sample[], target: Target): State {
  const { plan } = state;
  const wanted = [...withRanges(plan, samples, "auto").ranges].filter(
    ([, { method }]) => method !== "minmax",
  );
  let current = state;
  for (const [name, range] of wanted.slice(0, MOST_TRIES)) {
    const tried: Plan = { ...current.plan, ranges: new Map(current.plan.ranges).set(name, range) };
    const score = scoreOf(quantizePlan(tried), target);
    if (isBetter(score, current.score)) current = { ...current, plan: tried, score };
  }
  return current;
}

interface Refined {
  readonly quantized: Graph;
  readonly score: Score;
  readonly steps: readonly string[];
}

/** The best of what refinements make of a graph, and of the graph itself. */
function refineBest(
  float: Graph,
  plain: Graph,
  samples: readonly Sample[],
  { rounding = "adaptive", biasCorrection = true }: SearchOptions,
): Refined {
  const subjects = withinBudget(float, samples, 4);
  const target = heldOut(float, samples);
  const tries: (Refinement & { line: string })[] = [
    { rounding: true, biasCorrection: true, line: "weights rounded adaptively, biases corrected" },
    { rounding: false, biasCorrection: true, line: "biases corrected" },
    { rounding: true, biasCorrection: false, line: "weights rounded adaptively" },
  ];
  let best: Refined = { quantized: plain, score: scoreOf(plain, target), steps: [] };
  for (const each of tries) {
    if ((each.rounding && rounding === "nearest") || (each.biasCorrection && !biasCorrection)) continue;
    const quantized = refine(float, plain, subjects, each);
    const score = scoreOf(quantized, target);
    if (isBetter(score, best.score)) best = { quantized, score, steps: [each.line] };
  }
  return best;
}

/** What the tensors of a float graph take as values on all samples. */
export const observeGraph = (graph: Graph, samples: readonly Sample[]): Observed => ({
  graph,
  histograms: observe(graph, samples),
});

export const allStatistics = ({ histograms }: Observed): Map<string, Statistics> =>
  new Map([...histograms].map(([name, histogram]) => [name, statisticsOf(histogram)]));

/** The nearest integer graph by samples of what the model will see. */
export function searchQuantization(
  observed: Observed,
  samples: readonly Sample[],
  options: SearchOptions = {},
): Found {
  const { calibration = "auto" } = options;
  const method = calibration === "auto" ? "minmax" : calibration;
  const target = targetOf(observed.graph, withinBudget(observed.graph, samples));
  const start = withRanges(observed, samples, method);
  let state: State = { plan: start, score: scoreOf(quantizePlan(start), target), steps: [] };
  if (options.equalize ?? true) state = equalize(state, samples, target, method);
  if (calibration === "auto") state = narrowRanges(state, samples, target);
  return finish(state, samples, target, options);
}

/** Types, weights and biases for the ranges that were found. */
function finish(
  { plan, steps }: State,
  samples: readonly Sample[],
  target: Target,
  options: SearchOptions,
): Found {
  const { graph } = plan;
  const chosen = choosePrecision(plan, target, options);
  const plain = quantizeGraph(graph, chosen.ranges, { precision: chosen.precision });
  const refined = refineBest(graph, plain, samples, options);
  return {
    quantized: refined.quantized,
    float: graph,
    ranges: chosen.ranges,
    steps: [...steps, ...chosen.steps, ...refined.steps],
  };
}

/** The same without data: random inputs say nothing of which weights and decisions matter. */
export function quantizeWithoutData(observed: Observed, { precision, fits }: SearchOptions = {}): Found {
  const { graph, histograms } = observed;
  const subject = { graph, histograms, ranges: dataFreeRanges(graph, histograms) };
  const types = precision === "int16" ? "int16" : "int8";
  const target = targetOf(graph, randomSamples(graph).slice(0, 8));
  const chosen = choosePrecision(subject, target, { precision: types, ...(fits && { fits }) });
  return {
    quantized: quantizeGraph(graph, chosen.ranges, { precision: chosen.precision }),
    float: graph,
    ranges: chosen.ranges,
    steps: chosen.steps,
  };
}
