/** Rounding and biases: better by their own measure, on every kind of layer with weights. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { calibrate } from "../../../host/compiler/quantize/calibrate.ts";
import { equalizablePairs, equalizePair } from "../../../host/compiler/quantize/equalize.ts";
import { rowsOf } from "../../../host/compiler/quantize/layer_rows.ts";
import { momentsOf } from "../../../host/compiler/quantize/moments.ts";
import { quantizeGraph } from "../../../host/compiler/quantize/quantize.ts";
import { isHeldOut, refine } from "../../../host/compiler/quantize/refine.ts";
import { outputError, roundAdaptively } from "../../../host/compiler/quantize/rounding.ts";
import { scoreOf, targetOf } from "../../../host/compiler/quantize/score.ts";
import { observeGraph } from "../../../host/compiler/quantize/search.ts";
import { type Graph, tensorOf } from "../../../host/ir/graph.ts";
import { bind } from "../../../host/ops/operator.ts";
import { checkQuantized } from "../../../host/ops/spec.ts";
import { evaluateGraph } from "../../../host/runtime/engines/reference.ts";
import {
  CONV,
  DENSE,
  DEPTHWISE,
  float,
  floatConstant,
  graphOf,
  node,
  randomFloats,
} from "../../support/graphs.ts";

const weights = (name: string, shape: number[], seed: number) =>
  floatConstant(name, shape, [
    ...randomFloats(
      shape.reduce((a, b) => a * b, 1),
      seed,
    ),
  ]);

/** Convolution, depthwise convolution and a dense layer, channels of very different sizes between them. */
const spread = weights("w1", [4, 3, 3, 2], 1);
const inverse = weights("w2", [1, 3, 3, 4], 3);
const graph: Graph = graphOf({
  tensors: [
    float("x", [1, 6, 6, 2]),
    { ...spread, data: spread.data!.map((value, i) => value * 4 ** (Math.floor(i / 18) - 2)) },
    weights("b1", [4], 2),
    float("c", [1, 6, 6, 4]),
    { ...inverse, data: inverse.data!.map((value, i) => value * 4 ** (2 - (i % 4))) },
    float("d", [1, 6, 6, 4]),
    float("v", [1, 144]),
    weights("w3", [5, 144], 4),
    weights("b3", [5], 5),
    float("y", [1, 5]),
  ],
  nodes: [
    node("conv2d", ["x", "w1", "b1"], "c", { ...CONV, padding: [1, 1, 1, 1], activation: "relu" }, "conv"),
    node("depthwise_conv2d", ["c", "w2"], "d", { ...DEPTHWISE, activation: "relu" }, "depthwise"),
    node("reshape", ["d"], "v", { shape: [1, 144] }),
    node("fully_connected", ["v", "w3", "b3"], "y", DENSE, "dense"),
  ],
  inputs: ["x"],
  outputs: ["y"],
});
const samples = Array.from({ length: 48 }, (_, i) => [randomFloats(72, 100 + i)]);
const plain = quantizeGraph(graph, calibrate(graph, samples));

describe("adaptive rounding", () => {
  test("two equal inputs: one weight goes up for what the other loses", () => {
    const covariance = Float64Array.of(1, 1, 1, 1);
    const moments = { mean: new Float64Array(2), covariance };
    assert.deepEqual([...roundAdaptively(Float64Array.of(0.4, 0.4), moments, 127)].sort(), [0, 1]);
  });

  test("is never worse than the nearest, moves by less than a step, and keeps within the limit", () => {
    for (let seed = 1; seed <= 20; seed++) {
      const rows = Array.from({ length: 12 }, (_, i) => randomFloats(8, 31 * seed + i));
      const covariance = new Float64Array(64);
      for (const row of rows) for (let i = 0; i < 64; i++) covariance[i]! += row[i >> 3]! * row[i & 7]!;
      const moments = { mean: new Float64Array(8), covariance };
      const steps = Float64Array.from(randomFloats(8, seed), (value) => 127 * value);
      const found = roundAdaptively(steps, moments, 127);
      const errorOf = (rounded: Float64Array): number =>
        outputError(
          rounded.map((value, i) => value - steps[i]!),
          moments,
        );
      assert.ok(errorOf(found) <= errorOf(steps.map(Math.round)));
      found.forEach((value, i) => {
        assert.ok(Math.abs(value - steps[i]!) < 1 && Math.abs(value) <= 127);
      });
    }
  });
});

test("rows times weights are what a layer computes", () => {
  for (const one of graph.nodes) {
    const bound = bind(graph, { ...one, attributes: { ...one.attributes } });
    const rows = rowsOf(one.op, bound);
    if (!rows) continue;
    const trace = evaluateGraph(graph, samples[0]!);
    const found: number[] = [];
    rows.each(trace.get(one.inputs[0]!)!, 1, (group, row) => {
      for (let channel = group * rows.channels; channel < (group + 1) * rows.channels; channel++) {
        const sum = row.reduce(
          (total, x, term) => total + x * bound.inputs[1]!.data![rows.weight(channel, term)]!,
          0,
        );
        const all = sum + (bound.inputs[2]?.data?.[channel] ?? 0);
        found.push(one.attributes["activation"] === "relu" ? Math.max(all, 0) : all);
      }
    });
    const expected = trace.get(one.outputs[0]!)!;
    assert.equal(found.length, expected.length);
    found.forEach((value, i) => {
      assert.ok(Math.abs(value - expected[i]!) < 1e-4, `${one.name} ${i}: ${value}, expected ${expected[i]}`);
    });
  }
});

test("moments are means and covariances", () => {
  const { nodes } = graph;
  const rows = rowsOf("fully_connected", bind(graph, nodes[3]!))!;
  const inputs = samples.map(() => new Float32Array(144)).map((x, i) => x.fill(i % 2));
  const [{ mean, covariance }] = momentsOf(rows, inputs, true) as [
    { mean: Float64Array; covariance: Float64Array },
  ];
  assert.ok(mean.every((value) => value === 0.5) && covariance.every((value) => value === 0.25));
  assert.ok(momentsOf(rows, inputs, false)![0]!.covariance.every((value) => value === 0.5));
});

describe("refinement", () => {
  const held = targetOf(
    graph,
    samples.filter((_, i) => isHeldOut(i)),
  );
  const before = scoreOf(plain, held);

  for (const refinement of [
    { rounding: false, biasCorrection: true },
    { rounding: true, biasCorrection: true },
  ]) {
    test(`${JSON.stringify(refinement)} lowers the error on samples that it did not see`, () => {
      const refined = checkQuantized(refine(graph, plain, samples, refinement), "refine");
      const { noise } = scoreOf(refined, held);
      assert.ok(noise < before.noise, `${noise}, before ${before.noise}`);
    });
  }

  test("of weights alone halves their noise, where inputs go together and nothing else is noisy", () => {
    const dense = graphOf({
      tensors: [float("x", [1, 24]), weights("w", [6, 24], 9), float("y", [1, 6])],
      nodes: [node("fully_connected", ["x", "w"], "y", DENSE)],
      inputs: ["x"],
      outputs: ["y"],
    });
    const rows = Array.from({ length: 64 }, (_, i) => {
      const [a, b, c] = randomFloats(3, i) as unknown as [number, number, number];
      return [
        Float32Array.from({ length: 24 }, (_, j) => a * Math.sin(j) + b * Math.cos(2 * j) + c / (j + 1)),
      ];
    });
    const precision = new Map([
      ["x", "int16"],
      ["y", "int16"],
    ] as const);
    const nearest = quantizeGraph(dense, calibrate(dense, rows), { precision });
    const refined = refine(dense, nearest, rows, { rounding: true, biasCorrection: false });
    const judged = targetOf(
      dense,
      rows.filter((_, i) => isHeldOut(i)),
    );
    assert.ok(scoreOf(refined, judged).noise < 0.5 * scoreOf(nearest, judged).noise);
  });

  test("nothing asked for, nothing changed", () => {
    const same = refine(graph, plain, samples, { rounding: false, biasCorrection: false });
    assert.deepEqual(same, plain);
  });

  test("scales stay as they are, weights move by one at most", () => {
    const refined = refine(graph, plain, samples, { rounding: true, biasCorrection: true });
    for (const name of ["w1@conv", "w2@depthwise", "w3@dense"]) {
      const [old, found] = [tensorOf(plain, name), tensorOf(refined, name)];
      assert.deepEqual(found.quantization, old.quantization);
      assert.ok(found.data!.every((value, i) => Math.abs(value - old.data![i]!) <= 1));
    }
  });
});

describe("equalisation", () => {
  const pairs = equalizablePairs(graph);

  test("finds layers with nothing but a ReLU or a view between them", () => {
    assert.deepEqual(
      pairs.map(({ first, second, channels }) => [first.name, second.name, channels]),
      [
        ["conv", "depthwise", 4],
        ["depthwise", "dense", 4],
      ],
    );
  });

  test("leaves the float model what it was, to the last bit", () => {
    const { graph: scaled } = pairs.reduce(equalizePair, observeGraph(graph, samples));
    assert.notEqual(scaled, graph);
    for (const sample of samples.slice(0, 5))
      assert.deepEqual(evaluateGraph(scaled, sample).get("y"), evaluateGraph(graph, sample).get("y"));
  });

  test("channels of different sizes lose less", () => {
    const { graph: scaled, extents } = equalizePair(observeGraph(graph, samples), pairs[0]!);
    assert.deepEqual(extents, observeGraph(scaled, samples).extents);
    const target = targetOf(graph, samples);
    const found = scoreOf(quantizeGraph(scaled, calibrate(scaled, samples)), target);
    assert.ok(found.noise < 0.95 * scoreOf(plain, target).noise, `${found.noise}`);
  });

  test("keeps away from a mean over channels, even where as many values are left", () => {
    const mean = (axes: number[]) =>
      graphOf({
        tensors: [
          float("x", [1, 4, 4, 4]),
          weights("w", [4, 1, 1, 4], 1),
          float("c", [1, 4, 4, 4]),
          float("m", [1, 4, 4]),
          weights("v", [2, 4], 2),
          float("y", [4, 2]),
        ],
        nodes: [
          node("conv2d", ["x", "w"], "c", CONV),
          node("mean", ["c"], "m", { axes, keepDims: false }),
          node("fully_connected", ["m", "v"], "y", DENSE),
        ],
        inputs: ["x"],
        outputs: ["y"],
      });
    assert.equal(equalizablePairs(mean([2])).length, 1);
    assert.equal(equalizablePairs(mean([3])).length, 0);
  });

  test("keeps away from tensors that others read, and from bounded activations", () => {
    const readTwice = { ...graph, outputs: ["y", "c"] };
    assert.deepEqual(
      equalizablePairs(readTwice).map(({ first }) => first.name),
      ["depthwise"],
    );
    const [conv, ...rest] = graph.nodes;
    const bounded = {
      ...graph,
      nodes: [{ ...conv!, attributes: { ...conv!.attributes, activation: "relu6" } }, ...rest],
    };
    assert.equal(equalizablePairs(bounded).length, 1);
  });
});
