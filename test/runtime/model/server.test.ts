/** Rows on a server have the bytes of the module's own kernels and of the host's borders; hostile arguments end in these. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { loadKernel } from "../../../host/compiler/plan/kernels.ts";
import { elements } from "../../../host/ir/graph.ts";
import { encodeDescriptor } from "../../../host/module/descriptor.ts";
import { DESCRIPTOR_SECTION } from "../../../host/module/descriptor_table.ts";
import { kernelCalls } from "../../../host/module/kernel_calls.ts";
import { addCustomSection } from "../../../host/module/sections.ts";
import { bordersOf } from "../../../host/ops/graph_borders.ts";
import { build, compileGraph } from "../../../host/pipeline.ts";
import { load, type NodeModel } from "../../../host/runtime/model/node.ts";
import { TWINS } from "../../../host/runtime/model/server.ts";
import { described, example } from "../../firmware/core/values_borders.ts";
import { everywhere, FAST } from "../../support/layers.ts";
import { modelPath, simplifiedCase, simplifiedModel, vectorCase } from "../../support/models.ts";
import { assemble } from "../../support/signed_images.ts";

const SEED = 21;

/** Values of all kinds for a row, from a seed. */
function rowsOf(model: NodeModel, rows: number, span: number): Float32Array {
  let state = SEED;
  return new Float32Array(rows * model.inputLength).map(() => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state / 2 ** 32 - 0.5) * span;
  });
}

/** Both ways on the same rows: in one batch, in rows, and by the module's own kernels. */
async function compareBoth(module: Uint8Array, spans: readonly number[]): Promise<void> {
  const [fast, own] = [await load(module), await load(module, { twins: false })];
  for (const span of spans) {
    const input = rowsOf(fast, 40, span);
    const found = fast.predictBatch(input, 40);
    assert.deepEqual(found, own.predictBatch(input, 40));
    const row = new Float32Array(fast.outputLength);
    fast.predictInto(input.slice(-fast.inputLength), row);
    assert.deepEqual(row, found.slice(-fast.outputLength));
    assert.ok(new Set(found).size > 1, "rows of more than one answer");
  }
}

const withDescriptor = async (file: string): Promise<Uint8Array> => {
  const graph = simplifiedModel(file);
  const module = await compileGraph(graph);
  return addCustomSection(module, DESCRIPTOR_SECTION, encodeDescriptor(bordersOf(graph)));
};

const digits = withDescriptor("digits_int8.tflite");

describe("rows on a server", () => {
  test("of networks are those of the module's own kernels, small and fast ones", async () => {
    await compareBoth(await digits, [0.5, 2, 300]);
    const graph = simplifiedCase(vectorCase("networks", "residual"));
    const module = await compileGraph(graph, "release", everywhere(graph, FAST));
    const section = encodeDescriptor(bordersOf(graph));
    await compareBoth(addCustomSection(module, DESCRIPTOR_SECTION, section), [1, 20]);
  });

  test("of forests and linear models are, too", async () => {
    for (const [file, span] of [
      ["trees/random_forest_classifier", 40],
      ["logistic_regression", 4],
    ] as const) {
      const calibration = `${file === "logistic_regression" ? file : "trees/values"}.calibration.csv`;
      const built = await build({
        model: modelPath(`${file}.onnx`),
        calibration: modelPath(calibration),
        engines: [],
      });
      await compareBoth(built.module, [span, 4 * span]);
    }
  });

  test("of borders of every kind have the bits of single values on the host", async () => {
    for (const { borders, values } of fc.sample(example, { numRuns: 60, seed: SEED })) {
      const model = await load(described(borders));
      if (values.some(Number.isNaN) && !borders.inputs[0]!.scaling?.missing) continue;
      const count = elements(borders.inputs[0]!.shape);
      const rows = new Float32Array(3 * count).map(
        (_, i) => values[i % count]! * (1 + Math.floor(i / count)),
      );
      const found = model.predictBatch(rows, 3);
      const bare = await load(described(borders), { twins: false });
      for (let row = 0; row < 3; row++) {
        const expected = bare.predict(rows.slice(row * count, (row + 1) * count)).outputs["y"];
        assert.deepEqual(found.slice(row * count, (row + 1) * count), expected);
      }
    }
  });

  test("say which value of which row is not a number, and compute the rows before it", async () => {
    const model = await load(await digits);
    const rows = rowsOf(model, 3000, 1);
    rows[64 * 2500 + 7] = Number.NaN;
    assert.throws(
      () => model.predictBatch(rows, 3000),
      /^RangeError: .*\[7\]: expected a number, found NaN$/,
    );
  });
});

describe("the kernels of servers", () => {
  test("are of the versions that modules have now", () => {
    for (const name of TWINS.keys()) {
      const [, kernel, version] = name.split(".");
      assert.equal(loadKernel(kernel!).version, Number(version), name);
    }
  });

  test("are found where an inference is calls of kernels and nothing else, also by way of functions", () => {
    const moduleOf = (body: string): Uint8Array =>
      assemble(`(module (func $k (export "kernel.a.1") (param i32)) (func $layer (call $k (i32.const 8)))
        (func (export "invoke") (result i32) ${body}))`);
    const calls = kernelCalls(moduleOf("(call $k (i32.const 4)) (call $layer) (i32.const 0)"));
    assert.deepEqual(calls, [
      { kernel: "kernel.a.1", block: 4 },
      { kernel: "kernel.a.1", block: 8 },
    ]);
    for (const other of [
      "(call $k (i32.add (i32.const 4) (i32.const 4))) (i32.const 0)",
      "(call $k (i32.const 4)) (i32.const 1)",
      "(loop (call $layer)) (i32.const 0)",
    ])
      assert.equal(kernelCalls(moduleOf(other)), undefined, other);
  });

  test("leave the module's own in place where its arguments are damaged", async () => {
    const module = await digits;
    const calls = kernelCalls(module)!;
    const model = await load(module, { twins: false });
    const memory = new Uint8Array(model.inputs[0]!.raw.buffer);
    const expected = model.predict(new Float32Array(64)).outputs;
    const { block } = calls.find(({ kernel }) => kernel.includes(".conv2d"))!;
    const at = Buffer.from(module).indexOf(Buffer.from(memory.slice(block, block + 24)));
    // Heights and widths that nothing could hold.
    const damaged = Uint8Array.from(module).fill(0x7f, at + 28, at + 44);
    assert.equal((await load(damaged)).inputLength, 64);
    assert.deepEqual((await load(module)).predict(new Float32Array(64)).outputs, expected);
  });
});
