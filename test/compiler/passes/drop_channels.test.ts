/** Leaving channels out: no output byte changes, whatever was dead, and what is dead goes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { dropChannels } from "../../../host/compiler/passes/drop_channels.ts";
import { seededInputs, standardVectors } from "../../../host/compiler/verify/vectors.ts";
import { elements, type Graph, type Shape, type Tensor, tensorOf } from "../../../host/ir/graph.ts";
import { checkGraph } from "../../../host/ops/spec.ts";
import { runReference } from "../../../host/runtime/engines/reference.ts";
import { CONV, DENSE, DEPTHWISE, graphOf, int8, int8Weights, int32Bias, node } from "../../support/graphs.ts";

/** What is the matter with an output channel. */
const FATES = ["alive", "zero", "low", "high", "edge", "wraps"] as const;
type Fate = (typeof FATES)[number];

/** Biases that hold a channel at the bottom, at the top, or within a step of there. */
const BIASES: Readonly<Record<Fate, number | undefined>> = {
  alive: undefined,
  zero: 37,
  low: -(2 ** 24),
  high: 2 ** 24,
  edge: -(2 ** 15),
  wraps: 2 ** 31 - 5,
};

interface Layer {
  readonly fates: readonly Fate[];
  readonly kernel: number;
  readonly padded: boolean;
  readonly zeroPoint: number;
  readonly activation: string;
}

const layer: fc.Arbitrary<Layer> = fc.record({
  fates: fc.array(fc.constantFrom(...FATES), { minLength: 1, maxLength: 5 }),
  kernel: fc.constantFrom(1, 3),
  padded: fc.boolean(),
  zeroPoint: fc.constantFrom(-128, -3, 0),
  activation: fc.constantFrom("none", "relu", "relu6"),
});

/** Weights and bias whose channels on `axis` meet their fates; one scale for each, some of them huge. */
function constants(name: string, shape: Shape, axis: number, fates: readonly Fate[], seed: number): Tensor[] {
  const weights = int8Weights(`${name}_w`, shape, seed);
  const inner = elements(shape.slice(axis + 1));
  const fateOf = (i: number): Fate => fates[Math.floor(i / inner) % fates.length]!;
  const bias = int32Bias(`${name}_b`, fates.length, seed);
  return [
    {
      ...weights,
      data: (weights.data as Int8Array).map((weight, i) => (fateOf(i) === "zero" ? 0 : weight)),
      quantization: {
        scales: fates.map((fate) => (fate === "wraps" ? 2 ** 20 : 0.02)),
        zeroPoints: fates.map(() => 0),
        axis,
      },
    },
    { ...bias, data: (bias.data as Int32Array).map((value, i) => BIASES[fates[i]!] ?? value) },
  ];
}

/** conv → depthwise → conv → pool → dense, as mobile networks end. */
function network([first, middle, last]: readonly [Layer, Layer, Layer], seed: number): Graph {
  const [c1, c2] = [first.fates.length, last.fates.length];
  const fates = first.fates.map((_, i) => middle.fates[i % middle.fates.length]!);
  const padding = ({ kernel, padded }: Layer): number[] =>
    padded && kernel === 3 ? [1, 1, 1, 1] : [0, 0, 0, 0];
  const after = (size: number, { kernel, padded }: Layer): number =>
    kernel === 1 || padded ? size : size - 2;
  const sizes = [8, after(8, first)];
  sizes.push(after(sizes[1]!, { ...middle, kernel: 3 }));
  sizes.push(after(sizes[2]!, last));
  const window = (size: number) => ({ stride: [1, 1], padding: [0, 0, 0, 0], kernel: [size, size] });
  return graphOf({
    tensors: [
      int8("x", [1, 8, 8, 2], 0.05, 3),
      ...constants("first", [c1, first.kernel, first.kernel, 2], 0, first.fates, seed),
      int8("a", [1, sizes[1]!, sizes[1]!, c1], 0.05, first.zeroPoint),
      ...constants("middle", [1, 3, 3, c1], 3, fates, seed + 1),
      int8("b", [1, sizes[2]!, sizes[2]!, c1], 0.05, middle.zeroPoint),
      ...constants("last", [c2, last.kernel, last.kernel, c1], 0, last.fates, seed + 2),
      int8("c", [1, sizes[3]!, sizes[3]!, c2], 0.05, last.zeroPoint),
      int8("d", [1, 1, 1, c2], 0.05, last.zeroPoint),
      int8("e", [1, c2], 0.05, last.zeroPoint),
      int8Weights("dense_w", [3, c2], seed + 3),
      int32Bias("dense_b", 3, seed),
      int8("y", [1, 3], 0.1, 0),
    ],
    nodes: [
      node("conv2d", ["x", "first_w", "first_b"], "a", {
        ...CONV,
        padding: padding(first),
        activation: first.activation,
      }),
      node("depthwise_conv2d", ["a", "middle_w", "middle_b"], "b", {
        ...DEPTHWISE,
        padding: padding({ ...middle, kernel: 3 }),
        activation: middle.activation,
      }),
      node("conv2d", ["b", "last_w", "last_b"], "c", {
        ...CONV,
        padding: padding(last),
        activation: last.activation,
      }),
      node("average_pool2d", ["c"], "d", { ...window(sizes[3]!), activation: "none" }),
      node("reshape", ["d"], "e", { shape: [1, c2] }),
      node("fully_connected", ["e", "dense_w", "dense_b"], "y", DENSE),
    ],
    inputs: ["x"],
    outputs: ["y"],
  });
}

function expectSame(graph: Graph): Graph {
  const dropped = checkGraph(dropChannels(graph), "drop channels");
  const vectors = [
    ...[1, 2, 3].map((seed) => seededInputs(graph, seed)),
    ...standardVectors(graph, 0).map(({ inputs }) => inputs),
  ];
  assert.deepEqual(runReference(dropped, vectors), runReference(graph, vectors));
  return dropped;
}

const channels = (graph: Graph, name: string): number => tensorOf(graph, name).shape.at(-1)!;

test("no output byte changes", () => {
  let fewer = 0;
  const property = fc.property(fc.tuple(layer, layer, layer), fc.nat(0xffff), (layers, seed) => {
    const graph = network(layers, seed);
    if (channels(expectSame(graph), "a") < channels(graph, "a")) fewer++;
  });
  fc.assert(property, { seed: 7, numRuns: 600 });
  assert.ok(fewer > 100, `expected many graphs with fewer channels, found ${fewer}`);
});

const plain = (fates: readonly Fate[], more: Partial<Layer> = {}): Layer => ({
  fates,
  kernel: 1,
  padded: false,
  zeroPoint: -128,
  activation: "relu",
  ...more,
});

test("dead channels go, with what they feed", () => {
  const graph = network([plain(["alive", "low", "alive", "zero"]), plain(["alive"]), plain(["alive"])], 5);
  const dropped = expectSame(graph);
  assert.deepEqual([channels(dropped, "a"), channels(dropped, "b")], [2, 2]);
});

test("channels that nobody reads go, though they are alive", () => {
  const graph = network([plain(["alive", "alive"]), plain(["low", "alive"]), plain(["alive"])], 5);
  assert.equal(channels(expectSame(graph), "a"), 1);
});

test("one channel stays where none is needed", () => {
  const graph = network([plain(["alive", "alive"]), plain(["alive"]), plain(["low"])], 5);
  assert.equal(channels(expectSame(graph), "a"), 1);
});

test("a constant that a padded window would see in part only stays", () => {
  const high = plain(["high", "alive"], { zeroPoint: 0, activation: "none" });
  const last = (padded: boolean): Layer => plain(["alive"], { kernel: 3, padded });
  const middle = plain(["high", "alive"], { zeroPoint: 0, activation: "none", padded: true });
  assert.equal(channels(expectSame(network([high, middle, last(true)], 5)), "b"), 2);
  assert.equal(channels(expectSame(network([high, middle, last(false)], 5)), "b"), 1);
});

test("a channel whose sum wraps on its shift to the left is not constant", () => {
  // Inputs -128 and 127 give 0 both, and 64 gives 127.
  const graph = graphOf({
    tensors: [
      int8("x", [1, 1, 4, 1], 1, 0),
      {
        ...int8("w", [2, 1, 1, 1]),
        data: Int8Array.of(1, 1),
        quantization: { scales: [2 ** 23, 1], zeroPoints: [0, 0], axis: 0 },
      },
      { name: "b", dtype: "int32", shape: [2], data: Int32Array.of(128, 0) },
      int8("a", [1, 1, 4, 2], 1, 0),
      { ...int8("v", [2, 1, 1, 2], 1, 0), data: Int8Array.of(1, 1, 1, -1) },
      { name: "c", dtype: "int32", shape: [2], data: Int32Array.of(0, 0) },
      int8("y", [1, 1, 4, 2], 1, 0),
    ],
    nodes: [
      node("conv2d", ["x", "w", "b"], "a", { ...CONV, activation: "relu" }),
      node("conv2d", ["a", "v", "c"], "y", CONV),
    ],
    inputs: ["x"],
    outputs: ["y"],
  });
  const inputs = [Uint8Array.of(128, 192, 0, 127)];
  const [expected] = runReference(graph, [inputs]);
  assert.deepEqual([...new Int8Array(expected![0]!.buffer)], [0, 0, 127, 127, 0, 0, 127, -127]);
  assert.deepEqual(runReference(dropChannels(graph), [inputs]), [expected]);
});
