/** Files that the fuzz test once found a fault with. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ModelError } from "../../host/ir/graph.ts";
import { root } from "../../host/root.ts";
import { runStages } from "./outcome.ts";

interface Mutant {
  readonly id: string;
  /** What went wrong. */
  readonly bug: string;
  readonly format: "tflite" | "onnx";
  /** base64 */
  readonly bytes: string;
  /** With what it is refused; without one it is understood. */
  readonly refusal?: string;
}

const mutants: readonly Mutant[] = JSON.parse(readFileSync(join(root, "test", "fuzz", "found.json"), "utf8"));

for (const { id, bug, format, bytes, refusal } of mutants) {
  test(`${id}: ${bug}`, () => {
    const run = () => runStages(new Uint8Array(Buffer.from(bytes, "base64")), format);
    if (refusal === undefined) assert.equal(run().result, "emitted");
    else assert.throws(run, (error) => error instanceof ModelError && error.message === refusal);
  });
}
