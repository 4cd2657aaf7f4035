/** The report's figures: they add up, they are those of the build, and labels are matched or refused. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { lower } from "../../host/compiler/plan/lower.ts";
import type { LayerQuality } from "../../host/compiler/quantize/measure.ts";
import { choicesOf } from "../../host/compiler/verify/choices.ts";
import { BOARD_NAMES } from "../../host/firmware/boards.ts";
import { build } from "../../host/pipeline.ts";
import { reportOf } from "../../host/report/json.ts";
import { reportPage } from "../../host/report/page.ts";
import { qualityOf } from "../../host/report/quality.ts";
import { v8 } from "../../host/runtime/engines/v8.ts";
import { modelPath } from "../support/models.ts";

const made = await build({
  model: modelPath("digits.tflite"),
  calibration: modelPath("digits.calibration.csv"),
  evaluate: modelPath("digits.test.csv"),
  engines: [v8],
});
const report = reportOf(made);
const evaluation = made.evaluation!;

describe("a report", () => {
  test("bytes by name add up to the module", () => {
    const sum = (list: readonly { readonly bytes: number }[]): number =>
      list.reduce((total, { bytes }) => total + bytes, 0);
    assert.equal(sum(report.sizes), made.module.length);
    assert.equal(sum(report.parts), made.module.length);
  });

  test("buffers lie within the arena, fill it, and never overlap while both are alive", () => {
    const { buffers, arenaOffset, arenaBytes, steps } = report.memory;
    assert.equal(steps[0], "input");
    assert.equal(steps.at(-1), "output");
    assert.equal(Math.max(...buffers.map(({ offset, bytes }) => offset + bytes)), arenaOffset + arenaBytes);
    for (const [i, a] of buffers.entries()) {
      assert.ok(a.offset >= arenaOffset && a.end < steps.length && a.start <= a.end);
      for (const b of buffers.slice(i + 1)) {
        const together = a.start <= b.end && b.start <= a.end;
        assert.ok(!together || a.offset + a.bytes <= b.offset || b.offset + b.bytes <= a.offset);
      }
    }
  });

  test("every board is there, the chosen one first, with the time of the summary", () => {
    assert.deepEqual(report.boards.map(({ name }) => name).sort(), [...BOARD_NAMES].sort());
    const [chosen, ...others] = report.boards;
    assert.equal(chosen!.chosen, true);
    assert.ok(others.every(({ chosen: other }) => !other));
    assert.equal(chosen!.milliseconds.native, report.tuning.milliseconds);
  });

  test("is the same after JSON, and the page holds it", () => {
    assert.deepEqual(JSON.parse(JSON.stringify(report)), report);
    assert.ok(reportPage(report).startsWith("<!doctype html>"));
  });

  test("the page loads nothing: no address but those in comments and licences", () => {
    const page = reportPage(report).replaceAll(/<!--.*?-->|\/\*!.*?\*\//gs, "");
    assert.doesNotMatch(page, /(?:src|href)="(?!#)|@import|url\(|https?:(?!\/\/www\.w3\.org\/)/);
  });
});

describe("labels", () => {
  test("of a file of its own: rows are what was expected, and the accuracy is their diagonal", () => {
    const labels = readFileSync(modelPath("digits.test.csv"), "utf8")
      .trim()
      .split("\n")
      .slice(1)
      .map((line) => line.split(",").at(-1)!);
    assert.equal(evaluation.samples, labels.length);
    for (const { confusion, accuracy } of [evaluation.float!, evaluation.quantized!]) {
      assert.deepEqual(
        confusion.map((row) => row.reduce((sum, n) => sum + n, 0)),
        evaluation.classes!.map((name) => labels.filter((label) => label === name).length),
      );
      const right = confusion.reduce((sum, row, i) => sum + row[i]!, 0);
      assert.equal(accuracy, right / labels.length);
      assert.ok(accuracy > 0.97);
    }
  });

  test("of the calibration samples are told apart from those", () => {
    const found = { ...evaluation, source: "calibration" as const };
    assert.match(reportPage({ ...report, evaluation: found }), /the ranges were chosen on the same samples/);
  });
});

describe("advice", () => {
  const tensors = made.graph.nodes.map(({ outputs }) => outputs[0]!);
  const quality = (sqnr: readonly number[], change: Partial<LayerQuality> = {}): LayerQuality[] =>
    sqnr.map((value, i) => ({
      tensor: tensors[i]!,
      layer: made.graph.nodes[i]!.name,
      sqnr: value,
      range: [-1, 1],
      seen: [-1, 1],
      histogram: new Array<number>(64).fill(10),
      saturated: 0,
      method: "minmax",
      dtype: "int8",
      ...change,
    }));
  const adviceOf = (list: readonly LayerQuality[]): (readonly string[])[] =>
    qualityOf(list, made.graph).map(({ advice }) => advice);

  test("a tensor that is good enough needs none", () => {
    assert.deepEqual(adviceOf(quality([40, 30, 26])), [[], [], []]);
  });

  test("the layer where noise arises is told from those that it passes through", () => {
    const [first, second] = qualityOf(quality([12, 11.9]), made.graph);
    assert.equal(first!.own, 1);
    assert.ok(second!.own < 0.05);
    assert.deepEqual(first!.advice, ["int16 activations for this layer (--precision int16)"]);
    assert.deepEqual(second!.advice, ["most of its noise comes from the layers before: mend those first"]);
  });

  test("saturation, outliers, and weights of one scale are named", () => {
    assert.match(
      adviceOf(quality([12], { saturated: 0.03 }))[0]!.join(),
      /^3 % of its values are saturated: /,
    );
    const histogram = new Array<number>(64).fill(0);
    histogram[20] = 100_000;
    histogram[63] = 1;
    assert.match(
      adviceOf(quality([12], { histogram }))[0]!.join(),
      /^outliers: 99\.9 % of its values lie in /,
    );
    const weights = made.graph.nodes[0]!.inputs[1]!;
    const tensor = made.graph.tensors.get(weights)!;
    const oneScale = { ...tensor, quantization: { scales: [0.1], zeroPoints: [0], axis: 0 } };
    const graph = { ...made.graph, tensors: new Map([...made.graph.tensors, [weights, oneScale]]) };
    const [{ advice } = { advice: [] }] = qualityOf(quality([12]), graph);
    assert.equal(advice[0], "weights with a scale for each output channel");
  });
});

test("a module's metadata tells the choices that it was built with", () => {
  const calls = (choices: Parameters<typeof lower>[1]) =>
    lower(made.graph, choices).calls.map(({ node, kernel, arguments: values }) => [
      node,
      kernel.name,
      values,
    ]);
  assert.notDeepEqual(calls(made.choices), calls(new Map()));
  assert.deepEqual(calls(choicesOf(made.graph, made.metadata.layers)), calls(made.choices));
});
