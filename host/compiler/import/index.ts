import { createHash } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { basename, extname } from "node:path";
import { BUDGETS } from "../../budgets.ts";
import { fileKind } from "../../file_kind.ts";
import { type Graph, ModelError } from "../../ir/graph.ts";
import { checkForeign, refuseFolder } from "./foreign.ts";
import { importKeras, isKeras, type KerasModel, readKeras } from "./keras/index.ts";
import { withExternalData } from "./onnx/external.ts";
import { importOnnx } from "./onnx/index.ts";
import { importTflite } from "./tflite/index.ts";

export interface Source {
  readonly file: string;
  /** The model as one file: an ONNX file's external data are within. */
  readonly bytes: Uint8Array;
  /** Of `bytes`, so that it tells weights in other files, too. */
  readonly sha256: string;
  readonly format: "tflite" | "onnx" | "keras";
  /** Contents of a Keras file, which takes a thread to read; see `openSource`. */
  readonly keras?: KerasModel;
}

/** Reads a model file. TFLite and Keras files say what they are in their first bytes; ONNX has no magic number. */
export function readSource(file: string): Source {
  const info = statSync(file);
  const { size } = info;
  if (info.isDirectory()) refuseFolder(file);
  if (!info.isFile()) throw new ModelError(`expected a model file, found ${fileKind(info)}`);
  if (size > BUDGETS.modelBytes)
    throw new ModelError(`expected at most ${BUDGETS.modelBytes} bytes, found ${size}`);
  const read = new Uint8Array(readFileSync(file));
  const format = formatOf(file, read);
  const bytes = format === "onnx" ? withExternalData(file, read) : read;
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  return { file: basename(file), bytes, sha256, format };
}

const KERAS_FILES = new Set([".h5", ".hdf5", ".keras"]);

/** Whether a file's name is a model's, rather than a module's. */
export const isModelFile = (file: string): boolean =>
  [".tflite", ".onnx", ...KERAS_FILES].includes(extname(file).toLowerCase());

function formatOf(file: string, bytes: Uint8Array): Source["format"] {
  const extension = extname(file).toLowerCase();
  if (Buffer.from(bytes.subarray(4, 8)).toString("latin1") === "TFL3" || extension === ".tflite")
    return "tflite";
  checkForeign(file, bytes);
  return isKeras(bytes) || KERAS_FILES.has(extension) ? "keras" : "onnx";
}

/** Reads a model file of any format, so far that `importModel` can go on by itself. */
export async function openSource(file: string): Promise<Source> {
  const source = readSource(file);
  return source.format === "keras" ? { ...source, keras: await readKeras(source.bytes) } : source;
}

/** The model as a graph, as its file describes it. Of Keras files, only those that were opened with `openSource`. */
export function importModel(source: Source, name: string): Graph {
  if (source.format === "keras") {
    if (!source.keras) throw new Error(`${source.file}: expected a source made by openSource`);
    return importKeras(source.keras, name);
  }
  return source.format === "tflite" ? importTflite(source.bytes, name) : importOnnx(source.bytes, name);
}
