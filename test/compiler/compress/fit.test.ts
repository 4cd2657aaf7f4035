/** `--fit` and `--bits` from a file to a module that fits: what it loses, what it says, what it refuses. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { withNoisyCopies } from "../../../host/compiler/compress/noisy_copies.ts";
import { splitSamples } from "../../../host/compiler/compress/split.ts";
import { ModelError } from "../../../host/ir/graph.ts";
import { build } from "../../../host/pipeline.ts";
import { reportOf } from "../../../host/report/json.ts";
import { reportPage } from "../../../host/report/page.ts";
import { v8 } from "../../../host/runtime/engines/v8.ts";
import { wasm3 } from "../../../host/runtime/engines/wasm3.ts";
import { thimble } from "../../support/command.ts";
import { DENSE, float, floatConstant, graphOf, node, randomFloats } from "../../support/graphs.ts";
import { modelPath } from "../../support/models.ts";

const digits = {
  model: modelPath("digits.tflite"),
  calibration: modelPath("digits.calibration.csv"),
  evaluate: modelPath("digits.test.csv"),
  engines: [v8, wasm3],
};

describe("digits made to fit", async () => {
  const found = await build({ ...digits, fit: 14_500 });

  test("the module fits, its one large layer has four bits, and half a point of accuracy is the most that is lost", () => {
    assert.ok(found.module.length <= 14_500, `found ${found.module.length}`);
    assert.deepEqual(
      found.fit?.layers.map(({ layer, chosen }) => [layer, chosen.bits, chosen.rank]),
      [
        ["conv2d_2", 8, undefined],
        ["conv2d_3", 4, undefined],
      ],
    );
    assert.ok(found.fit.bytesBefore > 14_500 && found.fit.bytesAfter === found.module.length);
    assert.ok(found.evaluation!.loss! <= 0.5, `lost ${found.evaluation!.loss}`);
    assert.ok(found.verification.engines.every(({ availability }) => availability.available));
  });

  test("the report has the curve and no graph, and figures of samples that nothing was fitted to", () => {
    const report = reportOf(found);
    const { fit } = report;
    assert.ok(fit && !("network" in fit));
    assert.ok(fit.curve.length >= 2 && fit.curve[0]!.noise === 0);
    assert.equal(fit.samples + report.floatAgreement!.samples, 200);
  });

  test("the page draws the curve, marks the module's point, and lists what each layer would lose", () => {
    const page = reportPage(reportOf(found));
    const section = page.slice(page.indexOf('<section id="fit">'), page.indexOf('<section id="latency">'));
    assert.equal(section.match(/<li class="chosen">/g)?.length, 1);
    assert.equal(section.match(/<li class="/g)?.length, found.fit!.curve.length);
    assert.match(
      section,
      /conv2d_3<\/th>.*9 216.*4 bits.*8 bits: 9 216 B, noise 0; 4 bits: 4 608 B, noise 0\.0/s,
    );
  });

  test("what can't fit is refused with the bytes that it would take", async () => {
    await assert.rejects(
      build({ ...digits, fit: 6000 }),
      (error) =>
        error instanceof ModelError &&
        /^--fit: expected a module of at most 6000 bytes, found 1\d{4} with every layer at four bits and the lowest rank$/.test(
          error.message,
        ),
    );
  });

  test("fewer instructions than four bits can bring are refused by their own name", async () => {
    await assert.rejects(
      build({ ...digits, fit: 65_536, fitInstructions: 1000 }),
      /^ModelError: --instructions: expected at most 1000, found \d+ with every layer at four bits/,
    );
  });

  test("a module that fits stays as it is, without samples and with them", async () => {
    const { model, calibration } = digits;
    for (const options of [{}, { calibration }]) {
      const found = await build({ model, engines: [], fit: 65_536, ...options });
      const plainly = await build({ model, engines: [], ...options });
      assert.equal(found.module.length, plainly.module.length);
      const { bytesBefore, bytesAfter, samples } = found.fit!;
      assert.deepEqual([bytesBefore, bytesAfter, samples], [found.module.length, found.module.length, 0]);
      assert.equal(found.agreement?.samples, plainly.agreement?.samples);
      assert.match(
        reportPage(reportOf(found)),
        /bytes of at most 65 536; no weights of four bits are needed/,
      );
    }
  });

  test("a model without weights to narrow is built where it fits, and refused for that where it does not", async () => {
    const regression = { model: modelPath("logistic_regression.onnx"), engines: [] };
    const { module } = await build(regression);
    assert.equal((await build({ ...regression, fit: module.length })).module.length, module.length);
    await assert.rejects(
      build({ ...regression, fit: 1000 }),
      /--fit: expected a module of at most 1000 bytes, found \d+, and no weights that four bits would make 1024 bytes smaller$/,
    );
  });

  test("bits of a layer that has none to spare, and no samples, are refused before any search", async () => {
    await assert.rejects(
      build({ ...digits, bits: new Map([["nowhere", 4]]) }),
      /^ModelError: --bits: expected one of the layers conv2d_2, conv2d_3, found nowhere$/,
    );
    const { model, engines } = digits;
    await assert.rejects(
      build({ model, engines, fit: 14_000 }),
      /--fit and --bits: expected --calibration, found none/,
    );
  });
});

describe("options of the command line", () => {
  const cases = [
    { options: ["--ram", "1000"], message: /--ram: expected --fit beside it, found none/ },
    { options: ["--bits", "d=3"], message: /--bits: expected LAYER=4 or LAYER=8, found "d=3"/ },
    { options: ["--fit", "64k"], message: /--fit: expected a whole number of at least 1, found "64k"/ },
  ];
  for (const { options, message } of cases)
    test(options.join(" "), () => {
      const { status, stderr } = thimble(["build", digits.model, ...options]);
      assert.equal(status, 2);
      assert.match(stderr, message);
    });
});

describe("samples of a search", () => {
  const samples = Array.from({ length: 200 }, (_, i) => [Float32Array.from(randomFloats(16, i))]);

  test("a quarter is held out, by its values and not by its place", () => {
    const { fitting, heldOut } = splitSamples(samples);
    assert.equal(fitting.length + heldOut.length, 200);
    assert.ok(heldOut.length > 30 && heldOut.length < 70, `held out ${heldOut.length}`);
    const turned = splitSamples(samples.toReversed());
    assert.deepEqual(turned.heldOut.map((i) => 199 - i).toReversed(), heldOut);
    const twice = splitSamples([...samples, ...samples]);
    assert.deepEqual(twice.heldOut, [...heldOut, ...heldOut.map((i) => i + 200)]);
  });

  test("one sample is on both sides", () => {
    assert.deepEqual(splitSamples(samples.slice(0, 1)), { fitting: [0], heldOut: [0] });
  });

  test("fewer samples than inputs get noisy copies, of each number's own deviation; enough of them none", () => {
    const network = graphOf({
      tensors: [
        { ...float("x", [1, 16]), dtype: "int8", quantization: { scales: [1], zeroPoints: [0], axis: 0 } },
        {
          ...floatConstant("w", [4, 16], [...randomFloats(64, 1)]),
          dtype: "int8",
          data: new Int8Array(64),
          quantization: { scales: [1], zeroPoints: [0], axis: 0 },
        },
        { ...float("y", [1, 4]), dtype: "int8", quantization: { scales: [1], zeroPoints: [0], axis: 0 } },
      ],
      nodes: [node("fully_connected", ["x", "w"], "y", DENSE, "dense")],
      inputs: ["x"],
      outputs: ["y"],
    });
    const few = [[new Float32Array(16)], [new Float32Array(16).with(3, 2)]];
    const copies = withNoisyCopies(network, few);
    assert.deepEqual(copies.slice(0, 2), few);
    assert.equal(copies.length, 32);
    assert.ok(copies.every(([x]) => x!.every((value, i) => i === 3 || value === 0)));
    assert.ok(new Set(copies.map(([x]) => x![3])).size > 20);
    assert.equal(withNoisyCopies(network, samples), samples);
  });
});
