/** The models of test/models, quantised: how far they are from the float models, and how often they are right. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { calibrate } from "../../../host/compiler/quantize/calibrate.ts";
import { compareWithFloat } from "../../../host/compiler/quantize/compare.ts";
import { quantizeGraph } from "../../../host/compiler/quantize/quantize.ts";
import { elements, type Graph, tensorOf } from "../../../host/ir/graph.ts";
import { type Sample, splitRow, toInputBytes } from "../../../host/ops/border.ts";
import { argmax } from "../../../host/ops/decision.ts";
import { checkQuantized } from "../../../host/ops/spec.ts";
import { readDataset } from "../../../host/runtime/data/index.ts";
import { evaluateGraph, runReference } from "../../../host/runtime/engines/reference.ts";
import { modelPath, simplifiedModel } from "../../support/models.ts";

interface Expectation {
  readonly model: string;
  readonly data: string;
  /** Rows of the test file that the float model gets right: test/models/README.md. */
  readonly right: number;
  /** Measured, with a small margin. */
  readonly maxError: number;
  readonly meanError: number;
  /** Test rows that float and int8 may decide differently. */
  readonly differing: number;
}

// The logistic regression's greatest error is on rows outside of the calibrated range.
const EXPECTED: readonly Expectation[] = [
  {
    model: "logistic_regression.onnx",
    data: "logistic_regression",
    right: 161,
    maxError: 0.12,
    meanError: 0.0035,
    differing: 1,
  },
  {
    model: "logistic_regression_zipmap.onnx",
    data: "logistic_regression",
    right: 161,
    maxError: 0.12,
    meanError: 0.0035,
    differing: 1,
  },
  {
    model: "logistic_regression_multinomial.onnx",
    data: "logistic_regression_multinomial",
    right: 58,
    maxError: 0.012,
    meanError: 0.002,
    differing: 0,
  },
  { model: "wine_dense.onnx", data: "wine", right: 57, maxError: 0.02, meanError: 0.0022, differing: 0 },
  { model: "wine_gemm.onnx", data: "wine", right: 57, maxError: 0.02, meanError: 0.0022, differing: 0 },
  { model: "wine_sigmoid.onnx", data: "wine", right: 60, maxError: 0.015, meanError: 0.0019, differing: 0 },
  { model: "digits.tflite", data: "digits", right: 358, maxError: 0.04, meanError: 0.0018, differing: 0 },
];

interface Labelled {
  readonly samples: readonly Sample[];
  readonly labels: readonly string[];
}

function load(file: string, size: number): Labelled {
  const { rows, labels } = readDataset(modelPath(file), size);
  return { samples: rows.map((row) => splitRow(row, [size])), labels: labels ?? [] };
}

const countRight = (labels: readonly string[], decide: (i: number) => number): number =>
  labels.filter((label, i) => String(decide(i)) === label).length;

const decideInt8 = (graph: Graph, sample: Sample): number =>
  argmax(new Int8Array(runReference(graph, [toInputBytes(graph, sample)])[0]![0]!));

for (const expected of EXPECTED) {
  describe(expected.model, () => {
    const graph = simplifiedModel(expected.model);
    const size = elements(tensorOf(graph, graph.inputs[0]!).shape);
    const calibration = load(`${expected.data}.calibration.csv`, size).samples;
    const { samples, labels } = load(`${expected.data}.test.csv`, size);
    const int8 = checkQuantized(quantizeGraph(graph, calibrate(graph, calibration)), "quantize");
    const right = countRight(labels, (i) =>
      argmax(evaluateGraph(graph, samples[i]!).get(graph.outputs[0]!)!),
    );

    test("the float model is as good as where it was trained", () => {
      assert.equal(right, expected.right);
    });

    test("int8 agrees with float", () => {
      const found = compareWithFloat(graph, int8, samples);
      assert.equal(found.samples, labels.length);
      assert.ok(found.maxError <= expected.maxError, `greatest error ${found.maxError}`);
      assert.ok(found.meanError <= expected.meanError, `mean error ${found.meanError}`);
      const differing = Math.round((1 - found.sameArgmax) * samples.length);
      assert.ok(differing <= expected.differing, `${differing} rows decided differently`);
    });

    test("int8 is within half a point of the float accuracy", () => {
      const found = countRight(labels, (i) => decideInt8(int8, samples[i]!));
      assert.ok(found / labels.length >= right / labels.length - 0.005, `${found} right, float ${right}`);
    });
  });
}

test("digits quantised by TensorFlow are as good", () => {
  const graph = checkQuantized(simplifiedModel("digits_int8.tflite"), "simplify");
  const { samples, labels } = load("digits.test.csv", 64);
  assert.equal(
    countRight(labels, (i) => decideInt8(graph, samples[i]!)),
    358,
  );
});
