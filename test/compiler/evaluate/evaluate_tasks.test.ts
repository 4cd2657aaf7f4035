/** Tasks decide how a model is judged: they are found, taken from the user, and carried by the module. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { readMetadata } from "../../../host/module/metadata.ts";
import { singleThreshold } from "../../../host/ops/graph_borders.ts";
import { type BuildOptions, build } from "../../../host/pipeline.ts";
import { root } from "../../../host/root.ts";
import { DataError } from "../../../host/runtime/data/index.ts";
import { v8 } from "../../../host/runtime/engines/v8.ts";
import { scratchFolder } from "../../support/folders.ts";
import { modelPath } from "../../support/models.ts";

const scratch = scratchFolder();
const zoo = (name: string): string => join(root, "test", "zoo", "models", `${name}.onnx`);
const data = (name: string): string => join(root, "test", "zoo", "data", `${name}.csv`);
const make = (options: BuildOptions) => build({ engines: [v8], ...options });

function write(name: string, lines: readonly string[]): string {
  const file = join(scratch, name);
  writeFileSync(file, `${lines.join("\n")}\n`);
  return file;
}

describe("a regressor", async () => {
  const { metadata, evaluation, agreement } = await make({
    model: zoo("ridge"),
    calibration: data("diabetes.calibration"),
    evaluate: data("diabetes.test"),
  });

  test("is judged by its errors, not by classes", () => {
    assert.equal(metadata.task, "regression");
    const { values, classes, quantized, loss } = evaluation!;
    assert.deepEqual([classes, quantized], [undefined, undefined]);
    assert.ok(values!.quantized.rmse / values!.float!.rmse < 1.01);
    assert.ok(values!.quantized.r2! > 0.3 && Math.abs(loss!) < 0.5);
    assert.ok(agreement!.loss < 1);
  });

  test("is refused what is no number, before any work", async () => {
    const head = Array.from({ length: 10 }, (_, i) => `x${i}`).join(",");
    const file = write("words.csv", [`${head},label`, `${new Array(10).fill(0.1).join(",")},high`]);
    const stages: string[] = [];
    const found = make({
      model: zoo("ridge"),
      calibration: data("diabetes.calibration"),
      evaluate: file,
      onStage: (stage) => stages.push(stage),
    });
    await assert.rejects(found, {
      name: DataError.name,
      message: /row 1: expected a number to predict, found "high"$/,
    });
    assert.deepEqual(stages, ["import", "simplify", "samples"]);
  });
});

describe("an outlier detector", async () => {
  const model = modelPath("trees/isolation_forest.onnx");

  test("has the labels of its kind and a threshold, which the user may move", async () => {
    const { metadata } = await make({ model });
    assert.equal(metadata.task, "anomaly");
    const [output] = metadata.outputs;
    assert.deepEqual([output!.labels, output!.threshold], [["-1", "1"], 0]);
    const moved = await make({ model, facts: { threshold: 0.05, labels: ["odd", "usual"] } });
    const [other] = readMetadata(moved.module).outputs;
    assert.deepEqual([other!.labels, other!.threshold], [["odd", "usual"], singleThreshold(0.05)]);
  });
});

test("a clustering is judged by its groups, whatever they are called", async () => {
  const { metadata, evaluation } = await make({
    model: zoo("k_means"),
    calibration: data("iris.calibration"),
    evaluate: data("iris.test"),
  });
  assert.equal(metadata.task, "clustering");
  assert.ok(evaluation!.rand!.quantized > 0.5);
  assert.equal(evaluation!.rand!.quantized, evaluation!.rand!.float);
});

test("an autoencoder is int8 where that reconstructs as well, and its labels say what it finds", async () => {
  const model = modelPath("networks/transposed_autoencoder.keras");
  const { metadata, evaluation, graph } = await make({
    model,
    calibration: modelPath("networks/fashion.calibration.npy"),
    evaluate: modelPath("networks/fashion.test.npy"),
  });
  assert.equal(metadata.task, "autoencoder");
  const { float, quantized } = evaluation!.values!;
  assert.ok(quantized.rmse ** 2 < 1.05 * float!.rmse ** 2, `${quantized.rmse}, ${float!.rmse}`);
  assert.ok([...graph.tensors.values()].every(({ dtype }) => dtype !== "int16"));
});

describe("names", async () => {
  const head = "sepal_length,sepal_width,petal_length,petal_width";
  const table = write("iris.csv", [
    head,
    ...Array.from({ length: 20 }, (_, i) => [4 + i / 10, 2 + i / 20, 1 + i / 4, i / 10].join(",")),
  ]);
  const model = zoo("naive_bayes_gaussian");
  const iris = { model, calibration: table };

  test("of columns are taken from the calibration table into the module", async () => {
    const { module } = await make(iris);
    assert.deepEqual(readMetadata(module).inputs[0]!.features, head.split(","));
  });

  test("of classes are the user's, or the model's, and never guessed", async () => {
    const lines = [`${head},label`, "5.1,3.5,1.4,0.2,setosa", "6.5,3.0,5.2,2.0,virginica"];
    const evaluate = write("named.csv", lines);
    await assert.rejects(make({ ...iris, evaluate }), {
      name: DataError.name,
      message: /expected labels that are classes of the model, "0", "1", "2"; found "setosa", "virginica"/,
    });
    const labels = ["setosa", "versicolor", "virginica"];
    const { evaluation, metadata } = await make({ ...iris, evaluate, facts: { labels } });
    assert.deepEqual([evaluation!.classes, metadata.outputs[0]!.labels], [labels, labels]);
    const blanks = [" setosa", "versicolor", " virginica "];
    const spaced = await make({ ...iris, evaluate, facts: { labels: blanks } });
    assert.equal(spaced.evaluation!.quantized!.accuracy, evaluation!.quantized!.accuracy);
    await assert.rejects(make({ ...iris, facts: { labels: ["a", "b"] } }), /--labels: expected 3 names/);
  });

  test("of columns in another order are matched", async () => {
    const evaluate = write("turned.csv", [
      "label,petal_width,petal_length,sepal_width,sepal_length",
      "0,0.2,1.4,3.5,5.1",
      "2,2.0,5.2,3.0,6.5",
    ]);
    const { evaluation } = await make({ ...iris, evaluate });
    assert.equal(evaluation!.quantized!.accuracy, 1);
    assert.equal(evaluation!.float!.accuracy, 1);
  });
});
