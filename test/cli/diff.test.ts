/** `thimble diff`: real builds that are equal, that part by their weights, and by quantisation. */
import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { toBytes } from "../../host/ir/graph.ts";
import { graphFromJson } from "../../host/ir/serialize.ts";
import { inBlocks } from "../../host/ops/layout.ts";
import { wasm3 } from "../../host/runtime/engines/wasm3.ts";
import { thimble } from "../support/command.ts";
import { scratchFolder } from "../support/folders.ts";
import { modelPath } from "../support/models.ts";

const availability = await wasm3.availability();
const skipWasm3 = availability.available ? false : `wasm3 is missing: ${availability.reason}`;
const scratch = scratchFolder();
const float = modelPath("digits.tflite");
const integers = modelPath("digits_int8.tflite");
const ROWS = 20;

/** The first rows of a test set: two engines take their time for all of them. */
function firstRows(file: string): string {
  const lines = readFileSync(modelPath(file), "utf8").split("\n");
  const path = join(scratch, file);
  writeFileSync(path, lines.slice(0, ROWS + 1).join("\n"));
  return path;
}

const digits = firstRows("digits.test.csv");
const wine = firstRows("wine.test.csv");

function build(name: string, model: string, ...options: readonly string[]): string {
  const folder = join(scratch, name);
  const found = thimble(["build", model, "-o", folder, ...options]);
  assert.equal(found.status, 0, found.stderr);
  return join(folder, "model.wasm");
}

const calibrated = ["--calibration", modelPath("digits.calibration.csv")];
/** Without what a quantiser may do beyond rounding: then every tensor is that of the float model. */
const PLAIN = [
  "--calibrate",
  "minmax",
  "--precision",
  "int8",
  "--no-equalize",
  "--no-bias-correction",
  "--rounding",
  "nearest",
];
const module = build("digits", float, ...calibrated, ...PLAIN);
const other = build("digits_int8", integers);
const gemm = build("gemm", modelPath("wine_gemm.onnx"), "--calibration", modelPath("wine.calibration.csv"));

interface Layer {
  readonly tensor: string;
  readonly layer: string;
  readonly integers: boolean;
  readonly values: number;
  readonly differing: number;
  readonly maxDifference: number;
  readonly sqnr: number;
  readonly undone?: true;
  readonly first: readonly {
    readonly row: number;
    readonly position: number[];
    readonly a: number;
    readonly b: number;
  }[];
}

interface Result {
  readonly equal: boolean;
  readonly rows: number;
  readonly tolerance?: number;
  readonly first?: string;
  readonly layers: readonly Layer[];
}

function diff(status: number, ...args: readonly string[]): string {
  const found = thimble(["diff", ...args]);
  assert.equal(found.stderr, "");
  assert.equal(found.status, status, found.stdout.toString());
  return found.stdout.toString();
}

const diffJson = (status: number, ...args: readonly string[]): Result =>
  JSON.parse(diff(status, ...args, "--json")) as Result;

describe("equal", () => {
  test("a module with itself, and with a copy that has no graph beside it", () => {
    assert.match(
      diff(0, module, module, "--input", digits),
      /^A {2}.*model\.wasm on v8\nB .*\nequal on 20 rows: the same module; all values of 8 tensors\n$/,
    );
    const alone = join(scratch, "alone.wasm");
    copyFileSync(module, alone);
    const found = diff(0, module, alone, "--input", digits);
    assert.match(
      found,
      /\nno model\.graph\.json beside .*alone\.wasm: only inputs and outputs are compared\n/,
    );
    assert.match(found, /\nequal on 20 rows: the same module; all values of 2 tensors\n$/);
  });

  test("the reference and wasm3", { skip: skipWasm3 }, () => {
    const found = diffJson(0, `${module}@reference`, `${module}@wasm3`, "--input", digits);
    assert.equal(found.equal, true);
    assert.equal(found.rows, ROWS);
    assert.equal(found.tolerance, undefined);
    assert.equal(found.layers.length, 8);
    assert.ok(found.layers.every(({ differing, sqnr }) => differing === 0 && sqnr === 160));
    // Rows of 8 by 8 pixels, and of ten classes.
    assert.deepEqual([found.layers[0]!.values, found.layers.at(-1)!.values], [ROWS * 64, ROWS * 10]);
  });

  test("a model of integers and its module, though thimble names no float there", () => {
    assert.match(
      diff(0, integers, other, "--input", digits),
      /\nequal on 20 rows: all values of 8 tensors\n$/,
    );
  });
});

describe("a float model against its int8 module", () => {
  test("is alike by default: every layer with its signal to noise", () => {
    const found = diffJson(0, float, module, "--input", digits);
    assert.equal(found.tolerance, 20);
    assert.equal(found.layers.length, 8);
    for (const { sqnr, integers: whole, differing } of found.layers) {
      assert.ok(sqnr > 25 && sqnr < 70, `${sqnr}`);
      assert.ok(differing > 0 && !whole);
    }
  });

  test("parts at the first layer below a tolerance", () => {
    const all = diffJson(0, float, module, "--input", digits).layers;
    const tolerance = all[3]!.sqnr + 0.01;
    const expected = all.find(({ sqnr }) => sqnr < tolerance)!;
    const found = diffJson(1, float, module, "--input", digits, "--tolerance", String(tolerance));
    assert.equal(found.equal, false);
    assert.equal(found.first, expected.tensor);
    const text = diff(1, float, module, "--input", digits, "--tolerance", String(tolerance));
    assert.ok(
      text.includes(`they part in tensor ${expected.tensor} of layer ${expected.layer} (float32 and int8`),
    );
    assert.match(text, new RegExp(`\\n> {2}${expected.layer} `));
  });

  test("is alike where channels were scaled, which the next layer undoes", () => {
    const equalized = build("equalized", float, ...calibrated, "--precision", "int8");
    const found = diffJson(0, float, equalized, "--input", digits);
    const undone = found.layers.filter((layer) => layer.undone);
    assert.ok(undone.length > 0 && undone.every(({ sqnr }) => sqnr < 20));
    assert.match(diff(0, float, equalized, "--input", digits), /\n~ {2}conv2d_\d .*\n(?:.*\n)*\n~ is below /);
  });

  test("of one row tells of that row", () => {
    const found = diffJson(1, float, module, "--input", digits, "--row", "7", "--tolerance", "160");
    assert.equal(found.rows, 1);
    const [layer] = found.layers;
    assert.equal(layer!.values, 64);
    assert.ok(layer!.first.every(({ row }) => row === 7));
    const { position, a, b } = layer!.first[0]!;
    const cells = readFileSync(digits, "utf8").split("\n")[7]!.split(",");
    assert.equal(position.length, 4);
    assert.ok(Math.abs(a - Number(cells[8 * position[1]! + position[2]!])) < 1e-6);
    assert.ok(a !== b && Math.abs(a - b) <= 0.5 / 255 + 1e-6);
  });
});

describe("modules of other weights", () => {
  test("part where the weights do, in the order of computation", () => {
    const graph = graphFromJson(readFileSync(join(scratch, "gemm", "model.graph.json"), "utf8"));
    const changed = join(scratch, "changed");
    mkdirSync(changed);
    // A byte of the module itself, not of its graph: layers are those of the graph, the output is the module's.
    const { data, shape } = [...graph.tensors.values()].findLast(
      ({ dtype, data: values }) => dtype === "int8" && values,
    )!;
    const bytes = new Uint8Array(readFileSync(gemm));
    const at = Buffer.from(bytes).indexOf(toBytes(inBlocks(data!, shape[0]!)));
    assert.ok(at > 0);
    bytes[at]! ^= 0x40;
    writeFileSync(join(changed, "model.wasm"), bytes);
    copyFileSync(join(scratch, "gemm", "model.graph.json"), join(changed, "model.graph.json"));
    const found = diffJson(1, gemm, join(changed, "model.wasm"), "--input", wine);
    const parting = found.layers.findIndex(({ tensor }) => tensor === found.first);
    assert.equal(parting, found.layers.length - 1);
    assert.ok(found.layers.slice(0, -1).every(({ differing }) => differing === 0));
  });

  test("and so do two models, which need not call their tensors alike", () => {
    const calibration = ["--calibration", modelPath("wine.calibration.csv")];
    const dense = build("dense", modelPath("wine_dense.onnx"), ...calibration);
    // Two exporters' files of one network.
    assert.match(diff(0, gemm, dense, "--input", wine), /\nequal on 20 rows: all values of 4 tensors\n$/);
    const sigmoid = build("sigmoid", modelPath("wine_sigmoid.onnx"), ...calibration);
    const text = diff(1, gemm, sigmoid, "--input", wine);
    assert.match(
      text,
      /\nthey part in tensor .+ of layer .+ \(int8 1x\d+\): [\d ]+ of [\d ]+ values differ, by /,
    );
    assert.match(text, /\nrow {2}position +A +B\n/);
  });

  test("the tensors count, not only the outputs: one scale that is a little larger", () => {
    const found = diffJson(1, module, other, "--input", digits);
    assert.equal(found.layers.at(-1)!.differing, 0);
    assert.ok(found.layers.some(({ differing }) => differing > 0));
    assert.match(diff(0, module, other, "--input", digits, "--tolerance", "60"), /\nalike on 20 rows: /);
  });
});

const FAILURES: readonly { name: string; args: readonly string[]; message: RegExp; status?: number }[] = [
  { name: "one argument", args: [module], message: /^expected A B, found .*model\.wasm$/, status: 2 },
  { name: "no input", args: [module, other], message: /^expected --input FILE, found none$/, status: 2 },
  {
    name: "an unknown engine",
    args: [module, `${module}@jit`, "--input", digits],
    message: /model\.wasm@jit: expected reference, v8, wasm3, (?:\S+, )+found "jit"$/,
    status: 2,
  },
  {
    name: "a model on wasm3",
    args: [`${float}@wasm3`, module, "--input", digits],
    message: /digits\.tflite@wasm3: a model runs on the engine reference only, found wasm3$/,
    status: 2,
  },
  ...["0", "21", "-1", "x"].map((row) => ({
    name: `row ${row}`,
    args: [module, other, "--input", digits, `--row=${row}`],
    message: /^--row: expected (a whole number of at least 1|1 to 20), found "?-?\w+"?$/,
    status: 2,
  })),
  ...["", "loud", "-3", "161"].map((tolerance) => ({
    name: `tolerance "${tolerance}"`,
    args: [module, other, "--input", digits, `--tolerance=${tolerance}`],
    message: /^--tolerance: expected decibels from 0 to 160, found "/,
    status: 2,
  })),
  {
    name: "models of different inputs",
    args: [module, gemm, "--input", digits],
    message: /gemm.model\.wasm: expected inputs of 64 values as in .*, found 13$/,
  },
  {
    name: "a file that is missing",
    args: [module, join(scratch, "absent.wasm"), "--input", digits],
    message: /absent\.wasm: no such file$/,
  },
  {
    name: "samples of another model",
    args: [module, other, "--input", wine],
    message: /wine\.test\.csv:1: expected 64 columns/,
  },
];

describe("refuses", () => {
  for (const { name, args, message, status = 1 } of FAILURES) {
    test(name, () => {
      const found = thimble(["diff", ...args]);
      assert.match(found.stderr, /^thimble diff: [^\n]+\n$/);
      assert.match(found.stderr.replace(/^thimble diff: /, "").trimEnd(), message);
      assert.equal(found.stdout.toString(), "");
      assert.equal(found.status, status);
    });
  }

  test("a module on the reference without its graph, and with that of another", () => {
    const alone = join(scratch, "lonely", "model.wasm");
    mkdirSync(join(scratch, "lonely"));
    copyFileSync(module, alone);
    const args = ["diff", `${alone}@reference`, module, "--input", digits];
    assert.match(thimble(args).stderr, /expected .*lonely.model\.graph\.json, found none\n$/);
    copyFileSync(join(scratch, "gemm", "model.graph.json"), join(scratch, "lonely", "model.graph.json"));
    assert.match(thimble(args).stderr, /expected the graph of this module .*, found [0-9a-f]{16}\.\.\.\n$/);
  });
});
