import { identity } from "../../../../ir/axes.ts";
import { elements, ModelError, type Tensor } from "../../../../ir/graph.ts";
import { type Context, isConstantValue, type Translation, type Value } from "../builder.ts";
import type { Constant } from "../constant.ts";
import { axisWithin } from "./axis.ts";

/**
 * Operators that take rows' means away and divide by their deviation. Their rows are neighbouring values: features of
 * layer normalisation, channels of images with the channels in front of instance and group normalisation.
 */

const NONE = { activation: "none" };

interface Rows {
  readonly depth: number;
  /** Neighbouring values with one factor. */
  readonly inner: number;
  readonly channels: number;
  readonly center: boolean;
  readonly epsilon: number;
}

/** The numbers of a constant for each channel; undefined where it is computed, or of another number. */
function numbersOf(value: Value | undefined, { channels }: Rows): ArrayLike<number> | undefined {
  if (!value || !isConstantValue(value) || value.numbers.length !== channels) return undefined;
  return value.numbers;
}

interface Affine {
  readonly factor: Value | undefined;
  readonly addend: Value | undefined;
}

/** Factors and addends that are constants for each channel are the operator's own; others are a product and a sum. */
function normalized(node: Context, x: Tensor, rows: Rows, { factor, addend }: Affine): Tensor {
  const { depth, inner, center, epsilon } = rows;
  const own = { factor: numbersOf(factor, rows), addend: numbersOf(addend, rows) };
  // An addend is added to what has been multiplied.
  const isFactorOwn = factor === undefined || own.factor !== undefined;
  const numbers = [own.factor, isFactorOwn ? own.addend : undefined];
  const count = numbers.some((list) => list) ? rows.channels : 1;
  const constants = ["scale", "shift"].map((role, i) =>
    node.addConstant(node.nameOf(role), [count], numbers[i] ?? new Array<number>(count).fill(1 - i)),
  );
  const result = node.add("layer_norm", [x, ...constants], { depth, inner, center, epsilon });
  const scaled = isFactorOwn ? result : node.add("mul", [result, node.tensor(1)], NONE);
  const isAdded = addend === undefined || (isFactorOwn && own.addend !== undefined);
  return isAdded ? scaled : node.add("add", [scaled, node.tensor(2)], NONE);
}

const optional = (node: Context, i: number): Value | undefined => (node.has(i) ? node.value(i) : undefined);

/** Mean and inverse deviation of the axes from `axis` on, where something reads them. */
function statistics(node: Context, x: Tensor, axis: number, epsilon: number): (Tensor | undefined)[] {
  const axes = identity(x.shape.length).slice(axis);
  const average = (tensor: Tensor): Tensor => node.add("mean", [tensor], { axes, keepDims: true });
  const apply = (tensor: Tensor, name: string): Tensor =>
    node.add("unary_function", [tensor], { function: name, alpha: 0, beta: 0 });
  if (node.outputName(1) === "" && node.outputName(2) === "") return [];
  const mean = average(x);
  if (node.outputName(2) === "") return [mean];
  const variance = average(apply(node.add("sub", [x, mean], NONE), "square"));
  const constant = node.addConstant(node.nameOf("epsilon"), [], [epsilon]);
  return [mean, apply(node.add("add", [variance, constant], NONE), "rsqrt")];
}

/** Normalises all axes from `axis` on. */
const layer = (type: string, center: boolean): Translation => ({
  type: `ai.onnx.${type}`,
  summary: "all",
  translate(node) {
    const x = node.tensor(0);
    const axis = axisWithin(node.attributes.int("axis", -1), x.shape.length);
    const epsilon = node.attributes.float("epsilon", 1e-5);
    node.attributes.ignore("stash_type");
    const depth = elements(x.shape.slice(axis));
    const affine = { factor: optional(node, 1), addend: center ? optional(node, 2) : undefined };
    const output = normalized(node, x, { depth, inner: 1, channels: depth, center, epsilon }, affine);
    return [output, ...(center ? statistics(node, x, axis, epsilon) : [])];
  },
});

/** Numbers for each group as numbers for each channel of it. */
function spread(value: Constant, groups: number, channels: number): Constant {
  if (value.numbers.length !== groups || groups === channels) return value;
  const numbers = Float64Array.from(
    { length: channels },
    (_, i) => value.numbers[Math.floor(i / (channels / groups))]!,
  );
  return { ...value, shape: [channels], numbers };
}

/** Rows of some channels and all places. Inputs 1 and 2 are numbers for each channel, or for each group. */
function grouped(node: Context, groups: number): Tensor {
  const x = node.tensor(0);
  const [, channels, ...places] = x.shape;
  if (!channels || x.shape.length < 2 || groups < 1 || channels % groups !== 0)
    throw new ModelError(`expected channels in ${groups} groups, found [${x.shape}]`);
  const inner = elements(places);
  const [factor, addend] = [1, 2].map((i) => spread(node.floats(i), groups, channels));
  const wrong = [factor, addend].find((value) => value!.numbers.length !== channels);
  if (wrong) throw new ModelError(`input ${wrong.name}: expected ${channels} values, found [${wrong.shape}]`);
  const epsilon = node.attributes.float("epsilon", 1e-5);
  const depth = (channels / groups) * inner;
  return normalized(node, x, { depth, inner, channels, center: true, epsilon }, { factor, addend });
}

const instance: Translation = {
  type: "ai.onnx.InstanceNormalization",
  summary: "scale and B constant",
  translate: (node) => [grouped(node, node.tensor(0).shape[1] ?? 0)],
};

const group: Translation = {
  type: "ai.onnx.GroupNormalization",
  summary: "scale and bias constant, for each channel or each group",
  translate(node) {
    node.attributes.ignore("stash_type");
    return [grouped(node, node.attributes.int("num_groups", 0))];
  },
};

export const layerNormalizations: readonly Translation[] = [
  layer("LayerNormalization", true),
  layer("RMSNormalization", false),
  layer("SimplifiedLayerNormalization", false),
  instance,
  group,
];
