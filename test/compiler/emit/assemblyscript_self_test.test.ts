/** The export `self_test`: 0 on every engine, another number once a single weight is wrong. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { type Constant, lower } from "../../../host/compiler/plan/lower.ts";
import { toBytes } from "../../../host/ir/graph.ts";
import type { Engine } from "../../../host/module/engine.ts";
import { readExports } from "../../../host/module/sections.ts";
import { build } from "../../../host/pipeline.ts";
import { v8 } from "../../../host/runtime/engines/v8.ts";
import { wasm3 } from "../../../host/runtime/engines/wasm3.ts";
import { scratchFolder } from "../../support/folders.ts";
import { vectorCase } from "../../support/models.ts";

const availability = await wasm3.availability();
const engines: readonly { readonly engine: Engine; readonly skip: string | false }[] = [
  { engine: v8, skip: false },
  { engine: wasm3, skip: availability.available ? false : `wasm3 is missing: ${availability.reason}` },
];
const file = join(scratchFolder(), "residual.tflite");
writeFileSync(file, vectorCase("networks", "residual").model);
const { module, graph, metadata, plan } = await build({ model: file, engines: [], selfTest: true });
const without = await build({ model: file, engines: [] });

/** One bit of one weight, of the first layer with enough of them to be found in the data segment. */
function flipBit(bit: number): Uint8Array {
  const isWeights = ({ data }: Constant): boolean => data instanceof Int8Array && data.length > 60;
  const weights = toBytes(lower(graph).constants.find(isWeights)!.data);
  const start = Buffer.from(module).indexOf(weights.slice(0, 20));
  assert.ok(start > 0);
  const copy = module.slice();
  copy[start + 4]! ^= 1 << bit;
  return copy;
}

for (const { engine, skip } of engines) {
  describe(`on ${engine.name}`, { skip }, () => {
    test("a good module returns 0", async () => {
      assert.equal(await engine.selfTest(module), 0);
    });

    test("one bit of a weight flipped: the number of the first wrong vector", async () => {
      assert.equal(await engine.selfTest(flipBit(7)), 1);
      assert.equal(await engine.selfTest(flipBit(6)), 1);
    });

    test("without the option there is no such export", async () => {
      assert.equal(await engine.selfTest(without.module), undefined);
    });

    test("the model computes the same with and without", async () => {
      const inputs = metadata.selfTest.map(() => [
        new Uint8Array(metadata.inputs[0]!.shape.reduce((a, b) => a * b)).fill(9),
      ]);
      assert.deepEqual(await engine.run(module, inputs), await engine.run(without.module, inputs));
    });
  });
}

test("the option adds one export, and no constants: what is expected is a checksum", () => {
  const names = (binary: Uint8Array): string[] =>
    readExports(binary)
      .map(({ name }) => name)
      .sort();
  assert.deepEqual(names(module), [...names(without.module), "self_test"].sort());
  assert.equal(plan.constantBytes, without.plan.constantBytes);
});
