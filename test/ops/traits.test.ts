/** Traits say the truth: each is checked against what the operator's own `evaluate` computes in float. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Attributes, elements, type Shape, type Tensor } from "../../host/ir/graph.ts";
import { operatorOf, operators } from "../../host/ops/index.ts";
import type { Bound } from "../../host/ops/operator.ts";

const float = (name: string, shape: Shape): Tensor => ({ name, dtype: "float32", shape });

function boundOf(op: string, attributes: Attributes, shapes: readonly Shape[]): Bound<Attributes> {
  const inputs = shapes.map((shape, i) => float(`x${i}`, shape));
  const outputs = operatorOf(op)
    .infer({ name: op, attributes, inputs })
    .map((shape) => float("y", shape));
  return { name: op, attributes, inputs, outputs };
}

const run = (node: Bound<Attributes>, ...values: readonly Float32Array[]): number[] =>
  Array.from(operatorOf(node.name).evaluate(node, values)[0]!);

/** Values of both signs, none of them a whole number. */
const values = (shape: Shape, seed = 1): Float32Array =>
  Float32Array.from({ length: elements(shape) }, (_, i) => Math.fround(Math.sin(7 * i + seed) * 3));

const window = { stride: [1, 1], dilation: [1, 1], padding: [1, 1, 1, 1], activation: "none" };
const pooling = { kernel: [2, 2], stride: [2, 2], padding: [0, 0, 0, 0] };

const layers: readonly [op: string, attributes: Attributes, input: Shape, weights: Shape][] = [
  ["conv2d", { ...window, groups: 1 }, [1, 4, 4, 3], [5, 3, 2, 3]],
  ["depthwise_conv2d", { ...window, depthMultiplier: 2 }, [1, 4, 4, 3], [1, 3, 3, 6]],
  ["transpose_conv2d", { ...window, outputSize: [4, 4] }, [1, 4, 4, 3], [5, 3, 3, 3]],
  ["fully_connected", { activation: "none", keepDims: true }, [2, 6], [4, 6]],
];

describe("matrix", () => {
  for (const [op, attributes, input, weights] of layers) {
    test(`${op}: each weight multiplies the input channel and reaches the output channel that it is filed under`, () => {
      const node = boundOf(op, attributes, [input, weights]);
      const matrix = operatorOf(op).matrix(node)!;
      const [channels, filed] = [input.at(-1)!, new Set<number>()];
      for (let output = 0; output < matrix.outputs; output++)
        for (let position = 0; position < matrix.positions; position++)
          for (let term = 0; term < matrix.inputs; term++) {
            const index = matrix.at(output, position, term);
            filed.add(index);
            const only = new Float32Array(elements(weights));
            only[index] = 1;
            for (let channel = 0; channel < channels; channel++) {
              const x = Float32Array.from({ length: elements(input) }, (_, i) =>
                Number(i % channels === channel),
              );
              const touched = run(node, x, only).flatMap((y, i) => (y === 0 ? [] : [i % matrix.outputs]));
              const expected = channel === matrix.inputChannel(index) ? [output] : [];
              assert.deepEqual([...new Set(touched)], expected, `weight ${index}, channel ${channel}`);
            }
          }
      assert.equal(filed.size, elements(weights));
      assert.deepEqual(matrix.resized(matrix.outputs, matrix.inputs).shape, weights);
    });
  }

  test("a convolution in groups has none", () => {
    const node = boundOf("conv2d", { ...window, groups: 2 }, [
      [1, 4, 4, 4],
      [6, 3, 3, 2],
    ]);
    assert.equal(operatorOf("conv2d").matrix(node), undefined);
  });

  test("every operator with weights has one", () => {
    const withWeights = [...operators.values()].filter(({ quantization }) => quantization.weights);
    assert.deepEqual(withWeights.map(({ name }) => name).sort(), layers.map(([op]) => op).sort());
  });
});

describe("keepsFactors", () => {
  const cases: readonly [op: string, attributes: Attributes, shape: Shape, keeps: boolean][] = [
    ["relu", { activation: "relu" }, [2, 5], true],
    ["relu", { activation: "relu6" }, [2, 5], false],
    ["leaky_relu", { alpha: 0.1 }, [2, 5], true],
    ["reshape", { shape: [10] }, [2, 5], true],
    ["average_pool2d", { ...pooling, activation: "none" }, [1, 4, 4, 3], true],
    ["max_pool2d", { ...pooling, activation: "relu" }, [1, 4, 4, 3], true],
    ["max_pool2d", { ...pooling, activation: "relu6" }, [1, 4, 4, 3], false],
    ["mean", { axes: [1, 2], keepDims: false }, [1, 4, 4, 3], true],
    ["mean", { axes: [1, 3], keepDims: false }, [1, 4, 4, 3], false],
    ["tanh", {}, [2, 5], false],
  ];
  for (const [op, attributes, shape, keeps] of cases)
    test(`${op} ${JSON.stringify(attributes)}: ${keeps}`, () => {
      const node = boundOf(op, attributes, [shape]);
      assert.equal(operatorOf(op).keepsFactors(node), keeps);
      const x = values(shape);
      const doubled = run(
        node,
        x.map((value) => 2 * value),
      );
      if (keeps)
        assert.deepEqual(
          doubled,
          run(node, x).map((y) => 2 * y),
        );
    });

  test("no other operator states it for plain attributes", () => {
    const listed = new Set(cases.map(([op]) => op));
    for (const operator of operators.values()) {
      if (listed.has(operator.name) || Object.keys(operator.attributes).length > 0) continue;
      assert.equal(operator.keepsFactors(boundOfAny(operator.name)), false, operator.name);
    }
  });
});

const boundOfAny = (op: string): Bound<Attributes> => ({
  name: op,
  attributes: {},
  inputs: [float("x", [2, 5])],
  outputs: [float("y", [2, 5])],
});

/** Attributes of the operators of one value. */
const UNARY: Readonly<Record<string, Attributes>> = {
  relu: { activation: "relu" },
  leaky_relu: { alpha: 0.25 },
  clip: { min: -1, max: 1 },
  unary_function: { function: "abs", alpha: 0, beta: 0 },
};
const BINARY: Readonly<Record<string, Attributes>> = { add: {}, sub: {}, mul: {} };

describe("elementwise", () => {
  for (const { name, elementwise } of operators.values()) {
    if (elementwise !== "unary" || name === "quantize" || name === "dequantize") continue;
    test(`${name}: a value changes its own place only`, () => {
      const node = boundOf(name, UNARY[name] ?? {}, [[2, 5]]);
      const [x, changed] = [values([2, 5]), values([2, 5])];
      changed[3] = 0.5;
      const [before, after] = [run(node, x), run(node, changed)];
      assert.notEqual(before[3], after[3]);
      assert.deepEqual(after.with(3, before[3]!), before);
    });
  }
});

describe("neutral", () => {
  for (const { name, neutral } of operators.values()) {
    if (!neutral) continue;
    test(`${name} with ${neutral.value} is its input`, () => {
      const attributes = name in BINARY ? { activation: "none" } : {};
      const node = boundOf(name, attributes, [
        [2, 5],
        [2, 5],
      ]);
      const [x, constant] = [values([2, 5]), new Float32Array(10).fill(neutral.value)];
      assert.deepEqual(run(node, x, constant), Array.from(x));
      const swapped = run(node, constant, x).join() === Array.from(x).join();
      assert.equal(swapped, neutral.operand === "either");
    });
  }
});

describe("squashes", () => {
  for (const { name, squashes } of operators.values()) {
    if (!squashes) continue;
    test(`${name}: far inputs are told apart no more`, () => {
      const attributes = name === "softmax" ? { beta: 1 } : {};
      const node = boundOf(name, attributes, [[1, 2]]);
      const [far, further] = [run(node, Float32Array.of(90, -90)), run(node, Float32Array.of(99, -99))];
      far.forEach((y, i) => {
        assert.ok(Math.abs(y - further[i]!) < 1e-9 && Math.abs(y) <= 1, `found ${y} and ${further[i]}`);
      });
    });
  }
});

describe("moves", () => {
  const MOVED: Readonly<Record<string, Attributes>> = {
    reshape: { shape: [5, 2] },
    transpose: { permutation: [1, 0] },
  };
  for (const { name, moves, elementwise } of operators.values()) {
    // quantize and dequantize change the type, which float values have none of.
    if (!moves || elementwise) continue;
    test(`${name}: the output has the input's values, each once`, () => {
      assert.ok(MOVED[name], `expected attributes of ${name} in this test, found none`);
      const x = values([2, 5]);
      const y = run(boundOf(name, MOVED[name], [[2, 5]]), x);
      assert.deepEqual([...y].sort(), Array.from(x).sort());
    });
  }
});
