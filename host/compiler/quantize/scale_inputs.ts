/**
 * Features of very different ranges at a dense layer: the caller scales each to the same one, and the layer's
 * weights and bias take it back, which changes nothing but how fine each feature's integers are.
 */
import {
  type Graph,
  type Limits,
  type Node,
  readers,
  type Scaling,
  type Tensor,
  tensorOf,
  withTensors,
} from "../../ir/graph.ts";
import { tensorNames } from "../../ir/names.ts";
import { type Sample, scaleValues } from "../../ops/border.ts";
import { integerAffine, told, union } from "./integer_inputs.ts";

/** Each feature's values become (x - offset) * factor. */
export interface Affine {
  readonly offsets: readonly number[];
  readonly factors: readonly number[];
}

/** The constants of a reader for scaled features, by input number; undefined where it can't do with them. */
type Adapt = (
  node: Node,
  constant: (input: number) => Tensor | undefined,
  scaling: Affine,
) => ReadonlyMap<number, Tensor> | undefined;

/** W x + b = (W / f) ((x - o) f) + (b + W o). */
const dense: Adapt = (node, constant, { offsets, factors }) => {
  const weights = constant(1);
  const bias = constant(2);
  const features = factors.length;
  if (!weights?.data || weights.shape[1] !== features || (node.inputs.length > 2 && !bias?.data))
    return undefined;
  const scaled = Float32Array.from(weights.data, (w, i) => w / factors[i % features]!);
  const before = bias?.data ?? new Float32Array(weights.shape[0]!);
  const moved = Float32Array.from(before, (constant, row) =>
    offsets.reduce((sum, o, i) => sum + weights.data![row * features + i]! * o, constant),
  );
  const newBias: Tensor = bias
    ? { ...bias, data: moved }
    : { name: `${node.name}/bias`, dtype: "float32", shape: [moved.length], data: moved };
  return new Map([
    [1, { ...weights, data: scaled }],
    [2, newBias],
  ]);
};

/** w (x - m)^2 = (w / f^2) ((x - o) f - (m - o) f)^2; plain distances need equal factors. */
const quadratic: Adapt = (node, constant, { offsets, factors }) => {
  const [centres, weights] = [constant(1), constant(2)];
  const features = factors.length;
  if (!centres?.data || !weights?.data || node.attributes["root"] === true) return undefined;
  const move = (m: number, i: number): number => (m - offsets[i % features]!) * factors[i % features]!;
  return new Map([
    [1, { ...centres, data: Float32Array.from(centres.data, move) }],
    [2, { ...weights, data: Float32Array.from(weights.data, (w, i) => w / factors[i % features]! ** 2) }],
  ]);
};

/** Ends of intervals move with their feature. */
const intervals: Adapt = (node, constant, { offsets, factors }) => {
  const features = node.attributes["features"] as readonly number[];
  const move = (tensor: Tensor): Tensor => {
    const data = Float32Array.from(tensor.data!, (end, i) => {
      const moved = Math.fround((end - offsets[features[i]!]!) * factors[features[i]!]!);
      return Number.isFinite(moved) ? moved : end;
    });
    return { ...tensor, data };
  };
  const [low, high] = [constant(1), constant(2)];
  if (!low?.data || !high?.data) return undefined;
  return new Map([
    [1, move(low)],
    [2, move(high)],
  ]);
};

const ADAPTS: Readonly<Record<string, Adapt>> = { fully_connected: dense, quadratic, intervals };

/** The least and the greatest value of each feature that is not missing. */
function limitsOf(rows: readonly Float32Array[], features: number): Limits[] {
  const low = new Array<number>(features).fill(Number.POSITIVE_INFINITY);
  const high = new Array<number>(features).fill(Number.NEGATIVE_INFINITY);
  for (const row of rows) {
    row.forEach((x, i) => {
      if (Number.isNaN(x)) return;
      low[i % features] = Math.min(low[i % features]!, x);
      high[i % features] = Math.max(high[i % features]!, x);
    });
  }
  return low.map((min, i) => ({ min, max: high[i]! }));
}

/** Each feature from -1 to 1; one that never changes keeps its size. */
function affineOf(rows: readonly Float32Array[], features: number): Affine {
  const limits = limitsOf(rows, features);
  const offsets = limits.map(({ min, max }) => Math.fround((min + max) / 2));
  const factors = limits.map(({ min, max }) => (max > min ? Math.fround(2 / (max - min)) : 1));
  return { offsets, factors };
}

/** First `inner`, then `outer`: ((x - o) f - p) g = (x - (o + p / f)) (f g). */
export function compose(inner: Scaling | undefined, outer: Affine): Scaling {
  if (!inner) return outer;
  return {
    ...inner,
    offsets: inner.offsets.map((o, i) => o + outer.offsets[i]! / inner.factors[i]!),
    factors: inner.factors.map((f, i) => f * outer.factors[i]!),
  };
}

/** Nodes that read an input whose features are scaled so; undefined where one of them can't do with them. */
export function adaptReaders(
  graph: Graph,
  input: Tensor,
  scaling: Affine,
  nodes: readonly Node[],
): Graph | undefined {
  const changed = new Map<Node, Node>();
  const tensors: Tensor[] = [];
  const unique = tensorNames(graph);
  for (const node of nodes) {
    const constant = (i: number): Tensor | undefined => graph.tensors.get(node.inputs[i] ?? "");
    const isFirst = node.inputs.lastIndexOf(input.name) === 0;
    const constants = isFirst ? ADAPTS[node.op]?.(node, constant, scaling) : undefined;
    if (!constants) return undefined;
    const inputs = [...node.inputs];
    for (const [i, tensor] of constants) {
      // Under names of their own: another node may read the constant as it was.
      const name = unique(`${tensor.name}@${node.name}`);
      tensors.push({ ...tensor, name });
      inputs[i] = name;
    }
    changed.set(node, { ...node, inputs });
  }
  const swapped = graph.nodes.map((node) => changed.get(node) ?? node);
  return withTensors({ ...graph, nodes: swapped }, tensors);
}

function scaleInput(graph: Graph, input: Tensor, samples: readonly Float32Array[]): Graph {
  const rows = samples.map((sample) => scaleValues(sample, input.scaling));
  const features = input.shape.at(-1) ?? 1;
  const nodes = readers(graph).get(input.name) ?? [];
  const scaling = input.integers
    ? integerAffine(limitsOf(rows, features).map((seen, i) => union(seen, told(graph, nodes, i))))
    : affineOf(rows, features);
  const adapted = adaptReaders(graph, input, scaling, nodes);
  return adapted ? withTensors(adapted, [{ ...input, scaling: compose(input.scaling, scaling) }]) : graph;
}

/** The float graph with its inputs of one or two axes scaled by feature where all their readers allow it. */
export function scaleInputs(graph: Graph, samples: readonly Sample[]): Graph {
  if (samples.length === 0) return graph;
  return graph.inputs.reduce((current, name, i) => {
    const input = tensorOf(current, name);
    const isTable = input.shape.length <= 2 && input.dtype === "float32" && !current.outputs.includes(name);
    return isTable
      ? scaleInput(
          current,
          input,
          samples.map((sample) => sample[i]!),
        )
      : current;
  }, graph);
}

/** How far from the middle of a feature's range other rows of a table may be, by what samples show. */
export const HEADROOM = 1.25;

/** Rows a little further out than those of a table: values beyond what was seen would be cut off. */
export function withHeadroom(graph: Graph, samples: readonly Sample[]): readonly Sample[] {
  const isTable = graph.inputs.map((name) => tensorOf(graph, name).scaling !== undefined);
  if (!isTable.includes(true) || samples.length === 0) return samples;
  const middles = graph.inputs.map((name, i) => {
    const features = tensorOf(graph, name).shape.at(-1) ?? 1;
    const rows = samples.map((sample) => sample[i]!);
    return affineOf(rows, features).offsets;
  });
  const further = samples.map((sample) =>
    sample.map((row, i) => {
      const middle = middles[i]!;
      return isTable[i]
        ? row.map((x, j) => middle[j % middle.length]! + HEADROOM * (x - middle[j % middle.length]!))
        : row;
    }),
  );
  return [...samples, ...further];
}
