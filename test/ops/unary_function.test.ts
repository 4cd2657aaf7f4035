/** Functions of one value: what they are, on real values and on bytes. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { quantized, type Tensor } from "../../host/ir/graph.ts";
import { FUNCTION_NAMES } from "../../host/ops/unary_function.ts";
import { evaluateGraph, runReference } from "../../host/runtime/engines/reference.ts";
import { float, graphOf, int8, node } from "../support/graphs.ts";

/** Values from tables and by hand: function, x, result, and where there are any the parameters. */
const KNOWN: readonly (readonly [string, number, number, number?, number?])[] = [
  ["elu", -1, -0.6321205588, 1],
  ["elu", -1, -1.2642411177, 2],
  ["elu", 3, 3, 2],
  ["selu", -1, -1.1113307378, 1.6732632423, 1.0507009874],
  ["selu", 2, 2.1014019747, 1.6732632423, 1.0507009874],
  ["celu", -1, -0.7869386806, 2],
  ["celu", -2, -1.2642411177, 2],
  ["exp", 1, Math.E],
  ["log", Math.E, 1],
  ["sqrt", 2, Math.SQRT2],
  ["reciprocal", -4, -0.25],
  ["rsqrt", 4, 0.5],
  ["abs", -3, 3],
  ["neg", -3, 3],
  ["square", -3, 9],
  ["hard_sigmoid", 1, 0.7, 0.2, 0.5],
  ["hard_sigmoid", -9, 0, 0.2, 0.5],
  ["hard_swish_float", 1, 0.6666666667, 1 / 6, 0.5],
  ["hard_swish_float", 4, 4, 1 / 6, 0.5],
  ["softplus", 0, Math.LN2],
  ["softplus", 1000, 1000],
  ["softsign", -3, -0.75],
  ["gelu", 1, 0.8413447461, 0],
  ["gelu", 1, 0.8411919906, 1],
  ["mish", 1, 0.8650983883],
  ["platt", -2, 0.9507619701, 2, 1],
  ["erf", 0.5, 0.5204998778],
  ["erf", -2, -0.995322265],
  ["erf", 2.5, 0.999593048],
  ["erf", 6, 1],
  ["floor", -1.5, -2],
  ["ceil", -1.5, -1],
  ["round", 2.5, 2],
  ["round", -1.5, -2],
  ["round", 0.75, 1],
  ["sign", -7, -1],
  ["sign", 0, 0],
  ["sin", Math.PI / 2, 1],
  ["cos", Math.PI, -1],
  ["thresholded_relu", 1, 0, 1],
  ["thresholded_relu", 1.5, 1.5, 1],
];

const nodeOf = (name: string, alpha = 0, beta = 0) =>
  node("unary_function", ["x"], "y", { function: name, alpha, beta });

function onReals(name: string, x: number, alpha?: number, beta?: number): number {
  const tensors = [float("x", [1]), float("y", [1])];
  const graph = graphOf({ tensors, nodes: [nodeOf(name, alpha, beta)], inputs: ["x"], outputs: ["y"] });
  return evaluateGraph(graph, [Float32Array.of(x)]).get("y")![0]!;
}

/** The result for one byte, between these two scales. */
function onBytes(name: string, byte: number, x: Partial<Tensor>, y: Partial<Tensor>): number {
  const tensors = [
    { ...int8("x", [1]), ...x },
    { ...int8("y", [1]), ...y },
  ];
  const graph = graphOf({ tensors, nodes: [nodeOf(name)], inputs: ["x"], outputs: ["y"] });
  return (runReference(graph, [[Uint8Array.of(byte)]])[0]![0]![0]! << 24) >> 24;
}

describe("on real values", () => {
  for (const [name, x, expected, alpha, beta] of KNOWN) {
    test(`${name}(${x})`, () => {
      const found = onReals(name, x, alpha, beta);
      assert.ok(Math.abs(found - expected) <= 1e-6 * Math.max(1, Math.abs(expected)), `found ${found}`);
    });
  }

  test("every function is here", () => {
    assert.deepEqual([...new Set(KNOWN.map(([name]) => name))].sort(), [...FUNCTION_NAMES].sort());
  });
});

describe("on bytes", () => {
  const unit = { quantization: quantized(1, 0) };

  test("halves go away from zero", () => {
    const half = { quantization: quantized(2, 0) };
    assert.equal(onBytes("neg", 5, unit, half), -3);
    assert.equal(onBytes("neg", -5, unit, half), 3);
  });

  test("results beyond the range are its ends", () => {
    assert.equal(onBytes("square", 100, unit, unit), 127);
    assert.equal(onBytes("exp", 100, unit, unit), 127);
    assert.equal(onBytes("reciprocal", 0, unit, unit), 127);
  });

  test("a logarithm and a root of what was rounded below zero are those of zero", () => {
    assert.equal(onBytes("log", -1, unit, unit), -128);
    assert.equal(onBytes("log", 0, unit, unit), -128);
    assert.equal(onBytes("sqrt", -1, unit, { quantization: quantized(1, 7) }), 7);
  });
});
