/** The tuner: limits are kept, bytes are spent only where they are worth it, and nothing depends on chance. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { describe, test } from "node:test";
import { lower } from "../../../host/compiler/plan/lower.ts";
import { planMemory } from "../../../host/compiler/plan/memory.ts";
import { tileSizes } from "../../../host/compiler/tune/candidates.ts";
import { dumpTuning, OBJECTIVES, type Objective, tune } from "../../../host/compiler/tune/tune.ts";
import { type BoardProfile, DEFAULT_BOARD } from "../../../host/firmware/boards.ts";
import { build, compileGraph } from "../../../host/pipeline.ts";
import { modelPath, simplifiedModel } from "../../support/models.ts";
import { loadGraph, modelFile } from "./golden_layers.ts";
import { beside, convolution, dense, depthwise } from "./layers.ts";

const digits = simplifiedModel("digits_int8.tflite");
const MAX_SIZE = 65_536;

const tuned = (graph = digits, more: Partial<BoardProfile> = {}, optimize: Objective = "balanced") =>
  tune(graph, { board: { ...DEFAULT_BOARD, ...more }, optimize, maxSize: MAX_SIZE });

describe("limits", () => {
  test("RAM: what is chosen fits, the more there is the faster; where nothing fits a warning says so", async () => {
    let before = Number.POSITIVE_INFINITY;
    for (const ramBytes of [20_000, 30_000, 34_000, 38_000, 42_000, 46_000, 50_000, 60_000, 80_000]) {
      const {
        ramBytes: found,
        instructions,
        warnings,
      } = await tuned(digits, { ramBytes, nativeKernels: false });
      assert.equal(warnings.length, found.portable > ramBytes ? 1 : 0, warnings.join());
      if (warnings.length > 0) continue;
      assert.ok(
        instructions.portable <= before,
        `${ramBytes} bytes: ${instructions.portable} after ${before}`,
      );
      before = instructions.portable;
    }
    assert.ok(Number.isFinite(before));
  });

  test("a board that nothing fits gets the least RAM, and one line that says so", async () => {
    const { warnings, ramBytes, layers } = await tuned(digits, { ramBytes: 10_000 });
    assert.match(
      warnings.join("\n"),
      /^RAM: expected at most 10 000 bytes on esp32-c3, found about \d+ \d+ at the least$/,
    );
    for (const objective of OBJECTIVES)
      assert.ok(ramBytes.portable <= (await tuned(digits, {}, objective)).ramBytes.portable);
    assert.ok(layers.every(({ tile }) => tile === undefined || tile <= 4));
  });

  test("where only native kernels leave room, they may", async () => {
    const { ramBytes } = await tuned(digits, {}, "size");
    const between = Math.round((ramBytes.native + ramBytes.portable) / 2);
    const found = await tuned(digits, { ramBytes: between }, "size");
    assert.match(found.warnings.join("\n"), /bytes on esp32-c3, found about \d+ \d+ without native kernels/);
  });

  test("the module's size: the fast kernels stay out where there is no room for them", async () => {
    const options = { board: { ...DEFAULT_BOARD, ramBytes: 200_000 }, optimize: "speed" as const };
    const fast = await tune(digits, { ...options, maxSize: MAX_SIZE });
    const small = await tuned(digits, {}, "size");
    const tight = await tune(digits, { ...options, maxSize: small.moduleBytes + 50 });
    assert.ok(fast.moduleBytes > small.moduleBytes + 500);
    assert.ok(tight.moduleBytes <= small.moduleBytes + 50);
    const slot = await tuned(digits, { slotBytes: small.moduleBytes }, "speed");
    assert.match(slot.warnings.join("\n"), /^flash: expected an image of at most /m);
  });
});

test("objectives: size is the smallest, speed the fastest, balanced in between", async () => {
  const [balanced, size, speed] = await Promise.all(
    OBJECTIVES.map((objective) => tuned(digits, { ramBytes: 200_000 }, objective)),
  );
  assert.ok(size!.moduleBytes <= balanced!.moduleBytes && balanced!.moduleBytes <= speed!.moduleBytes);
  assert.ok(speed!.instructions.portable <= balanced!.instructions.portable);
  assert.ok(balanced!.instructions.portable < 0.75 * size!.instructions.portable);
});

test("one way for each layer; what is told of it is what is compiled", async () => {
  const found = await tuned(digits, { ramBytes: 200_000 });
  const program = lower(digits, found.choices);
  for (const layer of found.layers) {
    const calls = program.calls.filter(({ node }) => node === layer.name);
    assert.deepEqual(layer.kernels, [...new Set(calls.map(({ kernel }) => kernel.name))]);
  }
  assert.deepEqual(
    [...found.choices.keys()],
    digits.nodes.map(({ name }) => name),
  );
  const { memoryBytes, constantsOffset } = planMemory(program);
  // All of its kernels are native: constants stay in flash.
  assert.ok(found.ramBytes.portable > memoryBytes && found.ramBytes.native < memoryBytes);
  assert.ok(found.ramBytes.native > constantsOffset);
  const module = await compileGraph(digits, "release", found.choices);
  assert.ok(Math.abs(module.length / found.moduleBytes - 1) < 0.12, `${module.length}, ${found.moduleBytes}`);
});

test("the same in every run, as text too", async () => {
  const first = await tuned();
  const second = await tuned();
  assert.deepEqual([...first.choices], [...second.choices]);
  assert.equal(dumpTuning(first), dumpTuning(second));
});

test("in place where it saves memory, and layers of different kinds by different kernels", async () => {
  const image = { input: [20, 20, 16], kernel: [1, 1] } as const;
  const graph = beside([
    convolution(image, 16),
    depthwise({ input: [20, 20, 16], kernel: [3, 3] }),
    dense(1, 4, 2),
  ]);
  const found = await tuned(graph, { ramBytes: 100_000 });
  assert.deepEqual(
    found.layers.map(({ kernels }) => kernels[0]),
    ["conv2d_lanes_s8", "depthwise_conv2d_lanes_s8", "fully_connected_s8"],
  );
});

test("sizes of tiles: all pixels, then no more than a number of passes needs, down to four", () => {
  assert.deepEqual(tileSizes(1), [1]);
  assert.deepEqual(tileSizes(4), [4]);
  assert.deepEqual(tileSizes(10), [10, 5, 4]);
  assert.deepEqual(tileSizes(125).slice(0, 4), [125, 63, 42, 32]);
  for (const pixels of [7, 64, 125, 2304, 9216]) {
    const sizes = tileSizes(pixels);
    assert.ok(sizes.length <= 64 && sizes[0] === pixels && sizes.at(-1) === 4);
    assert.deepEqual(
      sizes,
      [...new Set(sizes)].sort((a, b) => b - a),
    );
  }
});

test("a logistic regression keeps the small kernels: four products are not worth a kilobyte", async () => {
  const model = modelPath("logistic_regression.onnx");
  const calibration = modelPath("logistic_regression.calibration.csv");
  const { tuning, graph, choices } = await build({
    model,
    calibration,
    quantization: { precision: "int8" },
    engines: [],
  });
  assert.deepEqual(tuning.warnings, []);
  assert.ok(tuning.layers.every(({ kernels }) => kernels.every((name) => !name.includes("stationary"))));
  assert.ok((await compileGraph(graph, "release", choices)).length <= 1104);
});

const kws = modelFile("kws_ref_model");
const skip = existsSync(kws)
  ? false
  : "no kws_ref_model.tflite in shared/models/mlperf-tiny beside the checkout";

describe("keyword spotting by default", { skip }, () => {
  test("fits 64 KiB of RAM in all and 40 000 bytes of module", async () => {
    const { module, tuning } = await build({ model: kws, engines: [] });
    assert.ok(module.length <= 40_000, `${module.length} bytes`);
    assert.deepEqual(tuning.warnings, []);
    assert.ok(tuning.ramBytes.portable <= 65_536, `${tuning.ramBytes.portable} bytes of RAM`);
  });

  test("is twice as fast with more RAM", async () => {
    const graph = loadGraph("kws_ref_model");
    const [usual, roomy] = [await tuned(graph), await tuned(graph, { ramBytes: 100_000 })];
    assert.ok(roomy.instructions.portable <= usual.instructions.portable);
    assert.ok(roomy.instructions.portable < 100e6, `${roomy.instructions.portable} instructions`);
  });
});
