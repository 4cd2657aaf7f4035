/**
 * The layers that the cost model is fitted to. Shapes are those of common networks and others around them, in which
 * features vary apart from each other; the golden models themselves are left for checking.
 */

import { type Graph, quantized, type Tensor } from "../../../host/ir/graph.ts";
import type { Choice } from "../../../host/ops/lowering.ts";
import { ALL, INPUT, OUTPUT, WEIGHTS, type Wide, widenGraph } from "../../ops/lowering/int16_graphs.ts";
import { forestTensors } from "../../support/forests.ts";
import { classicLayers, recurrentLayers } from "./classic_layers.ts";
import {
  argument,
  beside,
  binary,
  chain,
  convolution,
  dense,
  depthwise,
  light,
  matrices,
  moving,
  pooling,
  prelu,
  quotient,
  transposeConvolution,
  unary,
  view,
  type Window,
} from "./layers.ts";
import { signalLayers } from "./signal_layers.ts";

export interface CalibrationCase {
  readonly graph: Graph;
  readonly choice: Choice;
}

const small = (graph: Graph): CalibrationCase => ({
  graph,
  choice: { kernel: "small", tile: 4, inPlace: false },
});
const fast = (graph: Graph, tile = 4, inPlace = false): CalibrationCase => ({
  graph,
  choice: { kernel: "fast", tile, inPlace },
});

type Shaped = readonly [window: Window, outputs: number, groups?: number];

const window = (
  height: number,
  width: number,
  channels: number,
  kernel: number | readonly [number, number],
  more: Partial<Window> = {},
): Window => ({
  input: [height, width, channels],
  kernel: typeof kernel === "number" ? [kernel, kernel] : kernel,
  ...more,
});

const convolutions: readonly Shaped[] = [
  [window(12, 5, 64, 1), 64],
  [window(6, 6, 16, 1), 32],
  [window(3, 3, 128, 1), 96],
  [window(9, 9, 8, 1), 16],
  [window(7, 7, 12, 1), 10],
  [window(5, 5, 33, 1), 7],
  [window(16, 3, 40, 1), 3],
  [window(12, 12, 3, 3), 16],
  [window(13, 13, 3, 3, { stride: 2, padding: 0 }), 8],
  [window(8, 8, 16, 3), 16],
  [window(6, 6, 32, 3), 24],
  [window(4, 4, 64, 3, { stride: 2 }), 64],
  [window(20, 10, 1, [10, 4], { stride: 2, padding: 1 }), 64],
  [window(10, 10, 1, 3), 6],
  [window(14, 14, 6, 5, { padding: 0 }), 16],
  [window(8, 8, 16, 3), 16, 4],
  [window(7, 7, 24, 1), 24, 3],
  [window(9, 9, 8, 3, { dilation: 2, padding: 2 }), 12],
  [window(2, 2, 8, 1), 4],
  [window(8, 8, 64, 1, { stride: 2 }), 32],
];

const pixelsOf = ({ input, kernel, stride = 1, padding, dilation = 1 }: Window): number =>
  [0, 1].reduce((product, axis) => {
    const pad = padding ?? Math.floor((kernel[axis]! - 1) / 2);
    const reach = (kernel[axis]! - 1) * dilation + 1;
    return product * (Math.floor((input[axis]! + 2 * pad - reach) / stride) + 1);
  }, 1);

/** Layers whose sums fit no lane if their weights are large: all of at least 128 terms, and some more of them. */
const long: readonly Shaped[] = [
  ...convolutions.filter(
    ([{ input, kernel }, , groups]) => !groups && input[2] * kernel[0]! * kernel[1]! >= 128,
  ),
  [window(6, 6, 160, 1), 20],
  [window(5, 9, 24, 3), 12],
  [window(8, 8, 15, 5, { stride: 2 }), 7],
  [window(3, 4, 256, 1), 40],
];

/** Each with few pixels at a time and with all of them, and what may be in place, in place. */
const lanesOf =
  (heavy: boolean) =>
  ([each, outputs, groups]: Shaped, i: number) => {
    const graph = convolution(each, outputs, groups, heavy ? "heavy" : "any");
    const pixels = pixelsOf(each);
    const tiles = [...new Set([Math.min(4, pixels), Math.ceil(pixels / (2 + (i % 3))), pixels])];
    const pointwise =
      each.kernel.every((n) => n === 1) && !each.stride && !groups && outputs <= each.input[2];
    return [...tiles.map((tile) => fast(graph, tile)), ...(pointwise ? [fast(graph, tiles[1]!, true)] : [])];
  };
const lanes = [...convolutions.flatMap(lanesOf(false)), ...long.flatMap(lanesOf(true))];

/** Weights of four bits, by convolutions of one group and by dense layers. */
const packs: readonly CalibrationCase[] = [
  ...convolutions
    .filter(([, , groups]) => groups === undefined)
    .map(([each, outputs]) => convolution(each, outputs, 1, "light")),
  ...[
    [1, 640, 128],
    [1, 128, 8],
    [6, 64, 40],
    [1, 33, 16],
  ].map(([batches, depth, outputs]) => light(dense(batches!, depth!, outputs!))),
].flatMap((graph) =>
  [
    ...[4, 9].map((tile) => ({ ...small(graph).choice, tile })),
    ...[5, 32].map((tile) => fast(graph, tile).choice),
  ].map((choice) => ({ graph, choice: { ...choice, packed: true } })),
);

const depthwises = [
  depthwise(window(12, 5, 64, 3)),
  depthwise(window(24, 24, 8, 3)),
  depthwise(window(12, 12, 16, 3, { stride: 2 })),
  depthwise(window(3, 3, 128, 3)),
  depthwise(window(6, 6, 32, 3, { padding: 0 })),
  depthwise(window(30, 3, 10, 3)),
  depthwise(window(3, 30, 10, 3)),
  depthwise(window(9, 9, 6, 3), 2),
  depthwise(window(13, 13, 24, 3, { stride: 2, padding: 0 })),
  depthwise(window(2, 2, 40, 3)),
];
const otherDepthwises = [
  depthwise(window(10, 10, 12, 5)),
  depthwise(window(9, 9, 8, [1, 7])),
  depthwise(window(8, 8, 8, 3, { dilation: 2, padding: 2 })),
  depthwise(window(7, 7, 20, 2)),
  depthwise(window(6, 6, 9, 1)),
];

const denseShapes: readonly (readonly [number, number, number])[] = [
  [1, 64, 12],
  [1, 640, 128],
  [1, 128, 128],
  [1, 128, 8],
  [1, 8, 128],
  [1, 13, 3],
  [1, 2, 1],
  [1, 100, 30],
  [4, 32, 10],
  [1, 300, 5],
];
const denses = [false, true].flatMap((perChannel) =>
  denseShapes.map(([batches, depth, outputs]) => dense(batches, depth, outputs, perChannel)),
);

const pools = (["max_pool2d", "average_pool2d"] as const).flatMap((op) => [
  pooling(op, window(8, 8, 16, 2, { stride: 2, padding: 0 })),
  pooling(op, window(12, 12, 6, 3, { stride: 2 })),
  pooling(op, window(24, 5, 64, [24, 5], { padding: 0 })),
  pooling(op, window(6, 6, 40, 6, { padding: 0 })),
  pooling(op, window(5, 9, 3, [1, 3])),
  pooling(op, window(2, 2, 4, 2, { padding: 0 })),
]);

const others: readonly Graph[] = [
  binary("add", [1, 8, 8, 16], [1, 8, 8, 16]),
  binary("add", [1, 100], [1, 100]),
  binary("add", [1, 16, 4, 2], [1, 1, 1, 2]),
  binary("add", [4, 7], [4, 1]),
  binary("add", [1, 8, 8, 12], [1, 8, 8, 12], "relu"),
  binary("add", [1, 150], [1, 150], "relu"),
  binary("mul", [1, 8, 8, 16], [1, 8, 8, 16]),
  binary("mul", [1, 30], [1, 30]),
  binary("mul", [1, 16, 4, 2], [1, 1, 1, 2]),
  binary("mul", [1, 8, 8, 12], [1, 8, 8, 12], "relu"),
  binary("mul", [1, 150], [1, 150], "relu"),
  unary("logistic", [1, 10]),
  unary("logistic", [1, 400]),
  unary("logistic", [8, 500]),
  unary("softmax", [1, 2], { beta: 1 }),
  unary("softmax", [1, 12], { beta: 1 }),
  unary("softmax", [9, 10], { beta: 1 }),
  unary("softmax", [2, 200], { beta: 1 }),
  moving("pad", [[1, 8, 8, 4]], { before: [0, 1, 1, 0], after: [0, 1, 1, 0], value: 0 }),
  moving("pad", [[1, 20, 2, 1]], { before: [0, 3, 0, 0], after: [0, 0, 1, 0], value: 0 }),
  moving("pad", [[1, 4, 4, 64]], { before: [0, 1, 2, 0], after: [0, 1, 2, 0], value: 0 }),
  moving(
    "concatenation",
    [
      [1, 6, 6, 8],
      [1, 6, 6, 24],
    ],
    { axis: 3 },
  ),
  moving(
    "concatenation",
    [
      [1, 300],
      [1, 12],
    ],
    { axis: 1 },
  ),
  moving(
    "concatenation",
    [
      [30, 2],
      [30, 1],
    ],
    { axis: 1 },
  ),
  unary("mean", [1, 6, 6, 32], { axes: [1, 2], keepDims: false }),
  unary("mean", [1, 3, 40, 4], { axes: [1, 2], keepDims: false }),
  unary("mean", [5, 7, 9], { axes: [2], keepDims: true }),
  unary("mean", [1, 2, 2, 100], { axes: [1, 2], keepDims: false }),
];

/** Operators of attention beside dense layers, in both widths. */
const attention: readonly Graph[] = [
  matrices([1, 2, 16, 8], [1, 2, 16, 8]),
  matrices([1, 4, 8, 16], [1, 4, 8, 16]),
  matrices([3, 5], [40, 5]),
  matrices([20, 3], [4, 3]),
  matrices([1, 64], [30, 64]),
  quotient([1, 8, 8, 4], [1, 8, 8, 4]),
  quotient([1, 100], [1, 100]),
  quotient([12, 20], [12, 1]),
  quotient([1, 30], [1, 30]),
];

const in16Bits = (graph: Graph, types: Wide = ALL): Graph => widenGraph(graph, types, 1);

/** Transpositions with long, short and single rows, and parts of images. */
const movements: readonly Graph[] = [
  moving("transpose", [[1, 8, 8, 16]], { permutation: [0, 3, 1, 2] }),
  moving("transpose", [[1, 16, 8, 8]], { permutation: [0, 2, 3, 1] }),
  moving("transpose", [[50, 3]], { permutation: [1, 0] }),
  moving("transpose", [[3, 50]], { permutation: [1, 0] }),
  moving("transpose", [[6, 5, 7, 4]], { permutation: [2, 1, 0, 3] }),
  moving("transpose", [[6, 5, 7, 40]], { permutation: [1, 2, 0, 3] }),
  moving("strided_slice", [[1, 12, 12, 8]], {
    begin: [0, 2, 2, 0],
    end: [1, 10, 9, 8],
    strides: [1, 1, 1, 1],
  }),
  moving("strided_slice", [[1, 12, 12, 8]], {
    begin: [0, 0, 0, 0],
    end: [1, 12, 12, 8],
    strides: [1, 2, 2, 1],
  }),
  moving("strided_slice", [[1, 12, 12, 8]], {
    begin: [0, 0, 0, 2],
    end: [1, 12, 12, 3],
    strides: [1, 1, 1, 1],
  }),
  moving("strided_slice", [[400]], { begin: [399], end: [-1], strides: [-1] }),
  moving("strided_slice", [[4, 400]], { begin: [0, 4], end: [4, 204], strides: [1, 1] }),
  in16Bits(moving("transpose", [[1, 8, 8, 16]], { permutation: [0, 3, 1, 2] })),
  in16Bits(moving("transpose", [[3, 50]], { permutation: [1, 0] })),
  in16Bits(moving("transpose", [[40, 6]], { permutation: [1, 0] })),
];

const twice = (size: number): number[] => Array.from({ length: 2 * size }, (_, i) => Math.floor(i / 2));
const half = (size: number): number[] => Array.from({ length: Math.floor(size / 2) }, (_, i) => 2 * i);
const resized = (shape: readonly [number, number, number, number], by: (size: number) => number[]): Graph =>
  moving("resize_nearest", [shape], { rows: by(shape[1]), columns: by(shape[2]) });

/** Each pixel a third of the way to the next one, in steps of 2^-20. */
const between = (size: number): number[] =>
  Array.from({ length: 2 * size }, (_, i) => Math.min(Math.round((i * 2 ** 20) / 3), (size - 1) * 2 ** 20));
const interpolated = (shape: readonly [number, number, number, number]): Graph =>
  moving("resize_bilinear", [shape], { rows: between(shape[1]), columns: between(shape[2]) });

const resizes: readonly Graph[] = [
  interpolated([1, 8, 8, 16]),
  interpolated([1, 12, 7, 1]),
  interpolated([1, 5, 20, 3]),
  interpolated([1, 24, 4, 1]),
  interpolated([1, 1, 16, 8]),
  interpolated([1, 3, 3, 64]),
  resized([1, 8, 8, 16], twice),
  resized([1, 12, 7, 1], twice),
  resized([1, 5, 20, 3], twice),
  resized([1, 24, 4, 1], twice),
  resized([1, 16, 16, 8], half),
  resized([1, 20, 30, 1], half),
  resized([1, 30, 6, 4], half),
  resized([1, 3, 3, 64], twice),
];

const transposeConvolutions: readonly Graph[] = [
  transposeConvolution(window(6, 6, 16, 3, { stride: 2 }), 16),
  transposeConvolution(window(4, 4, 32, 4, { stride: 2 }), 24),
  transposeConvolution(window(8, 8, 4, 2, { stride: 2 }), 3),
  transposeConvolution(window(5, 5, 8, 3), 12),
  transposeConvolution(window(3, 9, 10, 5, { stride: 3 }), 7),
  transposeConvolution(window(10, 4, 3, 3, { stride: 2 }), 5),
  transposeConvolution(window(7, 7, 24, 1), 9),
  transposeConvolution(window(2, 2, 64, 4, { stride: 2 }), 8),
];

const comparisons: readonly Graph[] = [
  moving(
    "maximum",
    [
      [1, 8, 8, 16],
      [1, 8, 8, 16],
    ],
    {},
  ),
  moving(
    "maximum",
    [
      [1, 16, 4, 2],
      [1, 1, 1, 2],
    ],
    {},
  ),
  moving(
    "minimum",
    [
      [1, 100],
      [1, 100],
    ],
    {},
  ),
  moving(
    "maximum",
    [
      [20, 12],
      [20, 1],
    ],
    {},
  ),
  prelu([1, 8, 8, 16], [1, 1, 16]),
  prelu([1, 16, 4, 2], [1, 1, 2]),
  prelu([1, 100], [100]),
  prelu([1, 10, 6, 12], [1]),
  moving("reduce_max", [[1, 6, 6, 32]], { axes: [1, 2], keepDims: false }),
  moving("reduce_max", [[1, 3, 40, 4]], { axes: [1, 2], keepDims: false }),
  moving("reduce_min", [[5, 7, 9]], { axes: [2], keepDims: true }),
  moving("reduce_max", [[1, 2, 2, 100]], { axes: [1, 2], keepDims: false }),
  moving("reduce_max", [[6, 8, 9]], { axes: [0, 2], keepDims: false }),
  argument([1, 10], 1),
  argument([1, 200], 1),
  argument([30, 8], 1),
  argument([1, 6, 6, 12], 3),
  argument([9, 40], 0),
  unary("log_softmax", [1, 2]),
  unary("log_softmax", [1, 12]),
  unary("log_softmax", [9, 10]),
  unary("log_softmax", [2, 200]),
];

/** Forests of a few sizes, in which each walk is as long. */
const forestsOf = (dtype: "int8" | "int16", long: boolean): readonly Graph[] =>
  (
    [
      [1, 2],
      [2, 1],
      [4, 4],
      [4, 10],
      [10, 3],
      [10, 10],
    ] as const
  ).flatMap(([trees, targets]) =>
    [3, 8].map((depth): Graph => {
      const draft = { features: 16, trees, depth, full: true, targets, leaves: 50, seed: depth, long };
      const input: Tensor = { name: "input", dtype, shape: [1, 16], quantization: quantized(1, 0) };
      const constants = forestTensors(draft, dtype);
      const output: Tensor = {
        name: "output",
        dtype: "int16",
        shape: [1, targets],
        quantization: quantized(0.5, 0),
      };
      return {
        name: `${long ? "long " : ""}forest ${dtype} ${trees} ${targets} ${depth}`,
        tensors: new Map([input, ...constants, output].map((tensor) => [tensor.name, tensor])),
        nodes: [
          {
            name: "forest",
            op: "tree_ensemble",
            inputs: ["input", ...constants.map(({ name }) => name)],
            outputs: ["output"],
            attributes: {},
          },
        ],
        inputs: ["input"],
        outputs: ["output"],
      };
    }),
  );

const forests: readonly Graph[] = (["int8", "int16"] as const).flatMap((dtype) =>
  [false, true].flatMap((long) => forestsOf(dtype, long)),
);

/** Layers of 16-bit values; a few shapes for each kernel, since all of them are plain loops. */
const wides: readonly Graph[] = [
  ...convolutions.slice(2, 18).map(([each, outputs, groups]) => in16Bits(convolution(each, outputs, groups))),
  ...[...depthwises.slice(2, 6), ...otherDepthwises].map((graph) => in16Bits(graph)),
  ...[ALL, WEIGHTS, OUTPUT].flatMap((types) =>
    denseShapes.map(([batches, depth, outputs]) => in16Bits(dense(batches, depth, outputs), types)),
  ),
  ...pools.map((graph) => in16Bits(graph)),
  ...others.filter(({ name }) => name !== "concatenation").map((graph) => in16Bits(graph)),
  ...[
    [1, 10],
    [1, 400],
    [8, 500],
  ].flatMap((shape) => [
    in16Bits(unary("tanh", shape)),
    in16Bits(unary("unary_function", shape, { function: "exp", alpha: 0, beta: 0 })),
    in16Bits(unary("relu", shape, { activation: "relu" })),
    in16Bits(unary("quantize", shape), INPUT),
    in16Bits(unary("quantize", shape), OUTPUT),
  ]),
];

/** One layer each: instructions are fitted to these, and the code of kernels is taken from them. */
export const layerCases: readonly CalibrationCase[] = [
  ...convolutions.map(([each, outputs, groups]) => small(convolution(each, outputs, groups))),
  ...lanes,
  ...packs,
  ...[...depthwises, ...otherDepthwises].map(small),
  ...depthwises.map((graph) => fast(graph)),
  ...denses.map(small),
  ...denses.map((graph) => fast(graph)),
  ...pools.map(small),
  ...others.map(small),
  ...attention.flatMap((graph) => [small(graph), small(in16Bits(graph))]),
  ...[...movements, ...resizes, ...transposeConvolutions, ...comparisons].map(small),
  ...wides.map(small),
  ...[...forests, ...classicLayers, ...recurrentLayers, ...signalLayers].map(small),
];

const conv = convolution(window(4, 4, 8, 1), 8);
const depthConv = depthwise(window(6, 6, 8, 3));
const perTensor = dense(1, 16, 16);
const perChannel = dense(1, 16, 16, true);

const chains: readonly Graph[] = [conv, depthConv, perTensor].flatMap((layer) => [
  chain(layer, 3, true),
  chain(layer, 12, false),
  chain(layer, 12, true),
  chain(layer, 24, true),
]);

const maxPool = pooling("max_pool2d", window(4, 4, 4, 2));
const averagePool = pooling("average_pool2d", window(4, 4, 4, 2));
const softmax = unary("softmax", [1, 12], { beta: 1 });
const sum = binary("add", [1, 16], [1, 16]);

/** Kernels side by side, as networks have them. */
const sets: readonly (readonly Graph[])[] = [
  [conv, perTensor],
  [conv, depthConv],
  [conv, maxPool, perTensor],
  [conv, sum, perTensor, softmax],
  [conv, depthConv, averagePool, perTensor],
  [conv, depthConv, averagePool, perTensor, softmax],
  [conv, depthConv, conv, depthConv, averagePool, perChannel, softmax],
  [perTensor, softmax],
  [perTensor, perTensor, unary("logistic", [1, 16])],
  [depthConv, perTensor, softmax],
  [conv, maxPool, averagePool, sum, perChannel, softmax],
  [maxPool, averagePool, sum, binary("mul", [1, 16], [1, 16])],
];

/** Modules of several layers with little to do: for what wasm3's heap takes. */
export const moduleCases: readonly CalibrationCase[] = [...chains, ...sets.map(beside)].flatMap((graph) => [
  small(graph),
  fast(graph),
]);

export const viewCase: CalibrationCase = small(view);
