/** Sections of a module: found, measured, added, and their sizes explained to the last byte. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { decode, encode } from "cborg";
import { partTotals, sizeParts } from "../../host/compiler/compile/parts.ts";
import { ModelError } from "../../host/ir/graph.ts";
import {
  decodeMetadata,
  encodeMetadata,
  type LayerInfo,
  readMetadata,
  SECTION_NAME,
} from "../../host/module/metadata.ts";
import {
  addCustomSection,
  customSection,
  functionSizes,
  Reader,
  readExports,
  readSections,
  SECTION,
} from "../../host/module/sections.ts";
import { build } from "../../host/pipeline.ts";
import { modelPath } from "../support/models.ts";

const { module, metadata } = await build({
  model: modelPath("logistic_regression_multinomial.onnx"),
  calibration: modelPath("logistic_regression_multinomial.calibration.csv"),
  quantization: { precision: "int8" },
  engines: [],
});

describe("custom sections", () => {
  for (const length of [0, 1, 127, 128, 20_000]) {
    test(`${length} bytes come back as they went in`, () => {
      const contents = Uint8Array.from({ length }, (_, i) => i);
      const longer = addCustomSection(module, "näme", contents);
      assert.ok(WebAssembly.validate(new Uint8Array(longer)));
      assert.deepEqual(new Uint8Array(customSection(longer, "näme")!), contents);
      assert.deepEqual(customSection(longer, SECTION_NAME), customSection(module, SECTION_NAME));
      const [seen] = WebAssembly.Module.customSections(
        new WebAssembly.Module(new Uint8Array(longer)),
        "näme",
      );
      assert.deepEqual(new Uint8Array(seen!), contents);
    });
  }

  test("one that is not there", () => {
    assert.equal(customSection(module, "other"), undefined);
  });

  test("metadata is read back as it was written", () => {
    const found = readMetadata(module);
    assert.deepEqual(encodeMetadata(found), encodeMetadata(metadata));
    assert.equal(found.outputs[0]!.name, "probabilities");
    assert.deepEqual(found.outputs[0]!.labels, ["0", "1", "2"]);
  });

  test("metadata that is none is refused, by the section's name", () => {
    const bad = [new Uint8Array(), Uint8Array.of(0xf6), encodeMetadata({ ...metadata, version: 1 })];
    for (const bytes of bad) {
      assert.throws(
        () => decodeMetadata(bytes, metadata),
        (error: Error) => error instanceof ModelError && /^custom section thimble: /.test(error.message),
      );
    }
  });
});

describe("columns of layers", () => {
  const layer = (name: string, more: Partial<LayerInfo> = {}): LayerInfo => ({
    name,
    op: "conv2d",
    shape: [1, 2],
    kernels: ["kernel.conv2d_s8.2"],
    macs: 3,
    weights: 4,
    tables: 5,
    ...more,
  });
  const stored = (columns: object, texts: readonly string[] = ["conv2d"]): Uint8Array =>
    encode({
      ...(decode(encodeMetadata({ ...metadata, layers: [] })) as object),
      layers: { texts, columns },
    });
  const good = {
    name: ["a"],
    op: [0],
    shape: [[1]],
    kernels: [[]],
    macs: [0],
    weights: [0],
    tables: [0],
  };

  test("rows come back, each with what it had and no more", () => {
    const layers = [
      layer("a"),
      layer("b", { op: "view", kernels: [], cost: [6, 7] }),
      layer("c", { tile: 8, inPlace: true, kernels: ["kernel.conv2d_s8.2", "kernel.copy_s8.1"] }),
    ];
    for (const kernels of [
      [],
      ["kernel.copy_s8.1"],
      ["kernel.other.1", "kernel.conv2d_s8.2", "kernel.copy_s8.1"],
    ]) {
      const bytes = encodeMetadata({ ...metadata, layers }, kernels);
      assert.deepEqual(decodeMetadata(bytes, metadata, kernels).layers, layers);
    }
    assert.deepEqual(decodeMetadata(stored(good), metadata).layers.length, 1);
  });

  const faults: readonly [string, Uint8Array, RegExp][] = [
    ["no columns", stored({}), /: layers\.columns\.name: expected a list, found none$/],
    ["none of one", stored({ ...good, macs: undefined }), /: layers\.columns\.macs: expected a list of 1/],
    [
      "one too long",
      stored({ ...good, shape: [[1], [1]] }),
      /: layers\.columns\.shape: expected a list of 1/,
    ],
    ["tiles too few", stored({ ...good, tile: [] }), /: layers\.columns\.tile: expected a list of 1/],
    [
      "a text that is not there",
      stored({ ...good, op: [1] }),
      /: layers\[0\]\.op: expected text, found none$/,
    ],
    [
      "a kernel that is not there",
      stored({ ...good, kernels: [[7]] }),
      /: layers\[0\]\.kernels\[0\]: expected text/,
    ],
    ["a null", stored({ ...good, macs: [null] }), /: layers\[0\]\.macs: expected a whole number/],
  ];
  for (const [name, bytes, message] of faults) {
    test(`are refused: ${name}`, () =>
      assert.throws(() => decodeMetadata(bytes, metadata), { name: "ModelError", message }));
  }
});

describe("what V8 says of the module, too", () => {
  const compiled = new WebAssembly.Module(new Uint8Array(module));

  test("exports", () => {
    const expected = WebAssembly.Module.exports(compiled).map(({ name, kind }) => [
      name,
      kind === "function" ? "func" : kind,
    ]);
    assert.deepEqual(
      readExports(module).map(({ name, kind }) => [name, kind]),
      expected,
    );
  });

  test("functions fill the code section", () => {
    const code = readSections(module).find(({ id }) => id === SECTION.code)!;
    const total = functionSizes(module).reduce((sum, size) => sum + size, 0);
    assert.equal(total, code.end - code.start - 1);
  });
});

describe("where the bytes are", () => {
  test("parts add up to the module", () => {
    const total = partTotals(sizeParts(module, metadata)).reduce((sum, { bytes }) => sum + bytes, 0);
    assert.equal(total, module.length);
  });

  test("kernels are listed by name, with the size of their function", () => {
    const code = sizeParts(module, metadata).filter(({ part }) => part === "code");
    const names = code.map(({ name }) => name).filter((name) => name.startsWith("kernel."));
    assert.deepEqual(names.sort(), ["kernel.fully_connected_per_channel_s8.2", "kernel.softmax_s8.1"]);
    assert.ok(code.every(({ bytes }) => bytes > 0));
  });

  test("weights by layer are what the layers have", () => {
    const weights = sizeParts(module, metadata).filter(({ part }) => part === "weights");
    assert.deepEqual(
      weights.map(({ name, bytes }) => [name, bytes]),
      [["LinearClassifier", 3 * 2 + 3 * 4]],
    );
  });

  test("without metadata nothing is lost either", () => {
    const total = partTotals(sizeParts(module, undefined)).reduce((sum, { bytes }) => sum + bytes, 0);
    assert.equal(total, module.length);
  });
});

describe("numbers", () => {
  const reader = (...bytes: number[]): Reader => new Reader(Uint8Array.from(bytes));

  test("unsigned", () => {
    assert.equal(reader(0xe5, 0x8e, 0x26).u32(), 624485);
    assert.equal(reader(0xff, 0xff, 0xff, 0xff, 0x0f).u32(), 2 ** 32 - 1);
    assert.throws(() => reader(0xff, 0xff, 0xff, 0xff, 0x1f).u32(), ModelError);
    assert.throws(() => reader(0x80, 0x80, 0x80, 0x80, 0x80, 0).u32(), ModelError);
    assert.throws(() => reader(0x80).u32(), ModelError);
  });

  test("signed", () => {
    assert.equal(reader(0xc0, 0xbb, 0x78).signed(64), -123456n);
    assert.equal(reader(0x40).signed(64), -64n);
    assert.equal(reader(0x3f).signed(64), 63n);
    assert.throws(() => reader(...Array<number>(11).fill(0x80)).signed(64), ModelError);
  });

  test("text that is longer than the file", () => {
    assert.throws(() => reader(5, 0x61).text(), /^ModelError: module: offset 1: expected 5 bytes, found 1$/);
  });
});

test("no module at all", () => {
  for (const bytes of [
    new Uint8Array(),
    Uint8Array.of(0, 0x61, 0x73, 0x6d, 2, 0, 0, 0),
    new TextEncoder().encode("not a module"),
  ]) {
    assert.throws(
      () => readSections(bytes),
      new ModelError("module: expected a WebAssembly binary of version 1"),
    );
  }
});
