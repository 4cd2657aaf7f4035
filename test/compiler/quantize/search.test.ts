/** The search as a whole: what it keeps, what can be switched off, and what it does without data. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { simplify } from "../../../host/compiler/passes/index.ts";
import { dataFreeRanges, randomSamples } from "../../../host/compiler/quantize/data_free.ts";
import { measureLayers } from "../../../host/compiler/quantize/measure.ts";
import { scoreOf, targetOf } from "../../../host/compiler/quantize/score.ts";
import {
  observeGraph,
  quantizeWithoutData,
  searchQuantization,
} from "../../../host/compiler/quantize/search.ts";
import { quantized, tensorOf } from "../../../host/ir/graph.ts";
import { decide, decideStored } from "../../../host/ops/decision.ts";
import { checkQuantized } from "../../../host/ops/spec.ts";
import { readDataset } from "../../../host/runtime/data/index.ts";
import { DENSE, float, floatConstant, graphOf, node } from "../../support/graphs.ts";
import { modelPath, simplifiedModel } from "../../support/models.ts";

const samplesOf = (file: string, size: number) => {
  const { rows, labels } = readDataset(modelPath(file), size);
  return { samples: rows.map((row) => [row]), labels: labels ?? [] };
};

const PLAIN = {
  calibration: "minmax",
  equalize: false,
  biasCorrection: false,
  rounding: "nearest",
  precision: "int8",
} as const;

describe("digits", () => {
  const graph = simplifiedModel("digits.tflite");
  const { samples } = samplesOf("digits.calibration.csv", 64);
  const unseen = samplesOf("digits.test.csv", 64);
  const observed = observeGraph(graph, samples);
  const plain = searchQuantization(observed, samples, PLAIN);
  const found = searchQuantization(observed, samples);

  test("noise on rows that it never saw falls by a quarter at least", () => {
    const target = targetOf(graph, unseen.samples);
    const [before, after] = [
      scoreOf(plain.quantized, target),
      scoreOf(checkQuantized(found.quantized, "search"), target),
    ];
    assert.ok(after.noise < 0.75 * before.noise, `${after.noise}, before ${before.noise}`);
    assert.ok(after.agreement >= before.agreement);
  });

  test("says what it did; switched off, it does nothing", () => {
    assert.ok(
      found.steps.some((step) => step.endsWith("channels equalised")),
      found.steps.join("\n"),
    );
    assert.ok(
      found.steps.some((step) => step.includes("biases corrected")),
      found.steps.join("\n"),
    );
    assert.deepEqual(plain.steps, []);
    assert.equal(plain.float, graph);
  });

  test("stays int8: it decides as the float model does", () => {
    assert.ok([...found.quantized.tensors.values()].every(({ dtype }) => dtype !== "int16"));
  });

  test("the same again", () => {
    assert.deepEqual(searchQuantization(observed, samples).quantized, found.quantized);
  });

  test("quality has a figure for every tensor", () => {
    const layers = measureLayers(found.float, found.quantized, unseen.samples);
    assert.equal(layers.length, graph.nodes.length + 1);
    assert.ok(layers.every(({ sqnr, saturated }) => sqnr > 30 && saturated < 0.2));
    assert.ok(layers.every(({ histogram }) => histogram.length === 64));
  });
});

describe("a linear model that int8 decides otherwise", () => {
  const graph = simplifiedModel("logistic_regression.onnx");
  const { samples } = samplesOf("logistic_regression.calibration.csv", 2);
  const observed = observeGraph(graph, samples);

  test("gets 16 bits, and decides as the float model does on other rows too", () => {
    const { quantized, steps } = searchQuantization(observed, samples);
    assert.match(steps.join("\n"), /^16 bits for .*X/m);
    assert.equal(tensorOf(checkQuantized(quantized, "search"), "X").dtype, "int16");
    const rows = samplesOf("logistic_regression.test.csv", 2).samples;
    assert.equal(scoreOf(quantized, targetOf(graph, rows)).agreement, 1);
  });

  test("unless the board has no room, or the user wants none", () => {
    for (const options of [{ fits: () => false }, { precision: "int8" }] as const) {
      const { quantized } = searchQuantization(observed, samples, options);
      assert.equal(tensorOf(quantized, "X").dtype, "int8");
    }
  });

  test("everywhere, where it is asked for", () => {
    const { quantized } = searchQuantization(observed, samples, { precision: "int16" });
    const types = [...quantized.tensors.values()].filter(({ data }) => !data).map(({ dtype }) => dtype);
    assert.deepEqual(new Set(types), new Set(["int16"]));
  });
});

describe("without data", () => {
  const graph = simplifiedModel("wine_dense.onnx");

  test("the same random inputs every time", () => {
    assert.deepEqual(randomSamples(graph), randomSamples(graph));
    const values = randomSamples(graph).flatMap(([x]) => [...x!]);
    const mean = values.reduce((a, b) => a + b, 0) / values.length;
    const variance = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length;
    assert.ok(Math.abs(mean) < 0.1 && Math.abs(variance - 1) < 0.1, `${mean}, ${variance}`);
    assert.ok(values.every((x) => Math.abs(x) <= 3));
  });

  test("inputs that the caller scales come in their own units", () => {
    const input = tensorOf(graph, graph.inputs[0]!);
    const features = input.shape.at(-1)!;
    const scaling = { offsets: new Array(features).fill(1000), factors: new Array(features).fill(0.1) };
    const scaled = { ...graph, tensors: new Map(graph.tensors).set(input.name, { ...input, scaling }) };
    const values = randomSamples(scaled).flatMap(([x]) => [...x!]);
    assert.ok(values.every((x) => x >= 970 && x <= 1030) && Math.max(...values) > 1015);
  });

  test("ranges say where they come from, and weights bound them", () => {
    const { histograms } = observeGraph(graph, randomSamples(graph));
    const ranges = dataFreeRanges(graph, histograms);
    for (const [name, { min, max, method }] of ranges) {
      const seen = histograms.get(name)!;
      assert.match(method, /^(random inputs|weights)$/);
      assert.ok(min <= seen.min && max >= seen.max, `${name}: ${min}..${max}`);
    }
  });

  test("the model still decides nearly always as it did", () => {
    const { quantized } = quantizeWithoutData(observeGraph(graph, randomSamples(graph)));
    const { samples } = samplesOf("wine.test.csv", 13);
    const { agreement } = scoreOf(checkQuantized(quantized, "search"), targetOf(graph, samples));
    assert.ok(agreement >= 0.95, `${agreement}`);
  });
});

describe("a single probability", () => {
  const output = { dtype: "int8", labels: ["0", "1"], quantization: quantized(1 / 256, -128) } as const;

  test("decides at one half, of real values and as it is stored", () => {
    assert.deepEqual(
      [0.2, 0.5, 0.51].map((value) => decide([value], output)),
      [0, 0, 1],
    );
    assert.deepEqual(
      [-128, 0, 1].map((value) => decideStored([value], output)),
      [0, 0, 1],
    );
  });

  test("a value that is none decides nothing; an index is the class itself", () => {
    assert.equal(decide([7], { dtype: "float32" }), 0);
    assert.equal(decide([2], { dtype: "int32" }), 2);
    assert.equal(decide([7], { dtype: "int32", quantization: quantized(0.5, 0) }), 0);
  });

  test("is labelled where a logistic writes it", () => {
    const graph = simplify(
      graphOf({
        tensors: [
          float("x", [1, 2]),
          floatConstant("w", [1, 2], [1, -1]),
          float("z", [1, 1]),
          float("y", [1, 1]),
        ],
        nodes: [node("fully_connected", ["x", "w"], "z", DENSE), node("logistic", ["z"], "y")],
        inputs: ["x"],
        outputs: ["y", "z"],
      }),
    );
    assert.deepEqual(tensorOf(graph, "y").labels, ["0", "1"]);
    assert.equal(tensorOf(graph, "z").labels, undefined);
  });
});
