/** Measured costs: each is measured once, and again only where kernels, layer or choice are others. */
import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { LayerCandidates } from "../../../host/compiler/tune/candidates.ts";
import { kernelHash, sourcesHash } from "../../../host/compiler/tune/kernel_hash.ts";
import { splitLayers } from "../../../host/compiler/tune/measure.ts";
import { type MeasureLayer, measureCandidates, remembering } from "../../../host/compiler/tune/measured.ts";
import { tune } from "../../../host/compiler/tune/tune.ts";
import { DEFAULT_BOARD } from "../../../host/firmware/boards.ts";
import { firmwareAvailability } from "../../../host/firmware/qemu_build.ts";
import type { Choice } from "../../../host/ops/lowering.ts";
import { build } from "../../../host/pipeline.ts";
import { root } from "../../../host/root.ts";
import { thimble } from "../../support/command.ts";
import { scratchFolder } from "../../support/folders.ts";
import { modelPath, simplifiedModel } from "../../support/models.ts";

const scratch = scratchFolder();
const graph = simplifiedModel("digits_int8.tflite");
const layers = splitLayers(graph);

/** Counts its runs; a larger tile is cheaper. */
function counter() {
  const runs: string[] = [];
  const measure: MeasureLayer = async ({ node }, { kernel, tile }) => {
    runs.push(`${node.name} ${kernel} ${tile}`);
    return { native: 10, portable: kernel === "fast" ? 1000 - tile : 1_000_000 };
  };
  return { runs, measure };
}

describe("what was measured is remembered", () => {
  const folder = join(scratch, "memory");
  const fast: Choice = { kernel: "fast", tile: 8, inPlace: false };

  test("over processes, for the same kernels, layer and choice", async () => {
    const { runs, measure } = counter();
    const first = await remembering(measure, folder, "a")(layers[0]!, fast);
    assert.deepEqual(await remembering(measure, folder, "a")(layers[0]!, fast), first);
    assert.equal(runs.length, 1);
    await remembering(measure, folder, "b")(layers[0]!, fast);
    await remembering(measure, folder, "a")(layers[0]!, { ...fast, tile: 16 });
    await remembering(measure, folder, "a")(layers[1]!, fast);
    assert.equal(runs.length, 4);
    assert.equal(readdirSync(folder).length, 4);
  });

  test("and measured again where the file is no longer whole", async () => {
    const { runs, measure } = counter();
    const [file] = readdirSync(folder);
    for (const text of ["", "{", '{"native":1}', '{"native":1,"portable":-1}']) {
      for (const each of readdirSync(folder)) writeFileSync(join(folder, each), text);
      await remembering(measure, folder, "a")(layers[0]!, fast);
    }
    assert.equal(runs.length, 4);
    assert.ok(file);
  });
});

test("the tuner takes measured costs instead of predicted ones, and a second time none are measured", async () => {
  const { runs, measure } = counter();
  const remembered = remembering(measure, join(scratch, "tuner"), "a");
  const options = {
    board: { ...DEFAULT_BOARD, ramBytes: 200_000 },
    optimize: "speed" as const,
    maxSize: 65_536,
    measure: (whole: typeof graph, candidates: readonly LayerCandidates[]) =>
      measureCandidates(whole, candidates, remembered),
  };
  const tuned = await tune(graph, options);
  assert.equal(tuned.costs, "measured");
  const first = tuned.layers[0]!;
  assert.deepEqual([first.kernels, first.tile], [["conv2d_lanes_s8"], 64]);
  assert.equal(first.instructions.portable, 1000 - 64);
  const count = runs.length;
  assert.ok(count > layers.length);
  assert.deepEqual((await tune(graph, options)).choices, tuned.choices);
  assert.equal(runs.length, count);
});

test("the kernels' hash changes with their code, and not with what is said about it", () => {
  const folder = join(scratch, "kernels");
  mkdirSync(folder);
  const hashOf = (text: string): string => {
    writeFileSync(join(folder, "add.ts"), text);
    return sourcesHash([folder]);
  };
  const before = hashOf("/** Adds. */\nstore<i8>(a, 1);\n");
  assert.equal(hashOf("/**\n * Adds, and stores.\n */\n  store<i8>(a, 1);\n// Done.\n"), before);
  assert.notEqual(hashOf("/** Adds. */\nstore<i8>(a, 2);\n"), before);
  assert.notEqual(sourcesHash(), before);
  assert.equal(sourcesHash(), sourcesHash());
});

test("a kernel's hash is its own: of its sources, portable and native, and what they use", () => {
  const table = join(root, "firmware", "core", "kernels", "table.c");
  const add = readFileSync(table, "utf8").includes("thimble_add_s8");
  assert.ok(add);
  assert.notEqual(kernelHash("add_s8"), kernelHash("mul_s8"));
  // Natively one function, but two portable kernels.
  assert.notEqual(kernelHash("conv2d_s8"), kernelHash("conv2d_lanes_s8"));
});

const availability = await firmwareAvailability();
const skip = availability.available ? false : `${availability.reason}; install: ${availability.install}`;

test("in QEMU, by the command's option", { skip }, async () => {
  const model = modelPath("logistic_regression.onnx");
  const calibration = modelPath("logistic_regression.calibration.csv");
  // Kernels of 16 bits have no native twins.
  const quantization = { precision: "int8" } as const;
  const { tuning } = await build({ model, calibration, quantization, tune: "measure", engines: [] });
  assert.equal(tuning.costs, "measured");
  assert.ok(tuning.instructions.portable > tuning.instructions.native);
  assert.ok(tuning.layers.every(({ tile }) => tile === undefined));
});

test("without QEMU the option is refused in one line", () => {
  const args = ["build", modelPath("digits_int8.tflite"), "--tune", "measure", "-o", join(scratch, "out")];
  const { status, stderr } = thimble(args, { env: { PATH: scratch } });
  assert.equal(status, 1);
  assert.match(stderr, /^thimble build: .*--tune measure: no \S+; install: [^\n]+\n$/);
});
