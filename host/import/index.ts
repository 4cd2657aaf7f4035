import { createHash } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { basename, extname } from "node:path";
import { type Graph, ModelError } from "../ir/graph.ts";
import { importOnnx } from "./onnx/index.ts";
import { importTflite } from "./tflite/index.ts";

export interface Source {
  readonly file: string;
  readonly bytes: Uint8Array;
  readonly sha256: string;
  readonly format: "tflite" | "onnx";
}

/** Ten times the largest model that could ever fit a module; beyond it nothing is even read. */
const MAX_FILE_BYTES = 64 * 1024 * 1024;

/** Reads a model file. TFLite says what it is in its first bytes; ONNX has no magic number. */
export function readSource(file: string): Source {
  const info = statSync(file);
  const { size } = info;
  if (!info.isFile())
    throw new ModelError(
      `expected a model file, found ${info.isDirectory() ? "a folder" : "something else"}`,
    );
  if (size > MAX_FILE_BYTES) throw new ModelError(`expected at most ${MAX_FILE_BYTES} bytes, found ${size}`);
  const bytes = new Uint8Array(readFileSync(file));
  const isTflite =
    Buffer.from(bytes.subarray(4, 8)).toString("latin1") === "TFL3" || extname(file) === ".tflite";
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  return { file: basename(file), bytes, sha256, format: isTflite ? "tflite" : "onnx" };
}

/** The model as a graph, as its file describes it. */
export function importModel(source: Source, name: string): Graph {
  return source.format === "tflite" ? importTflite(source.bytes, name) : importOnnx(source.bytes, name);
}
