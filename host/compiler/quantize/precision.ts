/** Which tensors need 16 bits: those where int8 loses most, one after another until the model decides as before. */

import { type Graph, ModelError, type Node, readers, writers } from "../../ir/graph.ts";
import { operatorOf } from "../../ops/index.ts";
import { checkQuantized } from "../../ops/spec.ts";
import type { ChosenRange } from "./choose_ranges.ts";
import type { Histogram } from "./histogram.ts";
import { decides } from "./loss.ts";
import { measureLayers } from "./measure.ts";
import { type Precision, quantizeGraph } from "./quantize.ts";
import { isBetter, judge, type Memo, type Score, type Target, triesFor } from "./score.ts";

export const PRECISIONS = ["auto", "int8", "int16"] as const;
export type PrecisionChoice = (typeof PRECISIONS)[number];

export interface PrecisionOptions {
  readonly precision?: PrecisionChoice;
  /** Whether a graph keeps within what a board has; any does unless it says otherwise. */
  readonly fits?: (quantized: Graph) => boolean;
}

/** A float graph with the ranges that int8 would have. */
export interface Subject {
  readonly graph: Graph;
  readonly ranges: ReadonlyMap<string, ChosenRange>;
  readonly histograms: ReadonlyMap<string, Histogram>;
}

export interface ChosenPrecision {
  readonly precision: ReadonlyMap<string, Precision>;
  readonly ranges: ReadonlyMap<string, ChosenRange>;
  readonly steps: readonly string[];
}

/** For models that cost next to nothing, decisions that other data may change. */
const ENOUGH_RISK = 0.001;
/** Linear models and their kin decide next to a border that int16 costs nothing to keep. */
const ENOUGH_LINEAR_RISK = 1e-6;
/** Noise to signal that is enough where a cheap model's output is a value: errors within 1 % of its range. */
const ENOUGH_NOISE = 5e-5;
/** Bits to spare let int16 hold twice what was seen, which other inputs may reach. */
const HEADROOM = 2;

const widened = ({ min, max }: Histogram): ChosenRange => ({
  min: HEADROOM * min,
  max: HEADROOM * max,
  method: "minmax, twice",
});

interface Attempt {
  readonly chosen: Omit<ChosenPrecision, "steps">;
  readonly quantized: Graph;
  readonly score: Score;
  readonly memos: readonly Memo[];
}

/** The graph with some tensors of int16, most of it as in `like`; undefined where operators, the scales or the board do not allow it. */
function attempt(
  { graph, ranges, histograms }: Subject,
  wide: ReadonlySet<string>,
  target: Target,
  fits: (quantized: Graph) => boolean,
  like?: Attempt,
): Attempt | undefined {
  const precision = new Map<string, Precision>([...wide].map((name) => [name, "int16"]));
  const widenedRanges = new Map(
    [...ranges].map(([name, range]) => [name, wide.has(name) ? widened(histograms.get(name)!) : range]),
  );
  try {
    const quantized = checkQuantized(quantizeGraph(graph, widenedRanges, { precision }), "quantize");
    if (wide.size > 0 && !fits(quantized)) return undefined;
    return {
      chosen: { precision, ranges: widenedRanges },
      quantized,
      ...judge([{ quantized, target }], like?.memos),
    };
  } catch (error) {
    if (error instanceof ModelError) return undefined;
    throw error;
  }
}

const writes16 = ({ op }: Node): boolean => operatorOf(op).types.includes("int16");

/** A tensor, and the same with what its readers write: many operators read 16 bits only to write as many. */
function spreadsOf(graph: Graph, tensor: string): ReadonlySet<string>[] {
  const writer = writers(graph).get(tensor);
  if (writer && !writes16(writer)) return [];
  const next = (readers(graph).get(tensor) ?? []).filter(writes16);
  return [new Set([tensor]), new Set([tensor, ...next.flatMap(({ outputs }) => outputs)])];
}

/** Everything that can be of int16, and what is so already: some operators read 16 bits and write 32. */
function allWide(graph: Graph, wide: Iterable<string>): ReadonlySet<string> {
  const written = graph.nodes.filter(writes16).flatMap(({ outputs }) => outputs);
  const readBy = readers(graph);
  const read = graph.inputs.filter((name) => readBy.get(name)?.every(writes16));
  return new Set([...written, ...read, ...wide]);
}

/** Weights of dense layers among them. */
const denseWeights = (graph: Graph, wide: ReadonlySet<string>): string[] =>
  graph.nodes
    .filter(({ op, outputs }) => op === "fully_connected" && wide.has(outputs[0]!))
    .map(({ inputs }) => inputs[1]!);

/** One layer of weights at most. */
const isLinear = (graph: Graph): boolean =>
  graph.nodes.filter(({ op }) => operatorOf(op).quantization.weights).length <= 1;

/** Whether no more may be lost than is: see loss.ts. */
export function isEnough({ loss, risk, noise }: Score, graph: Graph, { judged, strict }: Target): boolean {
  if (loss > 1) return false;
  if (!strict || judged.task === "autoencoder" || judged.task === "image") return true;
  const most = isLinear(graph) ? ENOUGH_LINEAR_RISK : ENOUGH_RISK;
  return decides(judged.task) ? risk <= most : noise <= ENOUGH_NOISE;
}

/** Sets of tensors to raise, the noisiest tensor's first. */
function byNoise({ graph }: Subject, { quantized }: Attempt, target: Target): ReadonlySet<string>[] {
  return measureLayers(graph, quantized, target.samples)
    .toSorted((a, b) => a.sqnr - b.sqnr)
    .flatMap(({ tensor }) => spreadsOf(graph, tensor));
}

const describe = (wide: ReadonlySet<string>): string[] =>
  wide.size > 0 ? [`16 bits for ${[...wide].join(", ")}`] : [];

/** The inputs of a search for types. */
interface Search {
  readonly subject: Subject;
  readonly target: Target;
  readonly fits: (quantized: Graph) => boolean;
}

/** int16 wherever operators allow it beside the tensors that are `already`, with int16 weights in dense layers where that helps. */
function widest({ subject, target, fits }: Search, already: Iterable<string> = []): Attempt | undefined {
  const wide = allWide(subject.graph, already);
  const activations = attempt(subject, wide, target, fits);
  const all = new Set([...wide, ...denseWeights(subject.graph, wide)]);
  const weights = attempt(subject, all, target, fits);
  return weights && (!activations || isBetter(weights.score, activations.score)) ? weights : activations;
}

/** Parts of the tensors, noisiest first, that are raised together where one after another was not enough. */
const PARTS = [1 / 4, 1 / 2] as const;

/** The cheapest of ever more tensors of int16, all of them at last, that loses little enough, or least. */
function raiseParts(search: Search, best: Attempt, spreads: readonly ReadonlySet<string>[]): Attempt {
  const { subject, target, fits } = search;
  const parts = PARTS.map((part) => {
    const some = spreads.slice(0, Math.ceil(part * spreads.length)).flatMap((spread) => [...spread]);
    return (): Attempt | undefined =>
      attempt(subject, new Set([...best.chosen.precision.keys(), ...some]), target, fits);
  });
  let found = best;
  for (const each of [...parts, () => widest(search, best.chosen.precision.keys())]) {
    const tried = each();
    if (tried && tried.score.loss < found.score.loss) found = tried;
    if (isEnough(found.score, subject.graph, target)) break;
  }
  return found;
}

/** Whether a score is better than another, or loses little enough where the other does not: scores of equal noise can have outputs of unequal loss. */
const improves = (a: Score, b: Score): boolean =>
  isBetter(a, b) || (a.loss <= 1 && b.loss > 1 && a.agreement >= b.agreement);

function raise(search: Search, int8: Attempt): Attempt {
  const { subject, target, fits } = search;
  const { graph } = subject;
  if (isEnough(int8.score, graph, target)) return int8;
  const tries = triesFor(graph, target.samples.length);
  const spreads = byNoise(subject, int8, target);
  let best = int8;
  for (const spread of spreads.slice(0, tries)) {
    if (isEnough(best.score, graph, target)) return best;
    const wide = new Set([...best.chosen.precision.keys(), ...spread]);
    if (wide.size === best.chosen.precision.size) continue;
    const tried = attempt(subject, wide, target, fits, best);
    // Less noise alone is not worth the time of a larger model.
    const helps = tried && (target.strict || tried.score.loss < best.score.loss);
    if (helps && improves(tried.score, best.score)) best = tried;
  }
  if (isEnough(best.score, graph, target)) return best;
  if (best.score.loss > 1 && !target.strict) return raiseParts(search, best, spreads);
  const all = widest(search, best.chosen.precision.keys());
  const losesLess = all && best.score.loss > 1 && all.score.loss < best.score.loss;
  return all && (losesLess || isBetter(all.score, best.score)) ? all : best;
}

/** Operators by which int16 is impossible, by their nodes. */
function noInt16(graph: Graph): ModelError {
  const nodes = graph.nodes.filter((node) => !writes16(node)).map(({ name, op }) => `${name} (${op})`);
  const found = nodes.length > 0 ? nodes.join(", ") : "types that do not fit together";
  return new ModelError(`--precision int16: expected operators that compute in int16, found ${found}`);
}

/** The types of a graph's tensors; steps say which are wide. */
export function choosePrecision(
  subject: Subject,
  target: Target,
  { precision = "auto", fits = () => true }: PrecisionOptions = {},
): ChosenPrecision {
  const int8: ChosenPrecision = { precision: new Map(), ranges: subject.ranges, steps: [] };
  if (precision === "int8") return int8;
  if (precision === "int16") {
    const all = widest({ subject, target, fits: () => true });
    if (!all) throw noInt16(subject.graph);
    return { ...all.chosen, steps: describe(new Set(all.chosen.precision.keys())) };
  }
  const start = attempt(subject, new Set(), target, fits);
  if (!start) return int8;
  const { chosen } = raise({ subject, target, fits }, start);
  return { ...chosen, steps: describe(new Set(chosen.precision.keys())) };
}
