/** Layers that scale: by constants from training (batch normalisation) or from the data (Normalization). */
import { ModelError } from "../../../../ir/graph.ts";
import { shortList } from "../../../../plain.ts";
import { channelsOf, checkShape, type LayerView, onRow, type Translate } from "../layer.ts";

const NONE = { activation: "none" };

/** Throws ModelError unless `axis` is the last one, by itself. */
function checkLastAxis({ options, input }: LayerView): void {
  const axis = options.raw("axis") ?? -1;
  const axes = Array.isArray(axis) ? axis : [axis];
  if (axes.length !== 1 || (axes[0] !== -1 && axes[0] !== input.shape.length - 1))
    throw new ModelError(`axis: expected the last, found ${JSON.stringify(axis).slice(0, 100)}`);
}

/** x * factor + addend along the last axis. */
function scaleAndShift(layer: LayerView, factors: readonly number[], addends: readonly number[]) {
  const factor = layer.constant("factor", [factors.length], factors);
  const addend = layer.constant("addend", [addends.length], addends);
  return onRow(layer, (input) => layer.add("add", [layer.add("mul", [input, factor], NONE), addend], NONE));
}

/** Weights: gamma and beta where they are trained, moving mean and variance. */
const batchNormalization: Translate = (layer) => {
  const { options, input } = layer;
  checkLastAxis(layer);
  const [scale, center] = [options.boolean("scale", true), options.boolean("center", true)];
  const weights = layer.takeWeights(2 + Number(scale) + Number(center));
  const channels = channelsOf(input);
  for (const weight of weights) checkShape(weight, [channels], "statistics");
  const [mean, variance] = weights.slice(-2).map(({ data }) => data) as [Float32Array, Float32Array];
  const gamma = scale ? weights[0]!.data : undefined;
  const beta = center ? weights[Number(scale)]!.data : undefined;
  const epsilon = options.number("epsilon", 0.001);
  const factors = Array.from(variance, (x, i) => (gamma?.[i] ?? 1) / Math.sqrt(x + epsilon));
  return scaleAndShift(
    layer,
    factors,
    factors.map((factor, i) => (beta?.[i] ?? 0) - mean[i]! * factor),
  );
};

/** Keras keeps a deviation away from 0 by this much. */
const LEAST_DEVIATION = 1e-7;

/** Numbers given to the layer itself, as one number, or as lists in lists. */
function given(layer: LayerView, key: string, channels: number): number[] | undefined {
  const value = layer.options.raw(key);
  if (value === undefined) return undefined;
  const list = [value].flat(Number.POSITIVE_INFINITY);
  const numbers = list.length === 1 ? new Array<unknown>(channels).fill(list[0]) : list;
  if (numbers.length !== channels || !numbers.every((x) => typeof x === "number"))
    throw new ModelError(`${key}: expected ${channels} numbers, found ${shortList(numbers)}`);
  return numbers as number[];
}

/** Weights: mean, variance and a count of samples, unless the layer was given them. */
const normalization: Translate = (layer) => {
  checkLastAxis(layer);
  const channels = channelsOf(layer.input);
  const learned = layer.weights.slice(0, 2).map((weight) => {
    checkShape(weight, [channels], "statistics");
    return [...weight.data];
  });
  const means = given(layer, "mean", channels) ?? learned[0];
  const variances = given(layer, "variance", channels) ?? learned[1];
  if (!means || !variances) throw new ModelError("expected a mean and a variance in the file, found none");
  const deviations = variances.map((x) => Math.max(Math.sqrt(x), LEAST_DEVIATION));
  if (layer.options.boolean("invert", false)) return scaleAndShift(layer, deviations, means);
  const factors = deviations.map((x) => 1 / x);
  if (layer.scaleInput(means, factors)) return layer.input;
  return scaleAndShift(
    layer,
    factors,
    factors.map((factor, i) => -means[i]! * factor),
  );
};

const rescaling: Translate = (layer) => {
  const { options, input } = layer;
  const [scale, offset] = ["scale", "offset"].map((key) => given(layer, key, channelsOf(input)));
  if (!scale) throw new ModelError("scale: expected numbers, found none");
  return scaleAndShift(layer, scale, offset ?? scale.map(() => options.number("offset", 0)));
};

export const NORMALIZATIONS: ReadonlyMap<string, Translate> = new Map<string, Translate>([
  ["BatchNormalization", batchNormalization],
  ["Normalization", normalization],
  ["Rescaling", rescaling],
]);
