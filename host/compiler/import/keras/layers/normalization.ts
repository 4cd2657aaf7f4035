/** Layers that scale: by constants from training (batch normalisation) or from the data (Normalization). */
import { elements, ModelError, type Tensor } from "../../../../ir/graph.ts";
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

/** The one axis that a layer names, counted from the front. */
function oneAxis({ options, input }: LayerView): number {
  const given = options.raw("axis") ?? -1;
  const axes = Array.isArray(given) ? given : [given];
  const rank = input.shape.length;
  const axis = Number(axes[0]) < 0 ? Number(axes[0]) + rank : Number(axes[0]);
  if (axes.length !== 1 || !(Number.isInteger(axis) && axis >= 1 && axis < rank))
    throw new ModelError(`axis: expected one below ${rank}, found ${JSON.stringify(given).slice(0, 100)}`);
  return axis;
}

/** x * factor + addend along an axis in front of the last. */
function scaleAxis(layer: LayerView, axis: number, factors: readonly number[], addends: readonly number[]) {
  const shape = [factors.length, ...layer.input.shape.slice(axis + 1).map(() => 1)];
  const scaled = layer.add("mul", [layer.input, layer.constant("factor", shape, factors)], NONE);
  return layer.add("add", [scaled, layer.constant("addend", shape, addends)], NONE);
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
  const axis = oneAxis(layer);
  const [scale, center] = [options.boolean("scale", true), options.boolean("center", true)];
  const weights = layer.takeWeights(2 + Number(scale) + Number(center));
  const channels = input.shape[axis]!;
  for (const weight of weights) checkShape(weight, [channels], "statistics");
  const [mean, variance] = weights.slice(-2).map(({ data }) => data) as [Float32Array, Float32Array];
  const gamma = scale ? weights[0]!.data : undefined;
  const beta = center ? weights[Number(scale)]!.data : undefined;
  const epsilon = options.number("epsilon", 0.001);
  const factors = Array.from(variance, (x, i) => (gamma?.[i] ?? 1) / Math.sqrt(x + epsilon));
  const addends = factors.map((factor, i) => (beta?.[i] ?? 0) - mean[i]! * factor);
  return axis === input.shape.length - 1
    ? scaleAndShift(layer, factors, addends)
    : scaleAxis(layer, axis, factors, addends);
};

/** Factor and addend of each channel: weights of a layer that may have either, `channels` numbers each. */
function affine({ options, takeWeights }: LayerView, channels: number, scaleKey = "scale") {
  const [scale, center] = [options.boolean(scaleKey, true), options.boolean("center", true)];
  const weights = takeWeights(Number(scale) + Number(center));
  for (const { data, shape } of weights)
    if (data.length !== channels) throw new ModelError(`expected ${channels} weights, found [${shape}]`);
  const [gamma, beta] = [scale ? weights[0] : undefined, center ? weights[Number(scale)] : undefined];
  const list = (numbers: Float32Array | undefined, none: number): Float32Array =>
    numbers ?? new Float32Array(channels).fill(none);
  return { factor: list(gamma?.data, 1), addend: list(beta?.data, 0) };
}

/** The number of values in a row of the last axes, which the layer names. */
function lastAxes({ options, input }: LayerView): number {
  const given = options.raw("axis") ?? -1;
  const rank = input.shape.length;
  const axes = (Array.isArray(given) ? given : [given]).map(
    (axis) => Number(axis) + (Number(axis) < 0 ? rank : 0),
  );
  axes.sort((a, b) => a - b);
  if (axes.length === 0 || axes.some((axis, i) => axis !== rank - axes.length + i) || axes[0]! < 1)
    throw new ModelError(`axis: expected the last axes, found ${JSON.stringify(given).slice(0, 100)}`);
  return elements(input.shape.slice(axes[0]));
}

function normalize(
  layer: LayerView,
  input: Tensor,
  rows: { depth: number; inner: number; center: boolean },
  { factor, addend }: ReturnType<typeof affine>,
) {
  const constants = [
    layer.constant("factor", [factor.length], factor),
    layer.constant("addend", [addend.length], addend),
  ];
  const epsilon = layer.options.number("epsilon", 0.001);
  return layer.add("layer_norm", [input, ...constants], { ...rows, epsilon });
}

/** Weights: gamma and beta where they are trained, as many as a row has values. */
const layerNormalization: Translate = (layer) => {
  const depth = lastAxes(layer);
  const center = !layer.options.boolean("rms_scaling", false);
  return normalize(layer, layer.input, { depth, inner: 1, center }, affine(layer, depth));
};

/** Weights: the scale. */
const rmsNormalization: Translate = (layer) => {
  const depth = lastAxes(layer);
  const [scale] = layer.takeWeights(1);
  if (scale!.data.length !== depth)
    throw new ModelError(`expected ${depth} weights, found [${scale!.shape}]`);
  const constants = { factor: scale!.data, addend: new Float32Array(depth) };
  const epsilon = layer.options.number("epsilon", 1e-6);
  const inputs = [constants.factor, constants.addend].map((data, i) =>
    layer.constant(i === 0 ? "factor" : "addend", [depth], data),
  );
  return layer.add("layer_norm", [layer.input, ...inputs], { depth, inner: 1, center: false, epsilon });
};

/** Weights: gamma and beta for each channel. Rows are the channels of a group at all places, channels in front. */
const groupNormalization: Translate = (layer) => {
  const { options, input } = layer;
  checkLastAxis(layer);
  const [channels, rank] = [channelsOf(input), input.shape.length];
  const given = options.int("groups", 32);
  const groups = given === -1 ? channels : given;
  if (groups < 1 || channels % groups !== 0)
    throw new ModelError(`groups: expected a number that divides ${channels}, found ${given}`);
  const inner = elements(input.shape) / channels;
  const rows = { depth: (channels / groups) * inner, inner, center: true };
  const places = input.shape.slice(1, -1).map((_, i) => i + 1);
  const numbers = affine(layer, channels);
  if (inner === 1) return normalize(layer, input, { ...rows, inner: 1 }, numbers);
  const front = layer.add("transpose", [input], { permutation: [0, rank - 1, ...places] });
  const result = normalize(layer, front, rows, numbers);
  return layer.add("transpose", [result], { permutation: [0, ...places.map((axis) => axis + 1), 1] });
};

/** Rows of the last axis by their length. */
const unitNormalization: Translate = (layer) => {
  checkLastAxis(layer);
  return layer.add("normalize", [layer.input], { norm: "l2" });
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
  ["GroupNormalization", groupNormalization],
  ["LayerNormalization", layerNormalization],
  ["Normalization", normalization],
  ["RMSNormalization", rmsNormalization],
  ["Rescaling", rescaling],
  ["UnitNormalization", unitNormalization],
]);
