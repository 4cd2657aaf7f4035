/**
 * Native stack of all models that are here, with and without sibling calls, native and portable: their outputs are right,
 * what they take is within the bound, and the bound is at most half as much again. `test/cases/sweep.slow.test.ts` has the
 * table of cases.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { findBoard } from "../../../host/firmware/boards.ts";
import { firmwareAvailability } from "../../../host/firmware/qemu_build.ts";
import { nativeStackOf, stackBytes } from "../../../host/module/native_stack.ts";
import { type Build, build } from "../../../host/pipeline.ts";
import { benchModels, buildModel, isHere, modelSubject, whyMissing } from "../../bench/inference_models.ts";
import { modelPath } from "../../support/models.ts";
import { runOnStack, runWithinBound, taken } from "../../support/native_stack.ts";
import { STATUS } from "../../support/signed_images.ts";

const availability = await firmwareAvailability();
const skip = availability.available ? false : `${availability.reason}; install: ${availability.install}`;
const KIB = 1024;
/** Of a bound that is not the fixed part for signature and compiler. */
const MOST_OVER = 1.5;

async function checkModel({ module, graph }: Build, native: boolean, siblingCalls: boolean): Promise<void> {
  const { inputs, outputs } = await modelSubject({ module, graph } as Build, [1]);
  const result = await runWithinBound(module, inputs, { native, siblingCalls });
  assert.deepEqual(result.outputs, outputs);
  const { stackBytes: bound } = result.statistics;
  assert.ok(bound <= MOST_OVER * taken(result), `${bound} for ${taken(result)}`);
  // A task of 16 KiB natively; portably all but the largest of them.
  if (native && !siblingCalls) assert.ok(bound <= 16 * KIB, `${bound}`);
}

for (const model of benchModels)
  describe(model.name, { skip: skip || (isHere(model) ? false : whyMissing(model)) }, () => {
    let built: Build;
    test("is built, and fits the stacks of boards", async () => {
      built = await buildModel(model, model.name);
      const { native, portable } = nativeStackOf(built.module);
      const windowed = findBoard("esp32");
      assert.ok(stackBytes(native, windowed) <= 16 * KIB);
      assert.ok(stackBytes(portable, windowed) <= 32 * KIB);
    });
    for (const siblingCalls of [true, false])
      for (const native of [true, false])
        test(`${native ? "native" : "portable"}, ${siblingCalls ? "with" : "without"} sibling calls`, () =>
          checkModel(built, native, siblingCalls));
  });

describe("digits", { skip }, () => {
  test("its self-test, which runs while the model is opened, is within the bound", async () => {
    const path = modelPath("digits_int8.tflite");
    const { module } = await build({ model: path, name: "digits", engines: [], selfTest: true });
    for (const native of [true, false])
      for (const siblingCalls of [true, false])
        for (const operations of ["-Os", "-O3"] as const)
          await runWithinBound(module, [], { native, siblingCalls, operations });
  });

  // -Og is what ESP-IDF takes by default; no flag makes GCC do sibling calls then.
  for (const operations of ["-Og", "-O0"] as const)
    test(`operations at ${operations} are noticed, and counted`, async () => {
      const path = modelPath("digits_int8.tflite");
      const { module } = await build({ model: path, name: "digits", engines: [], selfTest: true });
      const { statistics } = await runWithinBound(module, [], {
        native: false,
        operations,
        keepFrames: true,
      });
      assert.ok(statistics.stackBytes > 8 * KIB);
      const small = { native: false, operations, keepFrames: true, nativeStack: 8 * KIB };
      assert.equal((await runOnStack(module, [], small)).status, STATUS.STACK);
    });
});
