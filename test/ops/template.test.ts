/**
 * host/ops/TEMPLATE.md, followed to the letter for an operator that nobody needs: in a copy of the sources the rows of a
 * tensor are turned round by a kernel of its own. Files that the recipe does not name stay as they are.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join, sep } from "node:path";
import { before, describe, test } from "node:test";
import { root } from "../../host/root.ts";
import { wasm3 } from "../../host/runtime/engines/wasm3.ts";
import { scratchFolder } from "../support/folders.ts";

const KERNEL = `export const VERSION: i32 = 1;

/** The argument block of reverse_s8. */
@unmanaged
export class ReverseS8Arguments {
  input: usize;
  output: usize;
  rows: i32;
  length: i32;
}

/** Copies \`rows\` rows of \`length\` bytes, the last byte of each row first. */
export function reverse_s8(block: ReverseS8Arguments): void {
  const length: i32 = block.length;
  for (let row = 0; row < block.rows; row++) {
    const from: usize = block.input + row * length;
    const to: usize = block.output + row * length;
    for (let i = 0; i < length; i++) store<i8>(to + i, load<i8>(from + length - 1 - i));
  }
}
`;

const OPERATOR = `import { elements } from "../ir/graph.ts";
import { defineOperator } from "./operator.ts";

/** Values along the last axis, the last one first. */
export const reverse = defineOperator({
  name: "reverse",
  summary: "values along the last axis in reverse",
  arity: [1, 1],
  attributes: {},
  quantization: { output: { kind: "same" } },
  moves: true,
  infer: ({ inputs }) => [inputs[0]!.shape],
  evaluate({ inputs }, values) {
    const length = inputs[0]!.shape.at(-1)!;
    const [x] = values;
    const result = x!.slice();
    result.forEach((_, i) => {
      result[i] = x![i - (i % length) + length - 1 - (i % length)]!;
    });
    return [result];
  },
  lower({ inputs, outputs }, to) {
    const length = inputs[0]!.shape.at(-1)!;
    const rows = elements(inputs[0]!.shape) / length;
    to.call("reverse_s8", { input: inputs[0]!, output: outputs[0]!, rows, length });
  },
});
`;

/** Runs in the copy: imports the operator, compiles a graph of it and prints what each executor computes. */
const PROGRAM = `
import { compileModule } from "./dist/host/compiler/compile/index.js";
import { emitAssemblyScript } from "./dist/host/compiler/emit/assemblyscript.js";
import { translations } from "./dist/host/compiler/import/tflite/operators.js";
import { lower } from "./dist/host/compiler/plan/lower.js";
import { planMemory } from "./dist/host/compiler/plan/memory.js";
import { checkGraph, checkQuantized } from "./dist/host/ops/spec.js";
import { runReference } from "./dist/host/runtime/engines/reference.js";
import { v8 } from "./dist/host/runtime/engines/v8.js";
import { wasm3 } from "./dist/host/runtime/engines/wasm3.js";

const tensor = (name) => ({ name, dtype: "int8", shape: [2, 5], quantization: { scales: [0.5], zeroPoints: [3], axis: 0 } });
const { op, attributes } = translations.get("REVERSE_V2")({ inputs: [tensor("x")], outputs: [tensor("y")], options: {} });
const tensors = new Map(["x", "y"].map((name) => [name, tensor(name)]));
const nodes = [{ name: "turn", op, inputs: ["x"], outputs: ["y"], attributes: attributes ?? {} }];
const graph = checkQuantized(checkGraph({ name: "toy", tensors, nodes, inputs: ["x"], outputs: ["y"] }, "toy"), "toy");
const program = lower(graph);
const plan = planMemory(program);
const provenance = { name: "toy", version: "1.0.0", sourceFile: "toy", sourceSha256: "00".repeat(32), compiler: "thimble" };
const module = await compileModule(emitAssemblyScript(program, plan, provenance, []), program, plan, undefined);
const vectors = [[Uint8Array.of(0, 1, 2, 3, 4, 128, 129, 130, 131, 255)]];
const { available } = await wasm3.availability();
const results = {
  kernels: program.kernels.map(({ name }) => name),
  reference: runReference(graph, vectors),
  v8: await v8.run(module, vectors),
  ...(available && { wasm3: await wasm3.run(module, vectors) }),
};
console.log(JSON.stringify(results, (_, value) => (ArrayBuffer.isView(value) ? Array.from(value) : value)));
`;

const SOURCES = ["host", "assembly", "test/assembly"];
const copy = scratchFolder();

/** Changes one text of a file of the copy, which has to be there once. */
function edit(file: string, from: string, to: string): void {
  const path = join(copy, file);
  const text = readFileSync(path, "utf8");
  assert.equal(text.split(from).length, 2, `${file}: expected one ${from}`);
  writeFileSync(
    path,
    text.replace(from, () => to),
  );
}

function followTemplate(): void {
  writeFileSync(join(copy, "host/ops/reverse.ts"), OPERATOR);
  edit(
    "host/ops/index.ts",
    'import { relu } from "./relu.ts";',
    'import { relu } from "./relu.ts";\nimport { reverse } from "./reverse.ts";',
  );
  edit("host/ops/index.ts", "  relu,\n", "  relu,\n  reverse,\n");
  writeFileSync(join(copy, "assembly/kernels/reverse_s8.ts"), KERNEL);
  edit(
    "host/compiler/tune/features.ts",
    "  copy_s8: both(copy),\n",
    "  copy_s8: both(copy),\n  reverse_s8: both(copy),\n",
  );
  edit(
    "host/compiler/import/tflite/operators.ts",
    '  ["ROUND", ',
    '  ["REVERSE_V2", unary("reverse")],\n  ["ROUND", ',
  );
}

/** Type-checks and compiles what has changed, and all that it uses. */
function compile(): void {
  const files = [
    "host/ops/index.ts",
    "host/compiler/import/tflite/operators.ts",
    "host/compiler/tune/features.ts",
  ];
  const { compilerOptions } = JSON.parse(readFileSync(join(root, "tsconfig.json"), "utf8")) as {
    compilerOptions: Readonly<Record<string, unknown>>;
  };
  const options = { ...compilerOptions, incremental: false, tsBuildInfoFile: undefined };
  writeFileSync(join(copy, "tsconfig.json"), JSON.stringify({ compilerOptions: options, files }));
  execFileSync(process.execPath, [join(root, "node_modules", "typescript", "bin", "tsc"), "-p", copy], {
    stdio: "pipe",
  });
}

const listOf = (folder: string): string[] =>
  SOURCES.flatMap((source) =>
    readdirSync(join(folder, source), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) =>
        join(entry.parentPath, entry.name).slice(folder.length).split(sep).join("/").replace(/^\//, ""),
      ),
  );

/** Files of the copy that the checkout does not have, or has with another text. */
function changedFiles(): string[] {
  const known = new Set(listOf(root));
  const isChanged = (file: string): boolean =>
    !known.has(file) || !readFileSync(join(root, file)).equals(readFileSync(join(copy, file)));
  return listOf(copy).filter(isChanged).sort();
}

describe("the recipe for operators", () => {
  let found: Readonly<Record<string, unknown>>;

  before(() => {
    for (const folder of [...SOURCES, "dist/host", "package.json", "asconfig.json"])
      cpSync(join(root, folder), join(copy, folder), { recursive: true });
    mkdirSync(join(copy, "firmware"), { recursive: true });
    for (const folder of [
      "node_modules",
      "build",
      "dist/sources",
      "firmware/core",
      "firmware/include",
      "firmware/port",
    ])
      symlinkSync(join(root, folder), join(copy, folder), "dir");
    followTemplate();
    compile();
    writeFileSync(join(copy, "toy.mjs"), PROGRAM);
    found = JSON.parse(
      execFileSync(process.execPath, [join(copy, "toy.mjs")], { cwd: copy, encoding: "utf8" }),
    );
  });

  test("the operator is imported, lowered to its kernel, and computed alike by reference and engines", async () => {
    const expected = [[[4, 3, 2, 1, 0, 255, 131, 130, 129, 128]]];
    const { available } = await wasm3.availability();
    assert.deepEqual(found, {
      kernels: ["reverse_s8"],
      reference: expected,
      v8: expected,
      ...(available && { wasm3: expected }),
    });
  });

  test("TEMPLATE.md names every file that was touched", () => {
    const template = readFileSync(join(root, "host", "ops", "TEMPLATE.md"), "utf8");
    const named = template.replaceAll("<name>", "reverse").replaceAll("<kernel>", "reverse");
    const changed = changedFiles();
    assert.equal(changed.length, 5);
    assert.deepEqual(
      changed.filter((file) => !named.includes(`\`${file}\``)),
      [],
    );
  });
});
