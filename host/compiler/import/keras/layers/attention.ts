/** Attention: products of queries and keys, as shares, of values. */
import { elements, ModelError, type Tensor } from "../../../../ir/graph.ts";
import { channelsOf, checkRankOf, checkShape, type LayerView, type Translate } from "../layer.ts";
import { transposed } from "./dense.ts";

const NONE = { activation: "none" };

function product(layer: LayerView, a: Tensor, b: Tensor, transposeB: boolean): Tensor {
  return layer.add("batch_matmul", [a, b], { transposeA: false, transposeB });
}

const swapHeads = [0, 2, 1, 3];

interface Heads {
  readonly count: number;
  readonly size: number;
  /** Position of the kernel among the weights. */
  readonly first: number;
  readonly scale: number;
}

/** A dense layer along the last axis; `matrix` is [outputs, depth]. */
function project(layer: LayerView, input: Tensor, matrix: Tensor, bias: Tensor | undefined): Tensor {
  return layer.add("fully_connected", [input, matrix, bias], { keepDims: true, ...NONE });
}

/**
 * Steps [1, steps, features] as [1, heads, steps, size], times `scale`; weights from `first` on: kernel
 * [features, heads, size], bias [heads, size].
 */
function toHeads(layer: LayerView, role: string, input: Tensor, heads: Heads): Tensor {
  const { count, size, first, scale } = heads;
  const hasBias = layer.options.boolean("use_bias", true);
  const [kernel, bias] = layer.weights.slice(first, first + (hasBias ? 2 : 1));
  const features = channelsOf(input);
  checkShape(kernel!, [features, count, size], `${role} kernel`);
  if (bias) checkShape(bias, [count, size], `${role} bias`);
  const units = count * size;
  const matrix = layer.constant(
    `${role}_kernel`,
    [units, features],
    transposed(kernel!.data, units).map((x) => scale * x),
  );
  const vector =
    bias &&
    layer.constant(
      `${role}_bias`,
      [units],
      bias.data.map((x) => scale * x),
    );
  const dense = project(layer, input, matrix, vector);
  const split = layer.add("reshape", [dense], { shape: [1, input.shape[1]!, count, size] });
  return layer.add("transpose", [split], { permutation: swapHeads });
}

/** Weights: kernel [heads, size, features], bias [features]. */
function fromHeads(layer: LayerView, heads: Tensor, first: number): Tensor {
  const [, count, steps, size] = heads.shape as readonly [number, number, number, number];
  const [kernel, bias] = layer.weights.slice(first);
  const features = kernel!.shape[2] ?? 0;
  checkShape(kernel!, [count, size, features], "output kernel");
  if (bias) checkShape(bias, [features], "output bias");
  const joined = layer.add("transpose", [heads], { permutation: swapHeads });
  const flat = layer.add("reshape", [joined], { shape: [1, steps, count * size] });
  const matrix = layer.constant(
    "output_kernel",
    [features, count * size],
    transposed(kernel!.data, features),
  );
  return project(layer, flat, matrix, bias && layer.constant("output_bias", [features], bias.data));
}

/** Inputs: query, value and perhaps key, each [1, steps, features]. */
function operands({ inputs }: LayerView) {
  const [query, value, key] = inputs;
  if (!query || !value || inputs.length > 3)
    throw new ModelError(`expected a query, a value and perhaps a key, found ${inputs.length} inputs`);
  for (const tensor of inputs) checkRankOf(tensor, 3);
  return { query, value, key: key ?? value };
}

function checkAxes({ options }: LayerView): void {
  const axes = options.raw("attention_axes");
  const only = Array.isArray(axes) && axes.length === 1 ? axes[0] : axes;
  if (only !== undefined && only !== 1)
    throw new ModelError(`attention_axes: expected [1], found ${JSON.stringify(axes).slice(0, 100)}`);
}

/** Weights: kernels and biases of query, key, value and output. */
const multiHeadAttention: Translate = (layer) => {
  const { options } = layer;
  const { query, value, key } = operands(layer);
  checkAxes(layer);
  if (options.raw("output_shape") !== undefined)
    throw new ModelError("output_shape: expected none: the output has the query's features");
  const [count, size] = [options.int("num_heads"), options.int("key_dim")];
  const step = options.boolean("use_bias", true) ? 2 : 1;
  layer.takeWeights(4 * step);
  // Queries that are smaller make smaller scores: a product with a constant less.
  const queries = toHeads(layer, "query", query, { count, size, first: 0, scale: 1 / Math.sqrt(size) });
  const keys = toHeads(layer, "key", key, { count, size, first: step, scale: 1 });
  const shares = layer.add("softmax", [product(layer, queries, keys, true)], { beta: 1 });
  const width = options.int("value_dim", size);
  const values = toHeads(layer, "value", value, { count, size: width, first: 2 * step, scale: 1 });
  return fromHeads(layer, product(layer, shares, values, false), 3 * step);
};

/** Weights: a scale, where it is trained. */
const attention: Translate = (layer) => {
  const { options } = layer;
  const { query, value, key } = operands(layer);
  const mode = options.text("score_mode", "dot");
  if (mode !== "dot") throw new ModelError(`score_mode: expected dot, found ${mode}`);
  const trained = layer.takeWeights(options.boolean("use_scale", false) ? 1 : 0)[0];
  const scores = product(layer, query, key, true);
  const scale = trained && layer.constant("scale", [1], trained.data);
  const scaled = scale ? layer.add("mul", [scores, scale], NONE) : scores;
  return product(layer, layer.add("softmax", [scaled], { beta: 1 }), value, false);
};

/** Products along one axis of each of two inputs, [1, a, b] and [1, c, d]. */
const dot: Translate = (layer) => {
  const [a, b] = layer.inputs;
  if (!a || !b || layer.inputs.length !== 2)
    throw new ModelError(`expected 2 inputs, found ${layer.inputs.length}`);
  if (layer.options.boolean("normalize", false)) throw new ModelError("normalize: expected false");
  const axes = layer.options.ints("axes", 2);
  const counted = axes.map((axis, i) => (axis < 0 ? axis + [a, b][i]!.shape.length : axis));
  const isVectors = a.shape.length === 2 && b.shape.length === 2 && counted.join() === "1,1";
  const rows = (tensor: Tensor): Tensor =>
    layer.add("reshape", [tensor], { shape: [1, 1, elements(tensor.shape)] });
  if (isVectors) return layer.add("reshape", [product(layer, rows(a), rows(b), true)], { shape: [1, 1] });
  for (const tensor of [a, b]) checkRankOf(tensor, 3);
  if (counted.some((axis) => axis !== 1 && axis !== 2))
    throw new ModelError(`axes: expected 1 or 2, found ${axes}`);
  return layer.add("batch_matmul", [a, b], { transposeA: counted[0] === 1, transposeB: counted[1] === 2 });
};

export const ATTENTION: ReadonlyMap<string, Translate> = new Map<string, Translate>([
  ["Attention", attention],
  ["Dot", dot],
  ["MultiHeadAttention", multiHeadAttention],
]);
