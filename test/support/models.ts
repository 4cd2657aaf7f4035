/** The models that come with the repository, and the small networks among the test vectors. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { importModel, readSource } from "../../host/compiler/import/index.ts";
import { importTflite } from "../../host/compiler/import/tflite/index.ts";
import { simplify } from "../../host/compiler/passes/index.ts";
import type { Graph, Vector } from "../../host/ir/graph.ts";
import { checkGraph } from "../../host/ops/spec.ts";
import { root } from "../../host/root.ts";

export const modelPath = (file: string): string => join(root, "test", "models", file);

export interface VectorCase {
  readonly name: string;
  readonly model: Uint8Array;
  readonly vectors: readonly { readonly inputs: Vector; readonly outputs: Vector }[];
}

interface StoredCase {
  readonly name: string;
  readonly model: string;
  readonly vectors: readonly { readonly inputs: readonly string[]; readonly outputs: readonly string[] }[];
}

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "hex"));

/** Cases of one file of test/vectors/tflm, e.g. `networks`. */
export function vectorCases(file: string): VectorCase[] {
  const text = readFileSync(join(root, "test", "vectors", "tflm", `${file}.json`), "utf8");
  return (JSON.parse(text) as readonly StoredCase[]).map(({ name, model, vectors }) => ({
    name,
    model: new Uint8Array(Buffer.from(model, "base64")),
    vectors: vectors.map(({ inputs, outputs }) => ({ inputs: inputs.map(hex), outputs: outputs.map(hex) })),
  }));
}

/** The case whose name ends so, e.g. `residual`. */
export function vectorCase(file: string, ending: string): VectorCase {
  const found = vectorCases(file).find(({ name }) => name.endsWith(ending));
  if (!found) throw new Error(`${file}.json: expected a case ...${ending}, found none`);
  return found;
}

export const importCase = ({ name, model }: VectorCase): Graph =>
  checkGraph(importTflite(model, name), "import");

export const simplifiedCase = (testCase: VectorCase): Graph => simplify(importCase(testCase));

/** A model of test/models as the pipeline has it before it quantises. */
export const simplifiedModel = (file: string): Graph =>
  simplify(checkGraph(importModel(readSource(modelPath(file)), file), "import"));
