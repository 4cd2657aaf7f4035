/** The firmware on QEMU's Cortex-M machines: the same outputs as everywhere, a reason for every end, and figures. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { seededInputs } from "../../../host/compiler/verify/vectors.ts";
import { buildFirmware } from "../../../host/firmware/qemu_build.ts";
import type { MachineName } from "../../../host/firmware/qemu_machines.ts";
import { type FirmwareRequest, runFirmware } from "../../../host/firmware/qemu_run.ts";
import { rawPublicKey } from "../../../host/image/keys.ts";
import type { Vector } from "../../../host/ir/graph.ts";
import { EngineError } from "../../../host/module/engine.ts";
import { compileGraph } from "../../../host/pipeline.ts";
import { flashOf, qemuCortexM, qemuEngine } from "../../../host/runtime/engines/qemu.ts";
import { runReference } from "../../../host/runtime/engines/reference.ts";
import { loadTable } from "../../cases/table.ts";
import { modelPath, simplifiedCase, simplifiedModel } from "../../support/models.ts";
import { key, makeModule, STATUS, u32 } from "../../support/signed_images.ts";

const availability = await qemuCortexM.availability();
const skip = availability.available
  ? false
  : `qemu-cortex-m is missing: ${availability.reason}; install: ${availability.install}`;

const machines: readonly MachineName[] = ["cortex-m3", "cortex-m4"];
const graph = simplifiedModel("digits_int8.tflite");
const digits = await compileGraph(graph);
const number = (value: number): Vector => [new Uint8Array(u32(value))];

interface Expected {
  readonly inputs: readonly (readonly number[])[];
  readonly outputs: { readonly probabilities: readonly (readonly number[])[] };
}

describe("models on Cortex-M", { skip }, () => {
  const expected = JSON.parse(readFileSync(modelPath("digits_int8.expected.json"), "utf8")) as Expected;
  const vectors = expected.inputs.map((values) => [new Uint8Array(Int8Array.from(values))]).slice(0, 5);
  for (const machine of machines) {
    for (const native of [true, false]) {
      test(`digits on ${machine}, ${native ? "native" : "portable"} kernels, as TensorFlow computes them`, async () => {
        const outputs = await qemuEngine({ machine, native }).run(digits, vectors);
        assert.deepEqual(
          outputs.map(([output]) => [...new Int8Array(output!)]),
          expected.outputs.probabilities.slice(0, vectors.length),
        );
      });
    }
  }

  const { cases, missing } = loadTable();
  for (const { name, reason } of missing) test(name, { skip: reason }, () => {});
  const kws = cases.find(({ name }) => name === "kws_ref_model");
  for (const native of kws ? [true, false] : []) {
    test(`keyword spotting, ${native ? "native" : "portable"} kernels, as TFLM computes it`, async () => {
      const module = await compileGraph(simplifiedCase(kws!));
      const few = kws!.vectors.slice(0, native ? 6 : 1);
      const outputs = await qemuEngine({ machine: "cortex-m3", native }).run(
        module,
        few.map(({ inputs }) => inputs),
      );
      assert.deepEqual(
        outputs,
        few.map((vector) => vector.outputs),
      );
    });
  }
});

const boot = (module: Uint8Array, vectors: readonly Vector[], more: Partial<FirmwareRequest> = {}) =>
  runFirmware({
    flash: flashOf(module, key),
    keys: [rawPublicKey(key)],
    vectors,
    build: { machine: "cortex-m3" },
    ...more,
  });

describe("faults on Cortex-M", { skip }, () => {
  const refused = (work: Promise<unknown>, message: RegExp): Promise<void> =>
    assert.rejects(work, (error) => error instanceof EngineError && message.test(error.message));

  test("a trap ends the run; what came before it is there", async () => {
    const invoke =
      "(i32.store (i32.const 8) (i32.div_u (i32.const 12) (i32.load (i32.const 0)))) (i32.const 0)";
    const result = await boot(makeModule({ invoke }), [number(3), number(0), number(4)]);
    assert.deepEqual([result.status, result.outputs], [STATUS.TRAP, [number(4)]], result.statusText);
  });

  test("a module that never ends is stopped after a number of instructions", async () => {
    const endless = makeModule({ invoke: "(loop $again (br $again)) (i32.const 0)" });
    await refused(
      boot(endless, [number(1)], { limitMillions: 20 }),
      /^qemu-cortex-m: expected at most 20 million instructions/,
    );
  });

  test("a flash whose image was changed, that is too large, or has no partitions", async () => {
    const flash = Buffer.from(flashOf(makeModule(), key));
    flash[flash.indexOf("invoke")]! ^= 1;
    const result = await boot(makeModule(), [number(1)], { flash });
    assert.deepEqual([result.status, result.outputs], [STATUS.HASH, []], result.statusText);
    await refused(boot(digits, [], { flash: new Uint8Array(4 * 1024 * 1024 + 1) }), /at most 4194304 bytes/);
    await refused(
      boot(digits, [], { flash: new Uint8Array(65536) }),
      /status 1: flash: expected a partition/,
    );
  });

  test("the self-test of a module, and inputs of another length", async () => {
    assert.equal(await qemuCortexM.selfTest(makeModule()), undefined);
    await refused(
      qemuCortexM.run(makeModule(), [[new Uint8Array(3)]]),
      /^qemu-cortex-m: vector 0: input_0: expected 4/,
    );
  });
});

describe("figures on Cortex-M", { skip }, () => {
  test("are the same in every run, whole to four instructions, and grow with the work", async () => {
    const vectors = [1, 2, 3].map((seed) => seededInputs(graph, seed));
    const [once, again] = [await boot(digits, vectors), await boot(digits, vectors)];
    assert.deepEqual(once.statistics, again.statistics);
    assert.deepEqual(once.outputs, runReference(graph, vectors));
    const loop = (passes: number): Uint8Array =>
      makeModule({
        invoke: `(local $i i32) (loop $again (local.set $i (i32.add (local.get $i) (i32.const 1)))
          (br_if $again (i32.lt_u (local.get $i) (i32.const ${passes})))) (i32.const 0)`,
      });
    const count = async (passes: number): Promise<number> =>
      (await boot(loop(passes), [number(1)])).statistics.invokeInstructions[0]!;
    const [few, more, most] = [await count(100), await count(200), await count(1100)];
    const pass = (more - few) / 100;
    assert.ok(pass > 4 && pass < 100, `${pass} instructions a pass`);
    // A thousand passes more: counted in ticks of 40 instructions it would be off by up to 40.
    assert.ok(Math.abs(most - few - 1000 * Math.round(pass)) <= 8, `${most - few} for ${pass} a pass`);
  });

  test("each part of the firmware has its flash; wasm3, core and crypto fit 64 KiB", async () => {
    const { sizes } = await buildFirmware({ machine: "cortex-m3" });
    const flash = ["wasm3", "core", "crypto"].map((part) => sizes.get(part)!.flash);
    assert.ok(flash.every((bytes) => bytes > 5000) && flash.reduce((a, b) => a + b) < 65_536, `${flash}`);
  });
});
