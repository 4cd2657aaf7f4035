/** The networks of test/models/networks: their files, rows that nobody trained on, and what their makers compute. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { InferenceSession, Tensor } from "onnxruntime-node";
import type { Vector } from "../../host/ir/graph.ts";
import { elements, type Graph, tensorOf } from "../../host/ir/graph.ts";
import { borderOf, dequantizeBytes, toInputBytes } from "../../host/ops/border.ts";
import { type Build, build } from "../../host/pipeline.ts";
import { readDataset } from "../../host/runtime/data/index.ts";
import { wasm3 } from "../../host/runtime/engines/wasm3.ts";
import { modelPath } from "../support/models.ts";

/** One network in one format. */
export interface NetworkCase {
  readonly family: string;
  /** Its name with the format, such as `cnn.int8.tflite`. */
  readonly file: string;
  readonly path: string;
  readonly calibration: string;
  /** Whether it is of integers already, and so is compiled as it is. */
  readonly isQuantized: boolean;
  /** Whether it says a class; others give back the picture. */
  readonly isClassifier: boolean;
  readonly rows: readonly Float32Array[];
  readonly labels: readonly number[];
}

interface Entry {
  readonly name: string;
  readonly data: string;
  readonly files: readonly string[];
}

const SIZES: Readonly<Record<string, number>> = { fashion: 14 * 14, digits: 8 * 8, motions: 50 * 6 };
const QUANTIZED = /\.(?:int8|int16|qdq|qoperator)\./;

const folder = (file: string): string => modelPath(join("networks", file));

function casesOf({ name, data, files }: Entry): NetworkCase[] {
  const { rows } = readDataset(folder(`${data}.test.npy`), SIZES[data]!);
  const labels = readDataset(folder(`${data}.labels.npy`), 1).rows.map((row) => row[0]!);
  return files.map((file) => ({
    family: name,
    file,
    path: folder(file),
    calibration: folder(`${data}.calibration.npy`),
    isQuantized: QUANTIZED.test(file),
    isClassifier: !name.endsWith("autoencoder"),
    rows,
    labels,
  }));
}

/** All networks in all their formats, those of one family one after the other. */
export const networkCases = (): NetworkCase[] =>
  (JSON.parse(readFileSync(folder("networks.json"), "utf8")) as readonly Entry[]).flatMap(casesOf);

/** The float network that a case is, or that it was made from, for ONNX Runtime. */
export const floatOf = ({ family }: NetworkCase): NetworkCase =>
  networkCases().find(({ file }) => file === `${family}.onnx`)!;

/** ONNX Runtime's outputs for these rows. */
export async function runtimeOutputs(path: string, rows: readonly Float32Array[]): Promise<Float32Array[]> {
  const session = await InferenceSession.create(path, { logSeverityLevel: 3 });
  const [input] = session.inputMetadata;
  const shape = input?.isTensor ? input.shape.slice(1).map(Number) : [];
  const all = new Float32Array(rows.length * rows[0]!.length);
  rows.forEach((row, i) => {
    all.set(row, i * row.length);
  });
  const found = await session.run({ [input!.name]: new Tensor("float32", all, [rows.length, ...shape]) });
  const data = found[session.outputNames[0]!]!.data as Float32Array;
  const width = data.length / rows.length;
  return rows.map((_, i) => data.slice(i * width, (i + 1) * width));
}

/** TensorFlow's outputs for the first rows, where the model is no ONNX: integers where it is quantised. */
export const recordedOutputs = ({ file }: NetworkCase, graph: Graph): Float32Array[] => [
  ...readDataset(folder(`${file}.expected.npy`), elements(tensorOf(graph, graph.outputs[0]!).shape)).rows,
];

/** Whether integers are recorded that the module has to compute: see networks_runtimes.py. */
export const hasIntegers = ({ file, isQuantized }: NetworkCase): boolean =>
  isQuantized && existsSync(folder(`${file}.expected.npy`));

export interface BuiltNetwork extends Pick<Build, "graph" | "module" | "tuning"> {
  /** The module's outputs in wasm3, as bytes. */
  readonly bytes: readonly Vector[];
  /** The same as real values. */
  readonly values: readonly Float32Array[];
}

/** Builds the module as a user would, and runs it on rows of real values. */
export async function buildNetwork(
  { path, calibration, isQuantized }: NetworkCase,
  rows: readonly Float32Array[],
): Promise<BuiltNetwork> {
  const options = { model: path, engines: [wasm3], ...(!isQuantized && { calibration }) };
  const { graph, module, tuning } = await build(options);
  const bytes = await wasm3.run(
    module,
    rows.map((row) => toInputBytes(graph, [row])),
  );
  const border = borderOf(tensorOf(graph, graph.outputs[0]!));
  return { graph, module, tuning, bytes, values: bytes.map(([first]) => dequantizeBytes(first!, border)) };
}
