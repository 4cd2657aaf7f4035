/** Intact models to start from: every operator, small networks, and exported files of both formats. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../host/root.ts";
import { madeModels } from "./made_onnx.ts";

export interface Model {
  /** Unique, and part of the ids of all mutants. */
  readonly name: string;
  readonly format: "tflite" | "onnx";
  readonly bytes: Uint8Array;
}

interface Layer {
  readonly name: string;
  /** base64 */
  readonly model: string;
}

const vectors = join(root, "test", "vectors", "tflm");
const models = join(root, "test", "models");
/** Layers of one file are alike: a few of each, but all networks. */
const PER_FILE = 4;

function layers(file: string): Model[] {
  const all: readonly Layer[] = JSON.parse(readFileSync(join(vectors, file), "utf8"));
  const step = file === "networks.json" || file === "borders.json" ? 1 : Math.ceil(all.length / PER_FILE);
  return all
    .filter((_, i) => i % step === 0)
    .map(({ name, model }) => ({
      name,
      format: "tflite",
      bytes: new Uint8Array(Buffer.from(model, "base64")),
    }));
}

function exported(file: string): Model[] {
  const format = file.endsWith(".onnx") ? "onnx" : file.endsWith(".tflite") ? "tflite" : undefined;
  return format ? [{ name: file, format, bytes: new Uint8Array(readFileSync(join(models, file))) }] : [];
}

/** In a fixed order. */
export function loadCorpus(): Model[] {
  const layerFiles = readdirSync(vectors).filter((file) => file.endsWith(".json"));
  return [
    ...layerFiles.sort().flatMap(layers),
    ...readdirSync(models).sort().flatMap(exported),
    ...madeModels(),
  ];
}
