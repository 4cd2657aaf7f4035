/** The runtime in Node: what it loads, what it refuses, and what it says of values. */
import assert from "node:assert/strict";
import { createPublicKey } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { getHeapStatistics } from "node:v8";
import { publicPem } from "../../../host/image/keys.ts";
import { encodeDescriptor } from "../../../host/module/descriptor.ts";
import { DESCRIPTOR_SECTION } from "../../../host/module/descriptor_table.ts";
import { addCustomSection } from "../../../host/module/sections.ts";
import type { Borders } from "../../../host/ops/border.ts";
import { root } from "../../../host/root.ts";
import type * as BrowserRuntime from "../../../host/runtime/model/browser.ts";
import { load } from "../../../host/runtime/model/node.ts";
import { described, echo, tensor } from "../../firmware/core/values_borders.ts";
import { scratchFolder } from "../../support/folders.ts";
import { assemble, key, makeImage, otherKey, sha256 } from "../../support/signed_images.ts";

/** Two numbers in, the same two as scores out. */
const borders: Borders = {
  task: "classification",
  inputs: [tensor({ features: ["age", "weight"] })],
  outputs: [tensor({ name: "scores", decision: "greatest", labels: ["young", "heavy"] })],
};
const module = described(borders);
const image = makeImage({ body: module });
const folder = scratchFolder();

/** Compiled files that a file loads, itself among them. */
function loaded(file: string, known = new Set<string>()): Set<string> {
  if (known.has(file)) return known;
  known.add(file);
  for (const [, path] of readFileSync(file, "utf8").matchAll(/^(?:import|export) [^;]*?from "(\.[^"]+)";/gm))
    loaded(join(dirname(file), path!), known);
  return known;
}

test("what Node loads of the runtime knows no operator", () => {
  const dist = join(root, "dist", "host");
  const names = [...loaded(join(dist, "runtime", "model", "node.js"))].map((file) => relative(dist, file));
  assert.ok(names.includes(join("ops", "border.js")));
  assert.deepEqual(
    names.filter((name) => /^compiler|^pipeline|ops.(?:index|task)\.js$/.test(name)),
    [],
  );
  assert.ok(names.length < 40, `${names.length} files`);
});

describe("load", () => {
  test("takes a path, a file's URL, an answer, a blob and bytes, of modules and of images", async () => {
    const [wasm, img] = [join(folder, "m.wasm"), join(folder, "m.img")];
    writeFileSync(wasm, module);
    writeFileSync(img, image);
    const bytes = new Uint8Array(module);
    const sources = [wasm, img, pathToFileURL(img), pathToFileURL(wasm).href, bytes, bytes.buffer];
    for (const source of [...sources, new Response(bytes), new Blob([bytes])]) {
      const model = await load(source);
      assert.equal(model.hash, sha256(module).toString("hex"));
      assert.equal(model.predict([3, 4]).label, "heavy");
    }
    await assert.rejects(load(join(folder, "none.wasm")), { code: "ENOENT" });
  });

  test("says what a file says of itself", async () => {
    const model = await load(image);
    assert.equal(model.task, "classification");
    assert.match(model.version!, /^\d+\.\d+\.\d+/);
    assert.deepEqual(model.labels, ["young", "heavy"]);
    assert.deepEqual(model.inputs[0]!.names, ["age", "weight"]);
    assert.deepEqual([model.inputLength, model.outputLength], [2, 2]);
  });

  test("with a key takes only what it signed", async () => {
    for (const form of [
      publicPem(key),
      createPublicKey(key),
      [otherKey, key].map((each) => createPublicKey(each)),
    ])
      await load(image, { key: form });
    await assert.rejects(load(image, { key: publicPem(otherKey) }), /signed with another key/);
    await assert.rejects(
      load(module, { key: publicPem(key) }),
      /expected an image \(\.img\) signed with the key/,
    );
    await assert.rejects(load(image, { key: new Uint8Array(31) }), /key: expected 32 bytes, found 31/);
    const damaged = Uint8Array.from(image);
    damaged[60]! ^= 1;
    await assert.rejects(load(damaged), /the image is damaged/);
  });

  test("refuses modules that a device would refuse, and descriptors of other tensors", async () => {
    const importing = assemble(`(module (import "a" "b" (func)))`);
    await assert.rejects(
      load(addCustomSection(importing, DESCRIPTOR_SECTION, encodeDescriptor(borders))),
      /no section 2/,
    );
    await assert.rejects(load(echo(borders)), /expected a custom section thimble\.io, found none/);
    const [longer] = [{ ...borders, outputs: [tensor({ name: "scores", shape: [1, 3] })] }];
    const wrong = addCustomSection(echo(borders), DESCRIPTOR_SECTION, encodeDescriptor(longer));
    await assert.rejects(load(wrong), /descriptor: output 0: expected 2 bytes, found 3/);
    const twice = { ...borders, inputs: [...borders.inputs, ...borders.inputs] };
    const more = addCustomSection(echo(borders), DESCRIPTOR_SECTION, encodeDescriptor(twice));
    await assert.rejects(load(more), /descriptor: expected 1 inputs, found 2/);
  });
});

describe("a model", () => {
  test("takes rows by place and by name, and batches", async () => {
    const model = await load(module);
    const { outputs, ...decided } = model.predict([1, 2.3]);
    assert.deepEqual(outputs, { scores: Float32Array.of(1, 2.5) });
    assert.deepEqual(decided, { classNumber: 1, score: 2.5, label: "heavy" });
    assert.deepEqual(model.predict({ weight: 2.3, age: 1 }), { ...decided, outputs });
    const found = model.predictBatch(Float32Array.of(1, 2, 3, 4, -1, 999), 3);
    assert.deepEqual(found, Float32Array.of(1, 2, 3, 4, -1, 63));
    assert.equal(model.decide(found, 2)?.label, "heavy");
    const output = new Float32Array(2);
    model.predictInto(Float32Array.of(7, 6), output);
    assert.deepEqual(output, Float32Array.of(7, 6));
  });

  test("gives the tensors' own integers, and forgets", async () => {
    const model = await load(module);
    model.inputs[0]!.raw.set([-128, 127]);
    model.invoke();
    assert.deepEqual(model.outputs[0]!.raw, Int8Array.of(-128, 127));
    model.reset();
    assert.deepEqual(model.outputs[0]!.raw, Int8Array.of(0, 0));
  });

  test("names the feature, what was expected and what was found", async () => {
    const model = await load(module);
    const refused: [unknown, RegExp][] = [
      [[1], /^RangeError: input: expected 1 x 2 values, found 1$/],
      [[1, Number.NaN], /^RangeError: weight: expected a number, found NaN$/],
      [{ age: 1 }, /^RangeError: weight: expected a number, found undefined$/],
      [{ age: null, weight: 2 }, /^RangeError: age: expected a number, found null$/],
      [[1, "2"], /^RangeError: weight: expected a number, found 2$/],
    ];
    for (const [values, message] of refused)
      assert.throws(
        () => model.predict(values as number[]),
        (error) => message.test(String(error)),
      );
    const two = Float32Array.of(1, 2);
    assert.throws(
      () => model.predictBatch(two, 1, new Float32Array(1)),
      /output: expected 1 x 2 values, found 1$/,
    );
    assert.throws(() => model.predictBatch(Float32Array.of(1), 0.5), /expected 0\.5 x 2 values, found 1$/);
    for (const rows of [-1, Number.NaN, 2])
      assert.throws(
        () => model.predictBatch(two, rows),
        /^RangeError: input: expected .* x 2 values, found 2$/,
      );
  });

  test("knows features that are named as properties of arrays are, and asks for those that may be missing", async () => {
    const features = ["length", "width"];
    const scaling = { offsets: [0, 0], factors: [1, 1], missing: [3, 4] };
    const model = await load(
      described({ ...borders, inputs: [tensor({ features, scaling, zeroPoint: 0 })] }),
    );
    model.predict({ length: 1, width: Number.NaN });
    assert.deepEqual(model.inputs[0]!.raw, Int8Array.of(2, 8));
    assert.throws(
      () => model.predict({ length: 1 }),
      /^RangeError: width: expected a number, found undefined$/,
    );
  });

  test("computes row after row without allocating", async () => {
    const browser: typeof BrowserRuntime = await import(
      new URL("../../../host/runtime/browser/browser.js", import.meta.url).href
    );
    for (const model of [await load(module), await browser.load(new Uint8Array(module))]) {
      const [input, output] = [Float32Array.of(1, 2), new Float32Array(2)];
      const run = (rows: number): number => {
        const before = getHeapStatistics().used_heap_size;
        for (let i = 0; i < rows; i++) model.predictInto(input, output);
        return getHeapStatistics().used_heap_size - before;
      };
      run(20_000);
      // A number would take 12 bytes, a view of an array 100.
      const used = Math.min(...Array.from({ length: 5 }, () => Math.abs(run(20_000))));
      assert.ok(used < 20_000, `found ${used} bytes in 20 000 rows`);
    }
  });
});
