/**
 * Native stack of models in the firmware without sibling calls, as it is on ESP32, S2 and S3: within the bound that host
 * and device count, and not far below it. `npm run test:slow -- native_stack` takes all models and the table of cases.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { seededInputs } from "../../../host/compiler/verify/vectors.ts";
import { firmwareAvailability } from "../../../host/firmware/qemu_build.ts";
import type { Graph } from "../../../host/ir/graph.ts";
import { nativeStackOf, stackBytes } from "../../../host/module/native_stack.ts";
import { compileGraph } from "../../../host/pipeline.ts";
import { runReference } from "../../../host/runtime/engines/reference.ts";
import { simplifiedModel } from "../../support/models.ts";
import { runOnStack, runWithinBound, taken } from "../../support/native_stack.ts";
import { assemble, STATUS } from "../../support/signed_images.ts";

const availability = await firmwareAvailability();
const skip = availability.available ? false : `${availability.reason}; install: ${availability.install}`;
const KIB = 1024;

describe("without sibling calls", { skip }, async () => {
  let graph: Graph;
  let module: Uint8Array;
  test("a model is built", async () => {
    graph = simplifiedModel("digits_int8.tflite");
    module = await compileGraph(graph);
  });

  for (const native of [true, false])
    test(`digits runs in 16 KiB, ${native ? "native" : "portable"} kernels, within the bound and near it`, async () => {
      const vectors = [seededInputs(graph, 1)];
      const run = { native, siblingCalls: false, nativeStack: 16 * KIB };
      const result = await runWithinBound(module, vectors, run);
      assert.deepEqual(result.outputs, runReference(graph, vectors));
      const bound = result.statistics.stackBytes;
      assert.ok(bound <= 1.5 * taken(result), `${bound} for ${taken(result)}`);
      const need = nativeStackOf(module)[native ? "native" : "portable"];
      assert.equal(bound, stackBytes(need, { siblingCalls: false, frameBytes: 16 }));
    });

  test("it is refused with a byte less than that, and nothing of it runs", async () => {
    const run = { native: false, siblingCalls: false };
    const bound = stackBytes(nativeStackOf(module).portable, { siblingCalls: false, frameBytes: 16 });
    const result = await runOnStack(module, [seededInputs(graph, 1)], { ...run, nativeStack: bound - 1 });
    assert.deepEqual([result.status, result.model], [STATUS.STACK, undefined]);
    assert.equal(result.statusText, "the model needs more native stack than the device has");
  });
});

describe("with sibling calls", { skip }, () => {
  test("loops one after the other keep a frame each, and are refused before they take the stack", async () => {
    const globals = [
      "abi 2",
      "memory_bytes 64",
      "input_0 0",
      "input_0_bytes 4",
      "output_0 8",
      "output_0_bytes 4",
    ]
      .map((line) => line.split(" "))
      .map(([name, value]) => `(global (export "${name}") i32 (i32.const ${value}))`);
    const module = (loops: number): Uint8Array =>
      assemble(`(module (memory (export "memory") 1) ${globals.join("")}
        (func (export "invoke") (result i32) (local i32)
          ${"(loop $l (br_if $l (i32.ne (local.tee 0 (i32.add (local.get 0) (i32.const 1))) (i32.const 1))) (local.set 0 (i32.const 0)))".repeat(loops)}
          (i32.const 0)))`);
    const vectors = [[new Uint8Array(4)]];
    const few = await runWithinBound(module(200), vectors, { native: true });
    assert.ok(taken(few) > 200 * 32);
    assert.equal(
      (await runOnStack(module(200), vectors, { native: true, nativeStack: 6 * KIB })).status,
      STATUS.STACK,
    );
  });
});
