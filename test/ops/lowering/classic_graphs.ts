/**
 * Random graphs of one node for the operators of classic models. Their types and constants follow from each other,
 * so they are quantised from float graphs as models are.
 */
import fc from "fast-check";
import { quantizeGraph } from "../../../host/compiler/quantize/quantize.ts";
import { lcgBytes } from "../../../host/compiler/verify/vectors.ts";
import {
  type Attributes,
  elements,
  type Graph,
  ModelError,
  type Shape,
  type Tensor,
} from "../../../host/ir/graph.ts";
import { operatorOf } from "../../../host/ops/index.ts";
import { symmetric } from "../../../host/ops/scales.ts";

export interface Draft {
  readonly op: string;
  readonly shape: Shape;
  readonly attributes: Attributes;
  /** Shapes and magnitudes of the constants. */
  readonly constants: readonly (readonly [Shape, number])[];
  readonly seed: number;
  readonly range: number;
  readonly offset: number;
  readonly type: "int8" | "int16";
}

function constant(i: number, shape: Shape, magnitude: number, seed: number): Tensor {
  const { bytes } = lcgBytes(seed + i, 2 * elements(shape));
  const words = new Uint16Array(bytes.buffer, bytes.byteOffset, elements(shape));
  const data = Float32Array.from(words, (word) => magnitude * (word / 32768 - 1));
  return { name: `constant_${i}`, dtype: "float32", shape, data };
}

/** The quantised graph, or undefined where the operator refuses such shapes or scales. */
export function draftGraph({
  op,
  shape,
  attributes,
  constants,
  seed,
  range,
  offset,
  type,
}: Draft): Graph | undefined {
  const input: Tensor = { name: "input", dtype: "float32", shape };
  const inputs = [input, ...constants.map(([size, magnitude], i) => constant(i + 1, size, magnitude, seed))];
  try {
    const [found] = operatorOf(op).infer({ name: "node", attributes, inputs });
    const tensors = [...inputs, { name: "output", dtype: "float32", shape: found! } as const];
    const graph: Graph = {
      name: op,
      tensors: new Map(tensors.map((tensor) => [tensor.name, tensor])),
      nodes: [{ name: "node", op, inputs: inputs.map(({ name }) => name), outputs: ["output"], attributes }],
      inputs: ["input"],
      outputs: ["output"],
    };
    const ranges = new Map([
      ["input", { min: range * (offset - 1), max: range * (offset + 1) }],
      ["output", { min: -1, max: 1 }],
    ]);
    const precision = new Map([
      ["input", type],
      ["output", type],
    ]);
    return quantizeGraph(graph, ranges, { precision });
  } catch (error) {
    if (error instanceof ModelError) return undefined;
    throw error;
  }
}

const build = (drafts: fc.Arbitrary<Draft>): fc.Arbitrary<Graph> =>
  drafts.map(draftGraph).filter((graph): graph is Graph => graph !== undefined);

const upTo = (greatest: number) => fc.integer({ min: 1, max: greatest });

const common = fc.record({
  seed: fc.nat(0xffff),
  rows: upTo(3),
  features: upTo(9),
  range: fc.constantFrom(0.01, 1, 3, 100),
  offset: fc.constantFrom(-0.5, 0, 0, 0.5),
  type: fc.constantFrom("int8", "int16"),
});

/** Magnitudes of support vectors and centres beside the input's. */
const reach = fc.constantFrom(0.5, 1, 3);

const svm = build(
  fc
    .record({
      common,
      reach,
      counts: fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 4 }),
      columns: upTo(2),
      kernel: fc.constantFrom("rbf", "poly", "sigmoid"),
      steepness: fc.constantFrom(0.01, 0.3, 2),
      coef0: fc.constantFrom(0, 0.5, -1),
      degree: upTo(4),
      coefficient: fc.constantFrom(0.001, 1, 50),
    })
    .map(({ common: { rows, features, ...rest }, counts, columns, ...d }) => {
      const count = counts.reduce((sum, n) => sum + n, 0);
      const isOne = counts.length === 1;
      const decisions = isOne ? columns : (counts.length * (counts.length - 1)) / 2;
      return {
        ...rest,
        op: "svm",
        shape: [rows, features],
        attributes: {
          kernel: d.kernel,
          gamma: d.steepness / (features * rest.range ** 2),
          coef0: d.coef0,
          degree: d.degree,
          counts,
        },
        constants: [
          [[count, features], rest.range * d.reach],
          [[count, isOne ? columns : counts.length - 1], d.coefficient],
          [[decisions], 1],
        ] as const,
      };
    })
    .filter(({ attributes }) => attributes.counts.some((count) => count > 0)),
);

/** Decisions as int8, int16 and int32 have them. */
const integerInput = (
  op: string,
  dtype: "int16" | "int32",
  drafts: fc.Arbitrary<Draft>,
): fc.Arbitrary<Graph> =>
  fc
    .tuple(build(drafts), fc.constantFrom(2 ** -24, 2 ** -16, 2 ** -10))
    .map(([graph, scale]) => ({ ...withInput(graph, dtype, scale), name: op }));

/** The graph with an input of this type instead, as a layer before would give it. */
export function withInput(graph: Graph, dtype: "int16" | "int32", scale: number): Graph {
  const input: Tensor = {
    ...graph.tensors.get("input")!,
    dtype,
    quantization: { ...symmetric(-1, 1), scales: [scale] },
  };
  return { ...graph, tensors: new Map(graph.tensors).set("input", input) };
}

const votes = fc
  .record({ common, classes: fc.integer({ min: 2, max: 7 }) })
  .map(({ common: { rows, features: _, ...rest }, classes }) => ({
    ...rest,
    op: "svm_votes",
    shape: [rows, (classes * (classes - 1)) / 2],
    attributes: { classes },
    constants: [],
  }));

const quadratic = build(
  fc
    .record({ common, reach, outputs: upTo(5), root: fc.boolean(), weight: fc.constantFrom(0.1, 1, 100) })
    .map(({ common: { rows, features, ...rest }, outputs, root, weight, ...d }) => ({
      ...rest,
      op: "quadratic",
      shape: [rows, features],
      attributes: { root },
      constants: [
        [[outputs, features], rest.range * d.reach],
        [[outputs, features], weight],
        [[outputs], 3],
      ] as const,
    })),
);

/** Plain distances, the only ones that have roots. */
const distances = fc
  .record({ common, outputs: upTo(4) })
  .map(({ common: { rows, features, ...rest }, outputs }) => {
    const graph = draftGraph({
      ...rest,
      op: "quadratic",
      shape: [rows, features],
      attributes: { root: false },
      constants: [
        [[outputs, features], rest.range],
        [[outputs, features], 0],
        [[outputs], 0],
      ],
    });
    return graph && plain(graph);
  })
  .filter((graph): graph is Graph => graph !== undefined);

/** Distances, from a sum of squares. */
export function plain(graph: Graph): Graph {
  const [node] = graph.nodes;
  const at = (i: number): Tensor => graph.tensors.get(node!.inputs[i]!)!;
  const ones = {
    ...at(2),
    data: at(2).data!.map(() => 1),
    quantization: { ...symmetric(-1, 1), scales: [1] },
  };
  const zeros = { ...at(3), data: at(3).data!.map(() => 0) };
  const tensors = new Map(graph.tensors).set(ones.name, ones as Tensor).set(zeros.name, zeros as Tensor);
  return { ...graph, tensors, nodes: [{ ...node!, attributes: { root: true } }] };
}

const simple = (op: string, attributes: fc.Arbitrary<Attributes>): fc.Arbitrary<Draft> =>
  fc.record({ common, attributes }).map(({ common: { rows, features, ...rest }, attributes: chosen }) => ({
    ...rest,
    op,
    shape: [rows, features],
    attributes: chosen,
    constants: [],
  }));

const intervals = build(
  fc
    .record({
      common,
      indices: fc.array(fc.nat(8), { minLength: 1, maxLength: 6 }),
      open: fc.tuple(fc.boolean(), fc.boolean()),
    })
    .map(({ common: { rows, features, ...rest }, indices, open: [openLow, openHigh] }) => ({
      ...rest,
      op: "intervals",
      shape: [rows, features],
      attributes: { features: indices.map((i) => i % features), openLow, openHigh },
      constants: [
        [[indices.length], rest.range],
        [[indices.length], rest.range],
      ] as const,
    })),
);

const select = build(
  fc
    .record({ common, indices: fc.array(fc.nat(8), { minLength: 1, maxLength: 6 }) })
    .map(({ common: { rows, features, ...rest }, indices }) => ({
      ...rest,
      op: "select",
      shape: [rows, features],
      attributes: { indices: indices.map((i) => i % features) },
      constants: [],
    })),
);

const impute = build(
  common.map(({ rows, features, ...rest }) => ({
    ...rest,
    op: "impute",
    shape: [rows, features],
    attributes: {},
    constants: [[[features], rest.range]] as const,
  })),
);

/** Rows of parts, each of which has a factor and an addend; a row may be a whole channel, or many of them. */
const layerNorm = build(
  fc
    .record({
      common,
      parts: upTo(4),
      inner: upTo(6),
      repeats: fc.boolean(),
      center: fc.boolean(),
      epsilon: fc.constantFrom(0, 1e-5, 1e-3, 10),
      factor: fc.constantFrom(0, 0.01, 1, 50),
      addend: fc.constantFrom(0, 0.3, 5),
    })
    .map(
      ({ common: { rows, features: _, ...rest }, parts, inner, repeats, factor, addend, ...attributes }) => {
        const channels = repeats ? parts : rows * parts;
        return {
          ...rest,
          op: "layer_norm",
          shape: [rows, parts * inner],
          attributes: { ...attributes, depth: parts * inner, inner },
          constants: [
            [[channels], factor],
            [[channels], addend],
          ] as const,
        };
      },
    ),
);

const nearest = fc
  .record({ common, outputs: upTo(4), share: fc.double({ min: 0, max: 1, noNaN: true }), reach })
  .map(({ common: { rows, features, ...rest }, outputs, share, reach }) => ({
    ...rest,
    op: "neighbours",
    shape: [rows, features],
    attributes: { count: Math.max(1, Math.round(share * features)) },
    constants: [[[features, outputs], reach] as const],
  }));

const none = fc.constant({});

/** By operator. */
export const classicGraphs: Readonly<Record<string, fc.Arbitrary<Graph>>> = {
  impute,
  intervals,
  layer_norm: layerNorm,
  neighbours: fc.oneof(
    build(nearest),
    integerInput("neighbours", "int16", nearest),
    integerInput("neighbours", "int32", nearest),
  ),
  normalize: build(
    simple(
      "normalize",
      fc.constantFrom("l1", "l2", "max").map((norm) => ({ norm })),
    ),
  ),
  quadratic: fc.oneof(quadratic, distances),
  select,
  subtract_max: integerInput("subtract_max", "int32", simple("subtract_max", none)),
  svm,
  svm_votes: fc.oneof(
    build(votes),
    integerInput("svm_votes", "int16", votes),
    integerInput("svm_votes", "int32", votes),
  ),
};
