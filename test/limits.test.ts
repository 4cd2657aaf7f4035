/** Files, functions and parameter lists that are longer than they should be: each with the reason why it stays. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join, sep } from "node:path";
import { describe, test } from "node:test";
import { root } from "../host/root.ts";
import { scratchFolder } from "./support/folders.ts";
import { cFunctions, type FunctionSize, typescriptFunctions } from "./support/functions.ts";

const MOST = { fileLines: 400, functionLines: 60, parameters: 6 };

/** Reasons by file, for files of more lines. */
const LONG_FILES: Readonly<Record<string, string>> = {
  "firmware/core/kernels/arguments.h": "generated: a struct for each native kernel",
  "firmware/core/model.c":
    "opening, calling and describing one model share a struct that nobody else may see",
  "host/compiler/import/onnx/builder.ts":
    "one class: the graph under construction, with an operation on it each",
  "host/compiler/tune/features.ts":
    "the cost features of all kernels, a short function for each, and their table",
  "host/fleet/server/page_client.ts": "the page's one script: no other file is there for it to import",
  "host/fleet/server/hawkbit.ts":
    "one file for each side of a protocol: hawkBit's management API in the order of its resources",
  "host/pipeline.ts": "the list of stages, which is read from top to bottom",
  "test/cli/sign.test.ts": "keygen, sign and verify on one set of images: to be split by command",
  "test/compiler/import/tflite_fields.ts":
    "a table: each change of a file, and what the importer makes of it",
  "test/compiler/import/onnx.test.ts": "a table of models, a row for each operator and fault",
  "test/compiler/passes/passes.test.ts":
    "a group for each pass; those with a file of their own have grown out of it",
  "test/compiler/plan/lower.test.ts": "a group for each promise of lowering, which share their graphs",
  "test/compiler/quantize/quantize.test.ts": "a group for each kind of tensor, which share their graphs",
  "test/compiler/tune/calibration_cases.ts": "a table: the layers that each kernel is measured on",
  "test/firmware/core/ddi_order.test.ts": "a group for each kind of order, which share one scripted server",
  "test/firmware/core/model.test.ts": "a table: each fault of an image or a module, and its status",
  "test/firmware/core/update.test.ts": "promises of the update core, a group for each",
  "test/fuzz/odd_modules.ts": "one generator: what it writes depends on what it has written",
  "test/ops/lowering/graphs.ts": "a table: a generator of random layers for each operator",
  "test/runtime/engines/engines.test.ts": "a table of modules, each run by every engine",
};

/** Reasons by "file: function", for functions of more lines; a callback goes by the name around it. */
const LONG_FUNCTIONS: Readonly<Record<string, string>> = {
  "assembly/kernels/conv2d_s16.ts: conv2d_s16":
    "one loop nest over registers: each call in it would be dispatched by the interpreter for every tap",
  "assembly/kernels/conv2d_s8.ts: conv2d_s8":
    "one loop nest over registers: each call in it would be dispatched by the interpreter for every tap",
  "assembly/kernels/conv2d_w4_lanes_s8.ts: conv2d_w4_lanes_s8":
    "one loop nest over registers: each call in it would be dispatched by the interpreter for every tap",
  "assembly/kernels/convolve_lanes.ts: convolveLanes":
    "one loop nest over registers: each call in it would be dispatched by the interpreter for every tap",
  "assembly/kernels/depthwise_conv2d_lanes_s8.ts: depthwise_conv2d_lanes_s8":
    "one loop nest over registers: each call in it would be dispatched by the interpreter for every tap",
  "assembly/kernels/depthwise_conv2d_lanes_s8.ts: threeByThree":
    "one loop nest over registers: each call in it would be dispatched by the interpreter for every tap",
  "assembly/kernels/depthwise_conv2d_s8.ts: depthwise_conv2d_s8":
    "one loop nest over registers: each call in it would be dispatched by the interpreter for every tap",
  "assembly/kernels/gru_s8.ts: gru_s8":
    "one loop nest over registers: each call in it would be dispatched by the interpreter for every tap",
  "assembly/kernels/lanes.ts: accumulateChunk":
    "one loop nest over registers: each call in it would be dispatched by the interpreter for every tap",
  "assembly/kernels/lstm_s8.ts: lstm_s8":
    "one loop nest over registers: each call in it would be dispatched by the interpreter for every tap",
  "assembly/kernels/stationary.ts: stationarySums":
    "one loop nest over registers: each call in it would be dispatched by the interpreter for every tap",
  "assembly/kernels/svm.ts: svm":
    "one loop nest over registers: each call in it would be dispatched by the interpreter for every tap",
  "assembly/kernels/transpose_conv2d_s8.ts: transpose_conv2d_s8":
    "one loop nest over registers: each call in it would be dispatched by the interpreter for every tap",
  "host/compiler/import/keras/builder.ts: makeBuilder":
    "a closure over the graph under construction; each of its functions is short",
  "host/compiler/import/tflite/dilation.ts: rewrite":
    "one pattern of three nodes, matched and replaced in one place",
  "host/compiler/passes/merge_intervals.ts: merge": "one pattern, matched and replaced in one place",
  "host/compiler/plan/lower.ts: lower":
    "a closure over the program under construction; each of its functions is short",
  "host/fleet/simulator/flash.ts: norFlash":
    "a closure over the flash, whose operations are short, so that no test reaches its state",
  "host/fleet/simulator/pool.ts: instancePool":
    "a closure over the instances; each of its functions is short",
  "host/fleet/simulator/simulated_device.ts: simulatedDevice":
    "a closure over one device; each of its functions is short",
  "host/pipeline.ts: buildStages": "the list of stages in order, a call for each",
  "test/assembly/convolution_cases.ts: convolutionCases":
    "a table of cases; AssemblyScript has no closures that a loop over them could use",
  "test/assembly/dense.ts: denseCases":
    "a table of cases; AssemblyScript has no closures that a loop over them could use",
  "test/assembly/lanes_cases.ts: lanesCases":
    "a table of cases; AssemblyScript has no closures that a loop over them could use",
  "test/firmware/core/kernel_calls.ts: layerCall":
    "a draft becomes a call in one place: each part needs the sizes before it",
  "test/firmware/core/service_many.ts: life": "a closure over one device; each of its functions is short",
  "test/fuzz/made_onnx.ts: madeModels": "a list of models",
  "test/support/scripted_server.ts: scriptedServer":
    "a closure over one server; each of its functions is short",
  "test/zoo/random_forests.ts: randomForest": "one generator: each choice depends on those before",
};

/** Reasons by "file: function", for functions of more parameters. */
const LONG_LISTS: Readonly<Record<string, string>> = {
  "assembly/fixed.ts: storeRescaled":
    "inlined: it reads and writes registers of its caller, and a struct would lie in memory",
  "assembly/gates.ts: gate":
    "called once for each gate: arguments are locals of wasm, where a struct would lie in memory",
  "assembly/kernels/conv2d_w4_lanes_s8.ts: accumulateChunk":
    "called once for each block of pixels: arguments are locals of wasm, where a struct would lie in memory",
  "assembly/kernels/conv2d_w4_lanes_s8.ts: laneSums":
    "called once for each block of pixels: arguments are locals of wasm, where a struct would lie in memory",
  "assembly/kernels/depthwise_conv2d_lanes_s8.ts: threeByThree":
    "called once for each block of pixels: arguments are locals of wasm, where a struct would lie in memory",
  "assembly/kernels/fourier.ts: join":
    "inlined: it reads and writes registers of its caller, and a struct would lie in memory",
  "assembly/kernels/gather.ts: gather":
    "inlined: it reads and writes registers of its caller, and a struct would lie in memory",
  "assembly/kernels/gru_s8.ts: open":
    "inlined: it reads and writes registers of its caller, and a struct would lie in memory",
  "assembly/kernels/lanes.ts: laneSums":
    "called once for each block of pixels: arguments are locals of wasm, where a struct would lie in memory",
  "assembly/kernels/lanes.ts: pack":
    "called once for each block of pixels: arguments are locals of wasm, where a struct would lie in memory",
  "assembly/kernels/lanes.ts: requantizeLanes":
    "called once for each block of pixels: arguments are locals of wasm, where a struct would lie in memory",
  "assembly/kernels/plane.ts: fillPlane":
    "called once for each block of pixels: registers, where a struct would lie in memory",
  "firmware/core/kernels/output.h: thimble_short":
    "static inline in the innermost loop: registers, where a struct would lie in memory",
  "firmware/core/model.c: thimble_open": "the public signature (thimble.h), which ports call",
  "firmware/fuzz/no_model.c: thimble_open": "the public signature (thimble.h), which ports call",
  "firmware/port/esp-idf/check/stand_in/failures.c: thimble_open":
    "the public signature (thimble.h), which ports call",
  "firmware/port/wasm/port.c: wasm_model_open": "called by JavaScript, which passes numbers and no structs",
  "firmware/port/wasm/update.c: wasm_model_add": "called by JavaScript, which passes numbers and no structs",
  "test/assembly/copy_s8.spec.ts: check":
    "AssemblyScript has no object literals of an interface: a case is its arguments",
  "test/assembly/dense.ts: check":
    "AssemblyScript has no object literals of an interface: a case is its arguments",
  "test/assembly/dense.ts: checkFactors":
    "AssemblyScript has no object literals of an interface: a case is its arguments",
  "test/assembly/depthwise.ts: check":
    "AssemblyScript has no object literals of an interface: a case is its arguments",
  "test/assembly/gru_s8.spec.ts: check":
    "AssemblyScript has no object literals of an interface: a case is its arguments",
  "test/assembly/mul_s16.spec.ts: check":
    "AssemblyScript has no object literals of an interface: a case is its arguments",
  "test/fleet/server/stages.test.ts: stage": "the columns of a table of counts",
};

const files = ["host", "firmware", "assembly", "test"]
  .flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true }).map(
      (path) => `${folder}/${String(path).split(sep).join("/")}`,
    ),
  )
  .filter(
    (path) => /\.(?:ts|mjs|js|c|h)$/.test(path) && !/^test\/(?:golden\/|assembly\/fixed_vectors)/.test(path),
  )
  .sort();

const functions: readonly FunctionSize[] = [
  ...typescriptFunctions(
    root,
    files.filter((path) => /\.(?:ts|mjs|js)$/.test(path)),
    scratchFolder(),
  ),
  ...files.filter((path) => /\.[ch]$/.test(path)).flatMap((path) => cFunctions(root, path)),
];

const linesOf = (path: string): number => readFileSync(join(root, path), "utf8").split("\n").length - 1;
const keyOf = ({ file, name }: FunctionSize): string => `${file}: ${name}`;

/** Those that are too long and not in the table, and those of the table that are too long no more. */
function differences(found: ReadonlyMap<string, number>, table: Readonly<Record<string, string>>): string[] {
  const unknown = [...found].filter(([key]) => !(key in table)).map(([key, n]) => `${key}: found ${n}`);
  const gone = Object.keys(table).filter((key) => !found.has(key));
  return [...unknown, ...gone.map((key) => `${key}: within the limit, so its reason goes`)];
}

/** By key the greatest value beyond `most`. */
function beyond(entries: readonly (readonly [string, number])[], most: number): Map<string, number> {
  const found = new Map<string, number>();
  for (const [key, n] of entries) if (n > Math.max(most, found.get(key) ?? 0)) found.set(key, n);
  return found;
}

describe("limits", () => {
  test("functions are found in every language", () => {
    const among = (pattern: RegExp): number => functions.filter(({ file }) => pattern.test(file)).length;
    for (const [pattern, least] of [
      [/^host\/.*\.ts$/, 3000],
      [/^assembly\//, 100],
      [/\.mjs$/, 60],
      [/\.c$/, 300],
    ] as const)
      assert.ok(among(pattern) >= least, `${pattern}: expected at least ${least}, found ${among(pattern)}`);
  });

  test(`files have at most ${MOST.fileLines} lines`, () => {
    const found = beyond(
      files.map((path) => [path, linesOf(path)]),
      MOST.fileLines,
    );
    assert.deepEqual(differences(found, LONG_FILES), []);
  });

  test(`functions have at most ${MOST.functionLines} lines`, () => {
    const found = beyond(
      functions.map((each) => [keyOf(each), each.lines]),
      MOST.functionLines,
    );
    assert.deepEqual(differences(found, LONG_FUNCTIONS), []);
  });

  test(`functions have at most ${MOST.parameters} parameters`, () => {
    const found = beyond(
      functions.map((each) => [keyOf(each), each.parameters]),
      MOST.parameters,
    );
    assert.deepEqual(differences(found, LONG_LISTS), []);
  });
});
