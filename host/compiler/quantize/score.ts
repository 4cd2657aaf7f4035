/** How near an integer graph is to the float one, as the searches of the quantiser compare them. */

import { elements, fromBytes, type Graph, tensorOf, toBytes, writers } from "../../ir/graph.ts";
import { borderOf, dequantizeBytes, type Sample, toFloatInputs, toInputBytes } from "../../ops/border.ts";
import { operatorOf } from "../../ops/index.ts";
import { bind } from "../../ops/operator.ts";
import { decide, decideStored, isProbability } from "./compare.ts";
import { isLower } from "./evidence.ts";
import { traceOf } from "./layers.ts";

/** Multiply-accumulates of one look at the samples: about half a second. */
const BUDGET = 2 ** 27;
const LEAST_SAMPLES = 16;

export const macsOf = (graph: Graph): number =>
  graph.nodes.reduce((sum, node) => sum + operatorOf(node.op).macs(bind(graph, node)), 0);

/** Evenly spread samples whose work fits the budget, `times` over; a few in any case. */
export function withinBudget(graph: Graph, samples: readonly Sample[], times = 1): readonly Sample[] {
  const values = [...graph.tensors.values()].reduce(
    (sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1),
    0,
  );
  const most = Math.max(LEAST_SAMPLES, Math.floor(BUDGET / (times * (macsOf(graph) + 16 * values))));
  if (samples.length <= most) return samples;
  return Array.from({ length: most }, (_, i) => samples[Math.floor((i * samples.length) / most)]!);
}

/** Multiply-accumulates of all tries of one kind: about ten seconds. */
const SEARCH_BUDGET = 2 ** 32;
const MOST_TRIES = 16;

/** How many times a search may run so many samples: large models are searched less. */
export const triesFor = (graph: Graph, samples: number): number =>
  Math.max(1, Math.min(MOST_TRIES, Math.floor(SEARCH_BUDGET / (samples * macsOf(graph) + 1))));

/** What the float model makes of samples. */
export interface Target {
  readonly samples: readonly Sample[];
  /** What is compared: of each output the scores that a last softmax or sigmoid is given, or itself; then outputs. */
  readonly tensors: readonly string[];
  /** Values of these tensors, for each sample. */
  readonly values: readonly (readonly Float32Array[])[];
  /** What the first output decides, and whether it does so by the sign of a single score. */
  readonly decisions: readonly number[];
  readonly isSign: boolean;
}

/** Where errors still show: a saturated probability hides them, and lets few samples dominate. */
function scoresOf(graph: Graph): string[] {
  const writer = writers(graph);
  return graph.outputs.map((name) => {
    const node = writer.get(name);
    return node && operatorOf(node.op).squashes ? node.inputs[0]! : name;
  });
}

export function targetOf(float: Graph, samples: readonly Sample[]): Target {
  const tensors = [...scoresOf(float), ...float.outputs];
  const output = tensorOf(float, float.outputs[0]!);
  const traces = samples.map((sample) => traceOf(float, toFloatInputs(float, sample)));
  return {
    samples,
    tensors,
    values: traces.map((trace) => tensors.map((name) => Float32Array.from(trace.get(name)!))),
    decisions: traces.map((trace) => decide(trace.get(output.name)!, output)),
    isSign: isProbability(output, elements(output.shape)),
  };
}

export interface Score {
  /** Mean over all scores of noise to signal, the signal around its mean; the same of outputs. */
  readonly noise: number;
  readonly outputNoise: number;
  /** What each sample adds to both, times the number of samples. */
  readonly errors: readonly number[];
  readonly outputErrors: readonly number[];
  /** Share of samples decided as by the float model, on the first output. */
  readonly agreement: number;
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

/** By how much the greatest value leads, or a single one zero, and by how much the same two differ in another output. */
function margins(expected: Float32Array, found: Float32Array): { margin: number; error: number } {
  if (expected.length === 1) {
    const [score, other] = [expected[0]!, found[0]!];
    return { margin: Math.abs(score), error: Math.sign(score) * (other - score) };
  }
  const order = Array.from(expected.keys()).sort((a, b) => expected[b]! - expected[a]!);
  const [first, second] = [order[0]!, order[1]!];
  const margin = expected[first]! - expected[second]!;
  return { margin, error: found[first]! - found[second]! - margin };
}

/** Of each sample the mean squared error of one tensor, as a share of the signal of all samples. */
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
  readonly same: boolean;
}

function outcomesOf({ quantized, target }: Trial): Outcome[] {
  const output = tensorOf(quantized, quantized.outputs[0]!);
  const borders = target.tensors.map((name) => borderOf(tensorOf(quantized, name)));
  return target.samples.map((sample, i) => {
    const inputs = toInputBytes(quantized, sample).map((bytes, n) =>
      fromBytes(tensorOf(quantized, quantized.inputs[n]!).dtype, bytes),
    );
    const trace = traceOf(quantized, inputs);
    return {
      values: target.tensors.map((name, n) => dequantizeBytes(toBytes(trace.get(name)!), borders[n]!)),
      same: decideStored(trace.get(output.name)!, output) === target.decisions[i],
    };
  });
}

/** Runs each integer graph on its target's samples: all together are what is judged. */
export function scoreOfAll(trials: readonly Trial[]): Score {
  const outcomes = trials.flatMap(outcomesOf);
  const expected = trials.flatMap(({ target }) => target.values);
  const found = outcomes.map(({ values }) => values);
  const tensors = trials[0]!.target.tensors.map((_, n) =>
    errorsOf(
      expected.map((each) => each[n]!),
      found.map((each) => each[n]!),
    ),
  );
  const half = tensors.length / 2;
  const [errors, outputErrors] = [meanErrors(tensors.slice(0, half)), meanErrors(tensors.slice(half))];
  return {
    noise: mean(errors),
    outputNoise: mean(outputErrors),
    errors,
    outputErrors,
    agreement: outcomes.filter(({ same }) => same).length / outcomes.length,
    risk: trials[0]!.target.isSign || expected[0]![0]!.length > 1 ? riskOf(expected, found) : 0,
  };
}

/** Runs the integer graph on the target's samples. */
export const scoreOf = (quantized: Graph, target: Target): Score => scoreOfAll([{ quantized, target }]);

function riskOf(
  outputs: readonly (readonly Float32Array[])[],
  found: readonly (readonly Float32Array[])[],
): number {
  const all = outputs.map((each, i) => margins(each[0]!, found[i]![0]!));
  const deviation = Math.sqrt(all.reduce((sum, { error }) => sum + error * error, 0) / all.length);
  return all.reduce((sum, { margin }) => sum + tail(margin / (deviation || 1e-30)), 0) / all.length;
}

/**
 * Whether one score is clearly better than another, of the same samples: less noise (see `isLower`), but not at
 * the cost of decisions or outputs.
 */
export const isBetter = (a: Score, b: Score): boolean =>
  a.agreement >= b.agreement && isLower(a.errors, b.errors) && !isLower(b.outputErrors, a.outputErrors);
