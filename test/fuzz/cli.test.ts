/**
 * Damaged models through the real command line, in processes of their own: one line on stderr, a
 * failing exit status, and no trace in the output folder.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { ModelError } from "../../host/ir/graph.ts";
import { root } from "../../host/root.ts";
import { modelCases } from "./model_cases.ts";
import { lineFault, runStages } from "./outcome.ts";

const CASES = 30;
/** Tells the child which file to load; the folder of this test may be anywhere. */
const main = new URL("../../host/cli/main.js", import.meta.url);
const script = `process.exitCode = await (await import(${JSON.stringify(main)})).main(process.argv.slice(1));`;

const folder = mkdtempSync(join(tmpdir(), "thimble-fuzz-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const { idOf, mutant } = modelCases();

function isRefused(id: string): boolean {
  const { bytes, format } = mutant(id);
  try {
    runStages(bytes, format);
    return false;
  } catch (error) {
    return error instanceof ModelError;
  }
}

/** Mutants that are refused, of both formats. */
const ids = Array.from({ length: 10 * CASES }, (_, i) => idOf(7 * i))
  .filter(isRefused)
  .slice(0, CASES);

/** Names and contents of all files. */
const snapshot = (path: string): string[][] =>
  readdirSync(path).map((name) => [name, readFileSync(join(path, name), "hex")]);

function refuse(id: string, index: number): void {
  const { bytes, format } = mutant(id);
  const file = join(folder, `model_${index}.${format}`);
  const output = join(folder, `output_${index}`);
  writeFileSync(file, bytes);
  const existed = index % 2 === 0;
  if (existed) {
    mkdirSync(output);
    writeFileSync(join(output, "model.wasm"), "of an earlier build");
  }
  const before = existed ? snapshot(output) : [];
  const options = index % 3 === 0 ? ["--json"] : [];
  const args = ["--input-type=module", "-e", script, "build", file, "-o", output, ...options];
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: root,
    encoding: "utf8",
  });
  assert.equal(signal, null);
  assert.ok(status !== 0, "expected a failing exit status, found 0");
  assert.equal(stdout, "");
  assert.match(stderr, /^thimble build: [^\n]+\n$/);
  assert.doesNotMatch(stderr, /internal error/);
  assert.equal(lineFault(stderr.trimEnd()), undefined);
  assert.equal(existsSync(output), existed);
  if (existed) assert.deepEqual(snapshot(output), before);
}

test("there are mutants of both formats", () => {
  assert.equal(ids.length, CASES);
  assert.deepEqual(new Set(ids.map((id) => mutant(id).format)), new Set(["tflite", "onnx"]));
});

for (const [index, id] of ids.entries()) test(id, () => refuse(id, index));
