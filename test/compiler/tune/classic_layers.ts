/** Layers of classic models, from floats as the quantiser makes them, and recurrent ones. */
import type { Graph, Shape } from "../../../host/ir/graph.ts";
import { type Draft, draftGraph, plain, withInput } from "../../ops/lowering/classic_graphs.ts";
import { gruGraph, lstmGraph, svdfGraph } from "../../ops/lowering/recurrent_graphs.ts";

type Part = Pick<Draft, "op" | "shape" | "attributes"> & Partial<Draft>;

function layer(part: Part): Graph {
  const graph = draftGraph({ constants: [], seed: 7, range: 3, offset: 0, type: "int8", ...part });
  if (!graph) throw new Error(`${part.op}: expected a shape that its operator takes, found [${part.shape}]`);
  return graph;
}

/** Support vectors of each class, or one number where there are no classes. */
function svm(kernel: string, rows: number, features: number, counts: readonly number[], degree = 3): Graph {
  const count = counts.reduce((sum, n) => sum + n, 0);
  const pairs = (counts.length * (counts.length - 1)) / 2;
  const columns = Math.max(counts.length - 1, 1);
  return layer({
    op: "svm",
    shape: [rows, features],
    attributes: { kernel, gamma: 0.3 / (features * 9), coef0: 0.5, degree, counts },
    constants: [
      [[count, features], 3],
      [[count, columns], 1],
      [[Math.max(pairs, 1)], 1],
    ],
  });
}

const votes = (rows: number, classes: number): Graph =>
  layer({ op: "svm_votes", shape: [rows, (classes * (classes - 1)) / 2], attributes: { classes } });

const squares = (shape: Shape, outputs: number, weight: number): Graph =>
  layer({
    op: "quadratic",
    shape,
    attributes: { root: false },
    constants: [
      [[outputs, shape[1]!], 3],
      [[outputs, shape[1]!], weight],
      [[outputs], weight],
    ],
  });

/** The nearest of distances of 32 bits, as squares have them, or of 16. */
const nearest = (
  rows: number,
  candidates: number,
  outputs: number,
  count: number,
  dtype: "int16" | "int32",
): Graph =>
  withInput(
    layer({
      op: "neighbours",
      shape: [rows, candidates],
      attributes: { count },
      constants: [[[candidates, outputs], 1]],
    }),
    dtype,
    2 ** -10,
  );

const normalize = (shape: Shape, norm: string): Graph =>
  layer({ op: "normalize", shape, attributes: { norm } });

/** Layer normalisation, or with `inner` values to a channel group normalisation. */
const layerNorm = (shape: Shape, inner: number, type: "int8" | "int16"): Graph => {
  const channels = shape[1]! / inner;
  const constants = [[[channels], 1] as const, [[channels], 1] as const];
  const attributes = { depth: shape[1]!, inner, center: true, epsilon: 1e-3 };
  return layer({ op: "layer_norm", shape, attributes, constants, type });
};

const intervals = (shape: Shape, outputs: number): Graph =>
  layer({
    op: "intervals",
    shape,
    attributes: {
      features: Array.from({ length: outputs }, (_, i) => i % shape[1]!),
      openLow: false,
      openHigh: true,
    },
    constants: [
      [[outputs], 3],
      [[outputs], 3],
    ],
  });

const wideArgument = (shape: Shape, axis: number, dtype: "int16" | "int32"): Graph =>
  withInput(layer({ op: "arg_max", shape, attributes: { axis, keepDims: false } }), dtype, 0.01);

const squareShapes: readonly (readonly [Shape, number])[] = [
  [[1, 16], 8],
  [[1, 64], 10],
  [[3, 4], 3],
  [[1, 2], 20],
];
const rowShapes: readonly Shape[] = [
  [1, 10],
  [1, 100],
  [20, 3],
  [1, 2],
  [4, 30],
];

export const classicLayers: readonly Graph[] = [
  ...["rbf", "poly", "sigmoid"].flatMap((kernel) => [
    svm(kernel, 1, 16, [20]),
    svm(kernel, 1, 4, [10, 12, 5]),
    svm(kernel, 1, 40, [3, 3]),
    svm(kernel, 5, 2, [4], 2),
    svm(kernel, 2, 8, [5, 5, 5, 5, 5], 5),
  ]),
  ...[votes(1, 3), votes(1, 10), votes(1, 30), votes(8, 2), votes(4, 6)],
  ...squareShapes.flatMap(([shape, outputs]) => [
    squares(shape, outputs, 1),
    plain(squares(shape, outputs, 0)),
  ]),
  ...(["int16", "int32"] as const).flatMap((dtype) => [
    nearest(1, 40, 3, 5, dtype),
    nearest(1, 200, 2, 3, dtype),
    nearest(4, 30, 10, 1, dtype),
    nearest(2, 12, 1, 12, dtype),
    nearest(1, 120, 20, 8, dtype),
  ]),
  ...rowShapes.map((shape) =>
    withInput(layer({ op: "subtract_max", shape, attributes: {} }), "int32", 2 ** -16),
  ),
  ...["l1", "l2", "max"].flatMap((norm) => rowShapes.map((shape) => normalize(shape, norm))),
  ...(["int8", "int16"] as const).flatMap((type) => [
    layerNorm([1, 64], 1, type),
    layerNorm([16, 8], 1, type),
    layerNorm([20, 32], 1, type),
    layerNorm([4, 128], 16, type),
    layerNorm([8, 36], 36, type),
  ]),
  ...[
    intervals([1, 4], 12),
    intervals([1, 1], 1),
    intervals([10, 3], 3),
    intervals([1, 30], 90),
    intervals([5, 8], 4),
  ],
  ...(["int16", "int32"] as const).flatMap((dtype) => [
    wideArgument([1, 10], 1, dtype),
    wideArgument([1, 200], 1, dtype),
    wideArgument([30, 8], 1, dtype),
    wideArgument([9, 40], 0, dtype),
  ]),
];

const svdf = (depth: number, units: number, rank: number, memory: number): Graph[] =>
  [false, true].map((wide) =>
    svdfGraph({
      ...{ depth, units, rank, memory, wide, seed: depth },
      ...{ zero: 3, outputZero: -5, product: 2 ** -4, output: 2 ** -8 },
    }),
  );

const lstm = (steps: number, inputs: number, units: number): Graph =>
  lstmGraph("lstm", {
    ...{ steps, inputs, units, zero: -7, hiddenZero: 4, seed: units },
    ...{ input: 2 ** -5, weights: 2 ** -7, hidden: 2 ** -7, cell: -11, cellClip: 0, hasStart: false },
  });

const gru = (steps: number, inputs: number, units: number): Graph[] =>
  [false, true].map((resetAfter) =>
    gruGraph({
      ...{ steps, inputs, units, resetAfter, hasStart: false, zero: -7, outputZero: 4, seed: units },
      ...{ input: 2 ** -5, weights: 2 ** -7, output: 2 ** -7 },
    }),
  );

export const recurrentLayers: readonly Graph[] = [
  ...[svdf(16, 8, 1, 8), svdf(40, 12, 2, 10), svdf(3, 20, 1, 30), svdf(64, 4, 1, 2)].flat(),
  ...[svdf(8, 2, 4, 5), svdf(1, 1, 1, 1)].flat(),
  ...[lstm(1, 8, 16), lstm(20, 3, 8), lstm(10, 16, 16), lstm(4, 40, 6), lstm(30, 1, 1), lstm(2, 2, 32)],
  ...[gru(1, 8, 16), gru(20, 3, 8), gru(10, 16, 16), gru(4, 40, 6), gru(30, 1, 1), gru(2, 2, 32)].flat(),
];
