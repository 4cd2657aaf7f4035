/** How near an integer graph is to the float one, as the searches of the quantiser compare them. */
import { evaluateGraph, runReference } from "../engines/reference.ts";
import { type Graph, tensorOf } from "../ir/graph.ts";
import { operatorOf } from "../ops/index.ts";
import { bind } from "../ops/operator.ts";
import { decide } from "./compare.ts";
import { borderOf, dequantizeBytes, type Sample, toFloatInputs, toInputBytes } from "./samples.ts";

/** Multiply-accumulates of one look at the samples: about half a second. */
const BUDGET = 2 ** 25;
const LEAST_SAMPLES = 8;

const macsOf = (graph: Graph): number =>
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

/** What the float model says of samples. */
export interface Target {
  readonly samples: readonly Sample[];
  /** All outputs of each sample. */
  readonly outputs: readonly (readonly Float32Array[])[];
}

export function targetOf(float: Graph, samples: readonly Sample[]): Target {
  const outputs = samples.map((sample) => {
    const trace = evaluateGraph(float, toFloatInputs(float, sample));
    return float.outputs.map((name) => Float32Array.from(trace.get(name)!));
  });
  return { samples, outputs };
}

export interface Score {
  /** Mean over the outputs of noise to signal, each around its mean. */
  readonly noise: number;
  /** Share of samples decided as by the float model, on the first output. */
  readonly agreement: number;
  /**
   * Share of decisions that errors of this size will change, which a few hundred samples are too few to
   * count: of a normal error as large as the one seen between the two greatest outputs.
   */
  readonly risk: number;
}

/** Probability that a standard normal variable is greater than x >= 0 (Abramowitz and Stegun, 26.2.17). */
function tail(x: number): number {
  const t = 1 / (1 + 0.2316419 * x);
  const series =
    t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return (Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI)) * series;
}

/** By how much the greatest value leads, and by how much the same two differ in another output. */
function margins(expected: Float32Array, found: Float32Array): { margin: number; error: number } {
  const order = Array.from(expected.keys()).sort((a, b) => expected[b]! - expected[a]!);
  const [first, second] = [order[0]!, order[1]!];
  const margin = expected[first]! - expected[second]!;
  return { margin, error: found[first]! - found[second]! - margin };
}

function noiseOf(expected: readonly Float32Array[], found: readonly Float32Array[]): number {
  let [noise, sum, squares, count] = [0, 0, 0, 0];
  expected.forEach((values, i) => {
    values.forEach((value, j) => {
      noise += (value - found[i]![j]!) ** 2;
      sum += value;
      squares += value * value;
      count++;
    });
  });
  return noise / (squares - (sum * sum) / count || 1);
}

/** Runs the integer graph on the target's samples. */
export function scoreOf(quantized: Graph, { samples, outputs }: Target): Score {
  const tensors = quantized.outputs.map((name) => tensorOf(quantized, name));
  const found = samples.map((sample) =>
    runReference(quantized, [toInputBytes(quantized, sample)])[0]!.map((bytes, i) =>
      dequantizeBytes(bytes, borderOf(tensors[i]!)),
    ),
  );
  const noises = tensors.map((_, i) =>
    noiseOf(
      outputs.map((each) => each[i]!),
      found.map((each) => each[i]!),
    ),
  );
  const same = outputs.filter(
    (each, i) => decide(each[0]!, tensors[0]!) === decide(found[i]![0]!, tensors[0]!),
  );
  const noise = noises.reduce((a, b) => a + b, 0) / noises.length;
  return { noise, agreement: same.length / samples.length, risk: riskOf(outputs, found) };
}

function riskOf(
  outputs: readonly (readonly Float32Array[])[],
  found: readonly (readonly Float32Array[])[],
): number {
  if (outputs[0]![0]!.length < 2) return 0;
  const all = outputs.map((each, i) => margins(each[0]!, found[i]![0]!));
  const deviation = Math.sqrt(all.reduce((sum, { error }) => sum + error * error, 0) / all.length);
  return all.reduce((sum, { margin }) => sum + tail(margin / (deviation || 1e-30)), 0) / all.length;
}

/** Whether one score is better than another: never fewer equal decisions, and less noise. */
export const isBetter = (a: Score, b: Score): boolean => a.agreement >= b.agreement && a.noise < b.noise;
