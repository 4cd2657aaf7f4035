/** Ranges of a model that comes without data: what seeded random inputs make of it, within what its weights allow. */
import { type Graph, ModelError, type Node, type Tensor, tensorOf } from "../../ir/graph.ts";
import { type Activation, floatRange, type Range } from "../../ops/activation.ts";
import type { Sample } from "../../ops/border.ts";
import { operatorOf } from "../../ops/index.ts";
import type { ChosenRange } from "./choose_ranges.ts";
import { channelOf } from "./constants.ts";
import type { Histogram } from "./histogram.ts";
import { integerRange } from "./integer_inputs.ts";

const SAMPLES = 64;
const SEED = 0x5eed;
/** Inputs lie within as many standard deviations. */
const DEVIATIONS = 3;
/** How much wider than on random inputs real values are taken to be. */
const MARGIN = 1.5;

export const DATA_FREE_WARNING = `no calibration data: ranges come from ${SAMPLES} seeded random inputs (standard normal, within +-${DEVIATIONS}) and the weights' own bounds; --calibration with real samples makes a model to trust`;

/** Standard normal numbers, cut at `DEVIATIONS`: the sum of twelve uniform ones has their moments. */
export function normalNumbers(seed: number): () => number {
  let state = seed >>> 0;
  const uniform = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  return () => {
    let sum = -6;
    for (let i = 0; i < 12; i++) sum += uniform();
    return Math.max(-DEVIATIONS, Math.min(DEVIATIONS, sum));
  };
}

/** Random numbers whose values after an input's own scaling are standard normal; whole ones within what the graph tells apart. */
function randomInput(graph: Graph, input: Tensor, next: () => number): Float32Array {
  const { shape, scaling, integers } = input;
  const length = shape.reduce((product, n) => product * n, 1);
  if (integers) {
    const { min, max } = integerRange(graph, input, { min: 0, max: 1 });
    const [middle, half] = [(min + max) / 2, (max - min) / 2];
    return Float32Array.from({ length }, () => Math.round(middle + (next() / DEVIATIONS) * half));
  }
  return Float32Array.from({ length }, (_, i) => {
    const value = next();
    if (!scaling) return value;
    const feature = i % scaling.factors.length;
    return scaling.offsets[feature]! + value / (scaling.factors[feature]! || 1);
  });
}

/** Samples made from a fixed seed: equal in every run. */
export function randomSamples(graph: Graph): Sample[] {
  const next = normalNumbers(SEED);
  return Array.from({ length: SAMPLES }, () =>
    graph.inputs.map((name) => randomInput(graph, tensorOf(graph, name), next)),
  );
}

/** The range that a layer with weights can write at most, given the range that it reads. */
function weightBounds(graph: Graph, node: Node, input: Range): Range | undefined {
  const rule = operatorOf(node.op).quantization;
  const weights = rule.weights && tensorOf(graph, node.inputs[rule.weights.input]!);
  if (!rule.weights || !weights?.data) return undefined;
  const bias = graph.tensors.get(node.inputs[rule.bias ?? -1] ?? "")?.data;
  const channel = channelOf(weights, rule.weights.axis);
  const count = weights.shape[rule.weights.axis]!;
  const low = Array.from({ length: count }, (_, c) => bias?.[c] ?? 0);
  const high = [...low];
  // Beside an image there are zeros.
  const [least, greatest] = [Math.min(input.min, 0), Math.max(input.max, 0)];
  weights.data.forEach((weight, i) => {
    const c = channel(i);
    low[c]! += Math.min(weight * least, weight * greatest);
    high[c]! += Math.max(weight * least, weight * greatest);
  });
  const { min, max } = floatRange((node.attributes["activation"] ?? "none") as Activation);
  const within = (value: number): number => Math.max(min, Math.min(max, value));
  return { min: within(Math.min(...low)), max: within(Math.max(...high)) };
}

/**
 * A range for each tensor: what random inputs gave, half as wide again, or the bounds of the layer's weights
 * where those are narrower.
 */
export function dataFreeRanges(
  graph: Graph,
  histograms: ReadonlyMap<string, Histogram>,
): Map<string, ChosenRange> {
  const ranges = new Map<string, ChosenRange>();
  const RANDOM: ChosenRange = { min: -DEVIATIONS, max: DEVIATIONS, method: "random inputs" };
  const widened = (name: string): ChosenRange => {
    const histogram = histograms.get(name);
    if (!histogram) throw new ModelError(`tensor ${name}: expected values, found none`);
    const { min, max } = histogram;
    return { min: Math.min(min, MARGIN * min), max: Math.max(max, MARGIN * max), method: "random inputs" };
  };
  for (const name of graph.inputs) ranges.set(name, tensorOf(graph, name).integers ? widened(name) : RANDOM);
  for (const node of graph.nodes) {
    const input = ranges.get(node.inputs[0]!);
    const bounds = input && weightBounds(graph, node, input);
    for (const name of node.outputs) {
      const seen = widened(name);
      const narrower = bounds && bounds.max - bounds.min < seen.max - seen.min;
      ranges.set(name, narrower ? { ...bounds, method: "weights" } : seen);
    }
  }
  return ranges;
}
