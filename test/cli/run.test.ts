/** `thimble run`: the same bytes on every engine, real values for people, and clear refusals. */
import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { lcgBytes } from "../../host/compiler/verify/vectors.ts";
import { wasm3 } from "../../host/runtime/engines/wasm3.ts";
import { thimble } from "../support/command.ts";
import { scratchFolder } from "../support/folders.ts";
import { modelPath, vectorCase } from "../support/models.ts";

const availability = await wasm3.availability();
const skipWasm3 = availability.available ? false : `wasm3 is missing: ${availability.reason}`;
const scratch = scratchFolder();
const folder = join(scratch, "wine");
const wineTest = modelPath("wine.test.csv");

function ok(args: readonly string[]): { readonly stdout: Buffer; readonly stderr: string } {
  const found = thimble(args);
  assert.equal(found.status, 0, found.stderr);
  return found;
}

ok(["build", modelPath("wine_dense.onnx"), "--calibration", modelPath("wine.calibration.csv"), "-o", folder]);
const module = join(folder, "model.wasm");

function write(name: string, contents: string | Uint8Array): string {
  const file = join(scratch, name);
  writeFileSync(file, contents);
  return file;
}

describe("raw bytes", () => {
  const input = write("vectors.bin", lcgBytes(1, 13 * 40).bytes);
  const run = (engine: string): Buffer =>
    ok(["run", module, "--input", input, "--raw", "--engine", engine]).stdout;

  test("are the same on the reference and on V8", () => {
    const found = run("v8");
    assert.equal(found.length, 3 * 40);
    assert.deepEqual(run("reference"), found);
    assert.ok(new Set(found).size > 20, "outputs that hardly vary prove little");
  });

  test("and on wasm3", { skip: skipWasm3 }, () => {
    assert.deepEqual(run("wasm3"), run("v8"));
  });

  test("of several inputs and outputs follow each other", () => {
    const { model, vectors } = vectorCase("networks", "outputs_of_inputs");
    const several = join(scratch, "several");
    ok(["build", write("several.tflite", model), "-o", several]);
    const inputs = write("several.bin", Buffer.concat(vectors.flatMap((vector) => vector.inputs)));
    const found = ok(["run", join(several, "model.wasm"), "--input", inputs, "--raw"]).stdout;
    assert.deepEqual(
      new Uint8Array(found),
      new Uint8Array(Buffer.concat(vectors.flatMap(({ outputs }) => outputs))),
    );
  });
});

describe("rows of real values", () => {
  test("a line for each: values by class, and the class", () => {
    const { stdout, stderr } = ok(["run", module, "--input", wineTest]);
    const lines = stdout.toString().trimEnd().split("\n");
    assert.equal(lines[0], "0,1,2,label");
    assert.equal(lines.length, 1 + 60);
    for (const line of lines.slice(1)) {
      const [a, b, c, label] = line.split(",").map(Number) as [number, number, number, number];
      assert.equal([a, b, c].indexOf(Math.max(a, b, c)), label);
      assert.ok(Math.abs(a + b + c - 1) < 0.02);
    }
    assert.match(stderr, /^58 of 60 labels right: 96\.67 %\n$/);
  });

  test("--json parses, holds the same, and the accuracy", () => {
    const { stdout, stderr } = ok(["run", module, "--input", wineTest, "--json"]);
    assert.equal(stderr, "");
    const found = JSON.parse(stdout.toString()) as {
      readonly columns: readonly string[];
      readonly rows: readonly { readonly outputs: readonly (readonly number[])[]; readonly label: string }[];
      readonly accuracy: number;
    };
    assert.deepEqual(found.columns, ["0", "1", "2"]);
    assert.equal(found.rows.length, 60);
    assert.equal(found.accuracy, 58 / 60);
  });

  test("a float model runs as it is, close to its module", () => {
    const probabilities = (file: string): number[] => {
      const { rows } = JSON.parse(ok(["run", file, "--input", wineTest, "--json"]).stdout.toString()) as {
        readonly rows: readonly { readonly outputs: readonly (readonly number[])[] }[];
      };
      return rows.flatMap(({ outputs }) => outputs[0]!);
    };
    const [float, int8] = [probabilities(modelPath("wine_dense.onnx")), probabilities(module)];
    const expected = JSON.parse(readFileSync(modelPath("wine_dense.expected.json"), "utf8")) as {
      readonly outputs: { readonly probabilities: readonly (readonly number[])[] };
    };
    expected.outputs.probabilities.flat().forEach((value, i) => {
      assert.ok(Math.abs(float[i]! - value) < 1e-5, `${i}: ${float[i]} instead of ${value}`);
      assert.ok(Math.abs(int8[i]! - value) < 0.02, `${i}: ${int8[i]} instead of ${value}`);
    });
  });

  test("a model with uint8 at its border takes real values too", () => {
    const { model } = vectorCase("quantize", "uint8_int8_times1.84e00_zeros255_m123");
    const file = write("uint8.tflite", model);
    const built = join(scratch, "uint8");
    ok(["build", file, "-o", built]);
    const report = JSON.parse(readFileSync(join(built, "report.json"), "utf8")) as {
      readonly inputs: readonly {
        readonly shape: readonly number[];
        readonly scale: number;
        readonly zeroPoint: number;
      }[];
    };
    const [{ shape, scale, zeroPoint }] = report.inputs as [(typeof report.inputs)[0]];
    const size = shape.reduce((product, n) => product * n, 1);
    const values = Float32Array.from({ length: size }, (_, i) => (((i * 7) % 256) - zeroPoint) * scale);
    const input = write("uint8.bin", new Uint8Array(values.buffer));
    const rows = (each: string): unknown =>
      (
        JSON.parse(ok(["run", each, "--input", input, "--json"]).stdout.toString()) as {
          readonly rows: unknown;
        }
      ).rows;
    assert.deepEqual(rows(file), rows(join(built, "model.wasm")));
  });
});

describe("refused in one line", () => {
  const other = join(scratch, "other");
  mkdirSync(other);
  copyFileSync(module, join(other, "model.wasm"));
  writeFileSync(
    join(other, "model.graph.json"),
    readFileSync(join(folder, "model.graph.json"), "utf8").replace('"wine_dense"', '"other_name"'),
  );
  const lonely = join(scratch, "lonely.wasm");
  copyFileSync(module, lonely);
  const damaged = readFileSync(module);
  const withImport = Buffer.concat([damaged.subarray(0, 8), Buffer.from([2, 1, 0]), damaged.subarray(8)]);

  const failures: readonly (readonly [string, readonly string[], RegExp, number?])[] = [
    ["no input", [module], /^expected --input FILE, found none$/, 2],
    ["no module", ["--input", wineTest], /^expected FILE, found none$/, 2],
    ["an unknown option", [module, "--input", wineTest, "--fast"], /^unknown option '--fast'/, 2],
    [
      "an unknown engine",
      [module, "--input", wineTest, "--engine", "jit"],
      /^--engine: expected reference, v8.* found "jit"$/,
      2,
    ],
    ["a missing module", [join(scratch, "absent.wasm"), "--input", wineTest], /absent\.wasm: no such file$/],
    [
      "a missing input",
      [module, "--input", join(scratch, "absent.csv")],
      /absent\.csv: expected a data file, found none$/,
    ],
    [
      "a missing raw input",
      [module, "--raw", "--input", join(scratch, "absent.bin")],
      /absent\.bin: no such file$/,
    ],
    [
      "half a vector",
      [module, "--raw", "--input", write("half.bin", new Uint8Array(20))],
      /half\.bin: expected a multiple of 13 bytes \(one vector\), found 20$/,
    ],
    [
      "no vector",
      [module, "--raw", "--input", write("none.bin", "")],
      /none\.bin: expected a multiple of 13 bytes \(one vector\), found 0$/,
    ],
    [
      "rows of another model",
      [module, "--input", modelPath("digits.test.csv")],
      /digits\.test\.csv:1: expected columns "alcohol", .*, found "p0", /,
    ],
    [
      "text as a module",
      [write("text.wasm", "not a module at all"), "--input", wineTest],
      /text\.wasm: module: expected a WebAssembly binary/,
    ],
    [
      "a module of others",
      [write("plain.wasm", Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)), "--input", wineTest],
      /plain\.wasm: module: expected a custom section thimble, found none$/,
    ],
    [
      "half a module",
      [write("half.wasm", damaged.subarray(0, 900)), "--input", wineTest],
      /half\.wasm: module: offset \d+: expected \d+ bytes, found \d+$/,
    ],
    [
      "a module with imports",
      [write("import.wasm", withImport), "--input", wineTest],
      /import\.wasm: module: expected no section 2/,
    ],
    [
      "a module without its graph, on the reference",
      [lonely, "--input", wineTest, "--engine", "reference"],
      /expected .*model\.graph\.json, found none$/,
    ],
    [
      "a graph of another model",
      [join(other, "model.wasm"), "--input", wineTest, "--engine", "reference"],
      /model\.graph\.json: expected the graph of this module \(SHA-256 [0-9a-f]{16}\.\.\.\), found [0-9a-f]{16}\.\.\.$/,
    ],
    [
      "a model on V8",
      [modelPath("wine_dense.onnx"), "--input", wineTest, "--engine", "v8"],
      /is a model, not a module/,
      2,
    ],
    [
      "a model and raw bytes",
      [modelPath("wine_dense.onnx"), "--input", wineTest, "--raw"],
      /is a model, not a module/,
      2,
    ],
    ["a folder", [scratch, "--input", wineTest], /: expected a module file, found a folder$/, 2],
    [
      "a folder of raw bytes",
      [module, "--raw", "--input", scratch],
      /: expected a file of tensor bytes, found a folder$/,
      2,
    ],
  ];
  for (const [name, args, message, status = 1] of failures) {
    test(name, () => {
      const found = thimble(["run", ...args]);
      assert.match(found.stderr, /^thimble run: [^\n]+\n$/);
      assert.match(found.stderr.replace(/^thimble run: /, "").trimEnd(), message);
      assert.doesNotMatch(found.stderr, /internal error/);
      assert.equal(found.stdout.toString(), "");
      assert.equal(found.status, status);
    });
  }

  test("an engine that is missing here, with what to install", () => {
    const empty = join(scratch, "empty");
    mkdirSync(empty);
    const found = thimble(["run", module, "--input", wineTest, "--engine", "wasm3"], {
      env: { PATH: empty, CC: "no-compiler" },
    });
    assert.match(found.stderr, /^thimble run: [^\n]*engine wasm3 is missing: [^\n]+; install: [^\n]+\n$/);
    assert.equal(found.status, 1);
    rmSync(empty, { recursive: true });
  });
});
