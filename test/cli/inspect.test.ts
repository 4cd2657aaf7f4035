/** `thimble inspect`: totals that add up, tensors and kernels by name, and what is no module of ours. */
import assert from "node:assert/strict";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { DESCRIPTOR_SECTION } from "../../host/module/descriptor_table.ts";
import { addMetadata, readMetadata } from "../../host/module/metadata.ts";
import { readSections } from "../../host/module/sections.ts";
import { thimble } from "../support/command.ts";
import { scratchFolder } from "../support/folders.ts";
import { modelPath } from "../support/models.ts";

const scratch = scratchFolder();
const folder = join(scratch, "digits");
const built = thimble(["build", modelPath("digits_int8.tflite"), "-o", folder, "--self-test"]);
assert.equal(built.status, 0, built.stderr);
const module = join(folder, "model.wasm");

interface Inspection {
  readonly moduleBytes: number;
  readonly parts: readonly { readonly part: string; readonly bytes: number }[];
  readonly code: readonly { readonly name: string; readonly bytes: number }[];
  readonly kernels: readonly string[];
  readonly memory: {
    readonly totalBytes: number;
    readonly constantBytes: number;
    readonly arenaBytes: number;
  };
  readonly macs: number;
  readonly inputs: readonly {
    readonly shape: readonly number[];
    readonly scale: number;
    readonly dtype: string;
  }[];
  readonly layers: readonly {
    readonly name: string;
    readonly macs: number;
    readonly weights: number;
    readonly kernels: readonly string[];
  }[];
}

describe("a module", () => {
  const { stdout, stderr, status } = thimble(["inspect", module, "--json"]);
  const found = JSON.parse(stdout.toString()) as Inspection;
  const sum = (list: readonly { readonly bytes: number }[]): number =>
    list.reduce((total, { bytes }) => total + bytes, 0);

  test("parts add up to the file", () => {
    assert.deepEqual([stderr, status], ["", 0]);
    assert.equal(found.moduleBytes, statSync(module).size);
    assert.equal(sum(found.parts), found.moduleBytes);
    assert.equal(sum(found.code), found.parts.find(({ part }) => part === "code")!.bytes);
  });

  test("layers add up to the model", () => {
    const weights = found.layers.reduce((total, layer) => total + layer.weights, 0);
    // 10 136 weights and 98 biases of four bytes: test/models/README.md.
    assert.equal(weights, 10_136 + 4 * 98);
    assert.equal(found.parts.find(({ part }) => part === "weights")!.bytes, weights);
    assert.equal(
      found.layers.reduce((total, layer) => total + layer.macs, 0),
      found.macs,
    );
  });

  test("kernels are those that the layers call, each exported", () => {
    assert.deepEqual(
      [...found.kernels].sort(),
      [...new Set(found.layers.flatMap((layer) => layer.kernels))].sort(),
    );
    for (const kernel of found.kernels)
      assert.ok(
        found.code.some(({ name }) => name === kernel),
        kernel,
      );
    assert.ok(found.code.some(({ name }) => name === "self_test"));
  });

  test("RAM is that of the module itself", () => {
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(module)));
    assert.equal((exports["memory_bytes"] as WebAssembly.Global).value, found.memory.totalBytes);
    assert.ok(found.memory.totalBytes >= found.memory.constantBytes + found.memory.arenaBytes);
    assert.deepEqual(
      found.inputs.map(({ shape, dtype }) => [shape, dtype]),
      [[[1, 8, 8, 1], "int8"]],
    );
  });

  test("times are those of the board that is asked for", () => {
    const on = (board: string): number => {
      const json = thimble(["inspect", module, "--json", "--board", board]).stdout.toString();
      return (JSON.parse(json) as { tuning: { on: { milliseconds: number } } }).tuning.on.milliseconds;
    };
    assert.ok(on("esp32-c3") > 0 && on("esp8266") > 10 * on("esp32-c3"));
    assert.match(
      thimble(["inspect", module, "--board", "x"]).stderr,
      /--board: expected esp32, .*found "x"\n$/,
    );
  });

  test("as text, for people", () => {
    const text = thimble(["inspect", module]).stdout.toString();
    for (const line of [
      /^model|^digits_int8 1\.0\.0, from digits_int8\.tflite \(SHA-256 /,
      /^input {3}/m,
      /^output {2}/m,
      /^conv2d_0 .* conv2d_(?:lanes_s8\.1|s8\.2) .* \d+(?:\.\d+)? ms$/m,
      /^speed {3}about [\d.]+ ms an inference on esp32-c3; instructions: [\d ]+ with native kernels, /m,
      /^device {2}about [\d ]+ B with native kernels, [\d ]+ B without/m,
      /^tuned {3}balanced, for esp32-c3$/m,
      /^module {2}\d+ \d+ B/m,
      /^RAM {5}/m,
      /^work {4}\d+ \d+ multiply-accumulates$/m,
    ])
      assert.match(text, line);
  });
});

describe("refused in one line", () => {
  const write = (name: string, contents: string | Uint8Array): string => {
    const file = join(scratch, name);
    writeFileSync(file, contents);
    return file;
  };
  const good = readFileSync(module);
  const failures: readonly (readonly [string, readonly string[], RegExp, number?])[] = [
    ["nothing", [], /^expected FILE, found none$/, 2],
    ["an unknown option", [module, "--all"], /^unknown option '--all'/, 2],
    ["a missing file", [join(scratch, "absent.wasm")], /absent\.wasm: no such file$/],
    ["a folder", [scratch], /: expected a module file, found a folder$/, 2],
    ["an empty file", [write("empty.wasm", "")], /empty\.wasm: module: expected a WebAssembly binary/],
    [
      "a model",
      [modelPath("digits_int8.tflite")],
      /digits_int8\.tflite: module: expected a WebAssembly binary/,
    ],
    [
      "half a module",
      [write("half.wasm", good.subarray(0, good.length / 2))],
      /half\.wasm: module: offset \d+/,
    ],
    [
      "metadata cut short",
      [write("cut.wasm", good.subarray(0, good.length - 1))],
      /cut\.wasm: module: offset \d+/,
    ],
  ];
  for (const [name, args, message, status = 1] of failures) {
    test(name, () => {
      const found = thimble(["inspect", ...args]);
      assert.match(found.stderr, /^thimble inspect: [^\n]+\n$/);
      assert.match(found.stderr.replace(/^thimble inspect: /, "").trimEnd(), message);
      assert.equal(found.stdout.toString(), "");
      assert.equal(found.status, status);
    });
  }
});

test("names of a hostile module do not control the terminal", () => {
  const clear = "\u001b[2J";
  const binary = new Uint8Array(readFileSync(module));
  const section = readSections(binary).find(({ name }) => name === DESCRIPTOR_SECTION)!;
  const metadata = readMetadata(binary);
  const hostile = {
    ...metadata,
    model: { ...metadata.model, name: `digits${clear}` },
    outputs: metadata.outputs.map((output) => ({ ...output, name: `${output.name}${clear}\n` })),
  };
  const file = join(scratch, "hostile.wasm");
  const code = binary.subarray(0, section.offset);
  writeFileSync(file, addMetadata(code, hostile));
  const row = join(scratch, "row.bin");
  writeFileSync(row, new Uint8Array(64 * 4));
  for (const args of [
    ["inspect", file],
    ["run", file, "--input", row],
  ]) {
    const { status, stdout } = thimble(args);
    assert.equal(status, 0);
    assert.ok(!stdout.includes("\u001b"), args[0]);
  }
});
