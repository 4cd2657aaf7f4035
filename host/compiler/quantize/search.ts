/** Finds the integer graph that is nearest to a float one: every step is kept only where samples say it helps. */

import type { Graph } from "../../ir/graph.ts";
import type { Statistics } from "../../module/metadata.ts";
import type { Sample } from "../../ops/border.ts";
import { observe, statisticsOf } from "./calibrate.ts";
import { type Calibration, type ChosenRange, chooseRanges } from "./choose_ranges.ts";
import { dataFreeRanges, randomSamples } from "./data_free.ts";
import {
  type ChannelExtents,
  type Extents,
  emptyExtents,
  equalizablePairs,
  equalizePair,
  type Pair,
  type Seen,
} from "./equalize.ts";
import { foldsOf } from "./folds.ts";
import type { Histogram } from "./histogram.ts";
import { choosePrecision, isEnough, type PrecisionChoice } from "./precision.ts";
import { quantizeGraph } from "./quantize.ts";
import { type RangeMethod, rangeBy } from "./range_methods.ts";
import { isHeldOut, type Refinement, refine } from "./refine.ts";
import { withHeadroom } from "./scale_inputs.ts";
import {
  isBetter,
  judge,
  type Memo,
  type Score,
  scoreOf,
  type Target,
  targetOf,
  triesFor,
  type Verdict,
  withinBudget,
} from "./score.ts";

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
  /** The float graph that it was made from: the imported function with channels of inner tensors scaled. */
  readonly float: Graph;
  /** Ranges of the tensors of `float`. */
  readonly ranges: ReadonlyMap<string, ChosenRange>;
  /** Steps that were taken, and their reasons, one line each. */
  readonly steps: readonly string[];
}

/** A float graph with what was seen of its tensors. */
export interface Observed {
  readonly graph: Graph;
  readonly histograms: ReadonlyMap<string, Histogram>;
  /** Pairs of layers whose channels may be equalised. */
  readonly extents: Extents;
}

/** Everything that the integer graph follows from. */
interface Plan extends Observed {
  readonly ranges: ReadonlyMap<string, ChosenRange>;
}

/** A plan, and the samples that it was made from. */
interface Fitted {
  readonly plan: Plan;
  readonly samples: readonly Sample[];
}

/** One that other samples judge. */
interface Judged extends Fitted {
  readonly target: Target;
}

/** Where a search is: the plan, the same made from parts of the samples, and the lines that say how it came there. */
interface State {
  readonly whole: Fitted;
  readonly folds: readonly Judged[];
  readonly score: Score;
  /** Results of the folds' integer graphs. */
  readonly memos: readonly Memo[];
  readonly steps: readonly string[];
}

const judgeFolds = (folds: readonly Judged[], memos?: readonly Memo[]): Verdict =>
  judge(
    folds.map(({ plan, target }) => ({ quantized: quantizePlan(plan), target })),
    memos,
  );

/** A state with a change of its plan, where that is clearly better on samples that it was not made from. */
function tryChange(state: State, change: (fitted: Fitted) => Plan, steps: readonly string[] = []): State {
  const folds = state.folds.map((fold) => ({ ...fold, plan: change(fold) }));
  const { score, memos } = judgeFolds(folds, state.memos);
  if (!isBetter(score, state.score)) return state;
  const whole = { ...state.whole, plan: change(state.whole) };
  return { whole, folds, score, memos, steps: [...state.steps, ...steps] };
}

/** A step with so many parameters that it could learn the samples by heart is judged by other samples. */
function heldOut(float: Graph, samples: readonly Sample[]): Target {
  const held = samples.filter((_, i) => isHeldOut(i));
  return targetOf(float, withinBudget(float, held.length > 0 ? held : samples));
}

const quantizePlan = ({ graph, ranges }: Plan): Graph => quantizeGraph(graph, ranges);

const withRanges = (observed: Observed, samples: readonly Sample[], method: Calibration): Plan => ({
  ...observed,
  ranges: chooseRanges(observed.graph, observed.histograms, samples, method),
});

/** Samples that one change is judged by. */
const judgesOf = ({ folds }: State): number =>
  folds.reduce((sum, { target }) => sum + target.samples.length, 0);

function equalized({ plan, samples }: Fitted, pairs: readonly Pair[], method: Calibration): Plan {
  const { graph, extents } = pairs.reduce<Seen>(equalizePair, plan);
  if (graph === plan.graph) return plan;
  // Any other method needs the values themselves.
  if (method !== "minmax") return withRanges(observeGraph(graph, samples), samples, method);
  const ranges = new Map(plan.ranges);
  for (const name of pairs.flatMap(({ between }) => between)) ranges.set(name, rangeOf(extents.get(name)!));
  return { ...plan, graph, extents, ranges };
}

const rangeOf = ({ min, max }: ChannelExtents): ChosenRange => ({
  min: min.reduce((a, b) => Math.min(a, b)),
  max: max.reduce((a, b) => Math.max(a, b)),
  method: "minmax",
});

/** Another look at the samples: of tensors between equalised layers only extents are known. */
const observedAgain = (plan: Plan, samples: readonly Sample[], method: Calibration): Plan =>
  withRanges(observeGraph(plan.graph, samples), samples, method);

/** Pair by pair, or all at once where that takes too long: kept where the whole model is served better. */
function equalize(start: State, method: Calibration): State {
  const { graph } = start.whole.plan;
  const pairs = equalizablePairs(graph);
  const groups = pairs.length > triesFor(graph, judgesOf(start)) ? [pairs] : pairs.map((pair) => [pair]);
  const found = groups.reduce((state, group) => {
    const lines = group.map(({ first, second }) => `${first.name} and ${second.name}: channels equalised`);
    return tryChange(state, (fitted) => equalized(fitted, group, method), lines);
  }, start);
  if (found === start || method !== "minmax") return found;
  const again = <F extends Fitted>(fitted: F): F => ({
    ...fitted,
    plan: observedAgain(fitted.plan, fitted.samples, method),
  });
  return { ...found, whole: again(found.whole), folds: found.folds.map(again) };
}

function narrowed({ plan }: Fitted, tensor: string, method: RangeMethod): Plan {
  const range = rangeBy(method, plan.histograms.get(tensor)!);
  return { ...plan, ranges: new Map(plan.ranges).set(tensor, { ...range, method }) };
}

/** Narrower ranges have to serve the whole model better too. */
function narrowRanges(start: State): State {
  const { plan, samples } = start.whole;
  const wanted = [...withRanges(plan, samples, "auto").ranges].filter(
    ([, { method }]) => method !== "minmax",
  );
  return wanted
    .slice(0, triesFor(plan.graph, judgesOf(start)))
    .reduce(
      (state, [name, { method }]) =>
        tryChange(state, (fitted) => narrowed(fitted, name, method as RangeMethod)),
      start,
    );
}

interface Refined {
  readonly quantized: Graph;
  /** On the samples held out, and on all. */
  readonly scores: readonly Score[];
  readonly steps: readonly string[];
}

/** The best of what refinements make of a graph, and of the graph itself: by samples held out and by all. */
function refineBest(
  float: Graph,
  plain: Graph,
  samples: readonly Sample[],
  target: Target,
  { rounding = "adaptive", biasCorrection = true }: SearchOptions,
): Refined {
  const subjects = withinBudget(float, samples, 4);
  const targets = [heldOut(float, samples), target];
  const scoresOf = (quantized: Graph): Score[] => targets.map((each) => scoreOf(quantized, each));
  const tries: (Refinement & { line: string })[] = [
    { rounding: true, biasCorrection: true, line: "weights rounded adaptively, biases corrected" },
    { rounding: false, biasCorrection: true, line: "biases corrected" },
    { rounding: true, biasCorrection: false, line: "weights rounded adaptively" },
  ];
  let best: Refined = { quantized: plain, scores: scoresOf(plain), steps: [] };
  // Each walks through all layers and is judged twice.
  for (const each of tries.slice(0, triesFor(float, 3 * target.samples.length))) {
    if ((each.rounding && rounding === "nearest") || (each.biasCorrection && !biasCorrection)) continue;
    const quantized = refine(float, plain, subjects, each);
    const scores = scoresOf(quantized);
    if (scores.every((score, i) => isBetter(score, best.scores[i]!)))
      best = { quantized, scores, steps: [each.line] };
  }
  return best;
}

/** Values of a float graph's tensors on samples, and on rows of tables a little further out. */
export function observeGraph(graph: Graph, samples: readonly Sample[]): Observed {
  const extents = emptyExtents(equalizablePairs(graph));
  return { graph, histograms: observe(graph, withHeadroom(graph, samples), extents), extents };
}

export const allStatistics = ({ histograms }: Observed): Map<string, Statistics> =>
  new Map([...histograms].map(([name, histogram]) => [name, statisticsOf(histogram)]));

function startOf(observed: Observed, samples: readonly Sample[], method: Calibration): State {
  const { graph } = observed;
  const folds = foldsOf(graph, samples).map(({ fitting, judging }) => ({
    plan: withRanges(observeGraph(graph, fitting), fitting, method),
    samples: fitting,
    target: targetOf(graph, judging),
  }));
  const whole = { plan: withRanges(observed, samples, method), samples };
  return { whole, folds, ...judgeFolds(folds), steps: [] };
}

/** The nearest integer graph by samples of what the model will see. */
export function searchQuantization(
  observed: Observed,
  samples: readonly Sample[],
  options: SearchOptions = {},
): Found {
  const { calibration = "auto", equalize: wanted = true } = options;
  const method = calibration === "auto" ? "minmax" : calibration;
  let state = startOf(observed, samples, method);
  if (wanted) state = equalize(state, method);
  if (calibration === "auto") state = narrowRanges(state);
  // The final loss is measured on more samples than a try is worth.
  const target = targetOf(observed.graph, withinBudget(observed.graph, samples, 1 / 2));
  return finish(state, samples, target, options);
}

/** Types, weights and biases for the ranges that were found. */
function finish(
  { whole: { plan }, steps }: State,
  samples: readonly Sample[],
  target: Target,
  options: SearchOptions,
): Found {
  const { graph, ranges } = plan;
  const narrow = options.precision === "int16" ? undefined : refinedInt8(plan, samples, target, options);
  if (narrow)
    return { quantized: narrow.quantized, float: graph, ranges, steps: [...steps, ...narrow.steps] };
  const chosen = choosePrecision(plan, target, options);
  const plain = quantizeGraph(graph, chosen.ranges, { precision: chosen.precision });
  const refined = refineBest(graph, plain, samples, target, options);
  return {
    quantized: refined.quantized,
    float: graph,
    ranges: chosen.ranges,
    steps: [...steps, ...chosen.steps, ...refined.steps],
  };
}

/** A loss so many times too large is not mended by better weights and biases. */
const MENDABLE = 4;

/** int8 with better weights and biases, where that loses little enough: 16 bits would cost more. */
function refinedInt8(
  plan: Plan,
  samples: readonly Sample[],
  target: Target,
  options: SearchOptions,
): Refined | undefined {
  const { graph } = plan;
  const plain = quantizePlan(plan);
  const { loss } = scoreOf(plain, target);
  const { strict, judged } = target;
  // A layer that costs next to nothing takes 16 bits, since only these samples say that fewer are enough.
  const canAfford = strict && judged.task !== "autoencoder" && judged.task !== "image";
  if (options.precision !== "int8" && (canAfford || loss > MENDABLE)) return undefined;
  const refined = refineBest(graph, plain, samples, target, options);
  return options.precision === "int8" || isEnough(refined.scores[1]!, graph, target) ? refined : undefined;
}

/** Quantisation without data: random inputs say nothing of which weights and decisions matter. */
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
