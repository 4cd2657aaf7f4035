/** How near an integer graph is to the float one, as the searches of the quantiser compare them. */

import {
  byteSize,
  elements,
  fromBytes,
  type Graph,
  type Tensor,
  tensorOf,
  toBytes,
  writers,
} from "../../ir/graph.ts";
import { borderOf, dequantizeBytes, type Sample, toFloatInputs, toInputBytes } from "../../ops/border.ts";
import { decide, decidesAlone, thresholdOf } from "../../ops/decision.ts";
import { operatorOf } from "../../ops/index.ts";
import { bind } from "../../ops/operator.ts";
import { evaluateGraph, initialStates, type Trace } from "../../runtime/engines/reference.ts";
import { isLower } from "./evidence.ts";
import { evaluateLayer, traceOf } from "./layers.ts";
import { decides, type Judged, judgedOf, lossOf } from "./loss.ts";

/** Steps of one look at the samples: a few tenths of a second. */
const BUDGET = 2 ** 26;
const LEAST_SAMPLES = 16;

export const macsOf = (graph: Graph): number =>
  graph.nodes.reduce((sum, node) => sum + operatorOf(node.op).macs(bind(graph, node)), 0);

/** Steps of one inference: multiply-accumulates, and what a value costs beside them. */
function stepsOf(graph: Graph): number {
  const values = [...graph.tensors.values()].reduce((sum, { shape }) => sum + elements(shape), 0);
  return macsOf(graph) + 16 * values;
}

/** Evenly spread samples whose work fits the budget, `times` over; a few in any case. */
export function withinBudget(graph: Graph, samples: readonly Sample[], times = 1): readonly Sample[] {
  const most = Math.max(LEAST_SAMPLES, Math.floor(BUDGET / (times * stepsOf(graph))));
  if (samples.length <= most) return samples;
  return Array.from({ length: most }, (_, i) => samples[Math.floor((i * samples.length) / most)]!);
}

/** Steps of all tries of one kind: a few seconds. */
const SEARCH_BUDGET = 2 ** 30;
const MOST_TRIES = 16;

/** How many times a search may run so many samples: large models are searched less. */
export const triesFor = (graph: Graph, samples: number): number =>
  Math.max(1, Math.min(MOST_TRIES, Math.floor(SEARCH_BUDGET / (samples * stepsOf(graph) + 1))));

/** The float model's results on samples. */
export interface Target {
  readonly samples: readonly Sample[];
  /** Tensors that are compared: of each output the scores that a last softmax or sigmoid is given, or itself; then outputs. */
  readonly tensors: readonly string[];
  /** Values of these tensors, for each sample. */
  readonly values: readonly (readonly Float32Array[])[];
  /** The output that the model is judged by, and what it is, of each sample. */
  readonly judged: Judged;
  readonly outputs: readonly Float32Array[];
  readonly decisions: readonly number[];
  /** Above which a single score decides for the second of two classes, where one does. */
  readonly border: number | undefined;
  /** Errors of values are judged by the greatest: the model costs so little that it can afford it. */
  readonly strict: boolean;
}

/** Multiply-accumulates up to which int16 throughout is a matter of a millisecond or two. */
const CHEAP = 2 ** 14;

export const isCheap = (graph: Graph): boolean => macsOf(graph) <= CHEAP;

/** Where errors still show: a saturated probability hides them, and lets few samples dominate. */
export function scoresOf(graph: Graph): string[] {
  const writer = writers(graph);
  return graph.outputs.map((name) => {
    const node = writer.get(name);
    return node && operatorOf(node.op).squashes ? node.inputs[0]! : name;
  });
}

/** The score at which a single output decides: what a logistic makes the threshold of. */
function borderScore(graph: Graph, { output }: Judged): number | undefined {
  if (!decidesAlone(output, elements(output.shape))) return undefined;
  const threshold = thresholdOf(output);
  const isLogistic = writers(graph).get(output.name)?.op === "logistic";
  return isLogistic ? Math.log(threshold / (1 - threshold)) : threshold;
}

export function targetOf(float: Graph, samples: readonly Sample[]): Target {
  const tensors = [...scoresOf(float), ...float.outputs];
  const judged = judgedOf(float);
  const { output } = judged;
  const traces = samples.map((sample) => traceOf(float, toFloatInputs(float, sample)));
  const outputs = traces.map((trace) => Float32Array.from(trace.get(output.name)!));
  return {
    samples,
    tensors,
    values: traces.map((trace) => tensors.map((name) => Float32Array.from(trace.get(name)!))),
    judged,
    outputs,
    decisions: outputs.map((values) => decide(values, output)),
    border: borderScore(float, judged),
    strict: isCheap(float),
  };
}

export interface Score {
  /** Mean over all scores of noise to signal, the signal around its mean; the same of outputs. */
  readonly noise: number;
  readonly outputNoise: number;
  /** Each sample's share of both, times the number of samples. */
  readonly errors: readonly number[];
  readonly outputErrors: readonly number[];
  /** Share of samples decided as by the float model; 1 where outputs decide nothing. */
  readonly agreement: number;
  /** The loss as a multiple of the allowed one: see `lossOf`. */
  readonly loss: number;
  /**
   * Share of decisions that errors of this size will change, which a few hundred samples are too few to
   * count: of a normal error as large as the one seen between the two greatest scores.
   */
  readonly risk: number;
}

/** An integer graph, and what it is to come to on samples of its own. */
export interface Trial {
  readonly quantized: Graph;
  readonly target: Target;
}

/** Probability that a standard normal variable is greater than x >= 0 (Abramowitz and Stegun, 26.2.17). */
function tail(x: number): number {
  const t = 1 / (1 + 0.2316419 * x);
  const series =
    t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return (Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI)) * series;
}

/** By how much the greatest value leads, or a single one the border, and by how much the same two differ in another output. */
function margins(
  expected: Float32Array,
  found: Float32Array,
  border: number,
): { margin: number; error: number } {
  if (expected.length === 1) {
    const [score, other] = [expected[0]! - border, found[0]! - border];
    return { margin: Math.abs(score), error: Math.sign(score) * (other - score) };
  }
  const order = Array.from(expected.keys()).sort((a, b) => expected[b]! - expected[a]!);
  const [first, second] = [order[0]!, order[1]!];
  const margin = expected[first]! - expected[second]!;
  return { margin, error: found[first]! - found[second]! - margin };
}

/** For each sample the mean squared error of one tensor, as a share of the signal of all samples. */
function errorsOf(expected: readonly Float32Array[], found: readonly Float32Array[]): number[] {
  let [sum, squares, count] = [0, 0, 0];
  for (const values of expected) {
    for (const value of values) {
      sum += value;
      squares += value * value;
    }
    count += values.length;
  }
  const signal = (squares - (sum * sum) / count || 1) / expected.length;
  return expected.map((values, i) => {
    const noise = values.reduce((total, value, j) => total + (value - found[i]![j]!) ** 2, 0);
    return noise / signal;
  });
}

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

/** Means over tensors, sample by sample. */
const meanErrors = (tensors: readonly (readonly number[])[]): number[] =>
  tensors[0]!.map((_, sample) => mean(tensors.map((errors) => errors[sample]!)));

interface Outcome {
  readonly values: readonly Float32Array[];
  /** Loss of the output that the model is judged by. */
  readonly output: Float32Array;
  readonly same: boolean;
}

/** Whether two tensors are the same numbers in the same form: computed ones may still have other values. */
function isSameTensor(a: Tensor, b: Tensor): boolean {
  if (a.dtype !== b.dtype || JSON.stringify(a.quantization) !== JSON.stringify(b.quantization)) return false;
  if (a.data === b.data) return true;
  if (!a.data || !b.data || a.data.length !== b.data.length) return false;
  for (let i = 0; i < a.data.length; i++) if (a.data[i] !== b.data[i]) return false;
  return true;
}

/** Nodes that compute in one graph what they did in the other, as nothing before them changed. */
function unchangedNodes(before: Graph, after: Graph): ReadonlySet<string> {
  const known = new Map(before.nodes.map((node) => [node.name, node]));
  const changed = new Set<string>();
  const isSame = (name: string): boolean => {
    if (name === "") return true;
    const [a, b] = [before.tensors.get(name), after.tensors.get(name)];
    return !changed.has(name) && a !== undefined && b !== undefined && isSameTensor(a, b);
  };
  const unchanged = new Set<string>();
  for (const node of after.nodes) {
    const other = known.get(node.name);
    const isLike =
      other?.op === node.op &&
      other.inputs.join("\n") === node.inputs.join("\n") &&
      other.outputs.join("\n") === node.outputs.join("\n") &&
      JSON.stringify(other.attributes) === JSON.stringify(node.attributes);
    if (isLike && [...node.inputs, ...node.outputs].every(isSame)) unchanged.add(node.name);
    else for (const name of node.outputs) changed.add(name);
  }
  return unchanged;
}

/** Results of an integer graph on each sample: results that a change leaves as they were are not computed again. */
export interface Memo {
  readonly graph: Graph;
  /** None where they would take too much memory. */
  readonly traces?: readonly Trace[];
}

/** Bytes of all values of all samples that are kept. */
const MEMO_BYTES = 2 ** 26;

const traceBytes = (graph: Graph): number =>
  [...graph.tensors.values()].reduce((sum, tensor) => sum + (tensor.data ? 0 : byteSize(tensor)), 0);

/** Values of the integer graph for each sample, those that the memo has too taken from it. */
function tracesOf({ quantized, target }: Trial, memo: Memo | undefined): Trace[] {
  const states = initialStates(quantized);
  const known = memo?.traces && unchangedNodes(memo.graph, quantized);
  return target.samples.map((sample, i) => {
    const inputs = toInputBytes(quantized, sample).map((bytes, n) =>
      fromBytes(tensorOf(quantized, quantized.inputs[n]!).dtype, bytes),
    );
    const before = memo?.traces?.[i];
    return evaluateGraph(quantized, inputs, states, (op, node, values) =>
      before && known!.has(node.name)
        ? node.outputs.map(({ name }) => before.get(name)!)
        : evaluateLayer(op, node, values),
    );
  });
}

function outcomesOf({ quantized, target }: Trial, traces: readonly Trace[]): Outcome[] {
  const { index, output: judged } = target.judged;
  const borders = target.tensors.map((name) => borderOf(tensorOf(quantized, name)));
  return traces.map((trace, i) => {
    const values = target.tensors.map((name, n) => dequantizeBytes(toBytes(trace.get(name)!), borders[n]!));
    const output = values[quantized.outputs.length + index]!;
    return { values, output, same: decide(output, judged) === target.decisions[i] };
  });
}

export interface Verdict {
  readonly score: Score;
  /** Results of each trial, for the next one that differs little. */
  readonly memos: readonly Memo[];
}

/** Runs each integer graph on its target's samples; `memos` are those of graphs that differ little. */
export function judge(trials: readonly Trial[], memos: readonly Memo[] = []): Verdict {
  const traces = trials.map((trial, i) => tracesOf(trial, memos[i]));
  const bytes = trials.reduce(
    (sum, { quantized, target }) => sum + traceBytes(quantized) * target.samples.length,
    0,
  );
  return {
    score: scoreOfTraces(trials, traces),
    memos: trials.map(({ quantized }, i) => ({
      graph: quantized,
      ...(bytes <= MEMO_BYTES && { traces: traces[i]! }),
    })),
  };
}

/** All together are what is judged. */
function scoreOfTraces(trials: readonly Trial[], traces: readonly (readonly Trace[])[]): Score {
  const outcomes = trials.flatMap((trial, i) => outcomesOf(trial, traces[i]!));
  const expected = trials.flatMap(({ target }) => target.values);
  const found = outcomes.map(({ values }) => values);
  const tensors = trials[0]!.target.tensors.map((_, n) =>
    errorsOf(
      expected.map((each) => each[n]!),
      found.map((each) => each[n]!),
    ),
  );
  const half = tensors.length / 2;
  const { judged, border, strict } = trials[0]!.target;
  const isDecision = decides(judged.task) && judged.task !== "clustering";
  const risky = border !== undefined || expected[0]![judged.index]!.length > 1;
  const inputs = trials.flatMap(({ target }) => target.samples.map(([first]) => first!));
  const [errors, outputErrors] = [meanErrors(tensors.slice(0, half)), meanErrors(tensors.slice(half))];
  return {
    noise: mean(errors),
    outputNoise: mean(outputErrors),
    errors,
    outputErrors,
    agreement: decides(judged.task) ? outcomes.filter(({ same }) => same).length / outcomes.length : 1,
    loss: lossOf(
      judged,
      trials.flatMap(({ target }) => target.outputs),
      outcomes.map(({ output }) => output),
      { strict, inputs },
    ),
    risk: isDecision && risky ? riskOf(expected, found, judged.index, border ?? 0) : 0,
  };
}

/** Runs the integer graph on the target's samples. */
export const scoreOf = (quantized: Graph, target: Target): Score => judge([{ quantized, target }]).score;

function riskOf(
  outputs: readonly (readonly Float32Array[])[],
  found: readonly (readonly Float32Array[])[],
  index: number,
  border: number,
): number {
  const all = outputs.map((each, i) => margins(each[index]!, found[i]![index]!, border));
  const deviation = Math.sqrt(all.reduce((sum, { error }) => sum + error * error, 0) / all.length);
  return all.reduce((sum, { margin }) => sum + tail(margin / (deviation || 1e-30)), 0) / all.length;
}

/**
 * Whether one score is clearly better than another, of the same samples: less noise (see `isLower`), but not at
 * the cost of decisions or outputs.
 */
export const isBetter = (a: Score, b: Score): boolean =>
  a.agreement >= b.agreement && isLower(a.errors, b.errors) && !isLower(b.outputErrors, a.outputErrors);
