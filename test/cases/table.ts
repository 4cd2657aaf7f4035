/**
 * One table of cases for every executor: a model, inputs, and the outputs that TensorFlow Lite
 * Micro's reference kernels gave for them (see test/gen). An executor that can't run a case says why.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { lcgBytes } from "../../host/compiler/verify/vectors.ts";
import type { Vector } from "../../host/ir/graph.ts";
import { root } from "../../host/root.ts";

export interface CaseVector {
  readonly inputs: Vector;
  readonly outputs: Vector;
}

export interface Case {
  /** Unique in the table. */
  readonly name: string;
  /** The file that it comes from: cases of one source are alike. */
  readonly source: string;
  readonly format: "tflite";
  readonly model: Uint8Array;
  readonly vectors: readonly CaseVector[];
}

/** A file that the table wants and this machine lacks. */
export interface Missing {
  readonly name: string;
  readonly reason: string;
}

export interface Table {
  readonly cases: readonly Case[];
  readonly missing: readonly Missing[];
}

export interface Executor {
  readonly name: string;
  /** Why the executor can't run the case, or undefined where it can. */
  skip(testCase: Case): Promise<string | undefined>;
  /** Outputs for each of the case's vectors, in order. */
  run(testCase: Case): Promise<readonly Vector[]>;
}

interface LayerFile {
  readonly name: string;
  /** base64 */
  readonly model: string;
  /** hex */
  readonly vectors: readonly { readonly inputs: readonly string[]; readonly outputs: readonly string[] }[];
}

interface GoldenFile {
  /** File name in models/mlperf-tiny. */
  readonly model: string;
  readonly inputBytes: number;
  readonly outputBytes: number;
  readonly vectors: readonly {
    readonly input: { readonly lcg: number } | { readonly hex: string };
    readonly output: string;
  }[];
}

const layerFolder = join(root, "test", "vectors", "tflm");
/** Large models and their vectors lie beside the checkout, not in it. */
const sharedFolder = join(root, "..", "shared");

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "hex"));
const readJson = <T>(path: string): T => JSON.parse(readFileSync(path, "utf8")) as T;
const jsonFiles = (folder: string): string[] =>
  readdirSync(folder)
    .filter((file) => file.endsWith(".json"))
    .sort();

function layerCases(file: string): Case[] {
  return readJson<readonly LayerFile[]>(join(layerFolder, file)).map(({ name, model, vectors }) => ({
    name,
    source: file,
    format: "tflite",
    model: new Uint8Array(Buffer.from(model, "base64")),
    vectors: vectors.map(({ inputs, outputs }) => ({ inputs: inputs.map(hex), outputs: outputs.map(hex) })),
  }));
}

function goldenCase(file: string): Case | Missing {
  const name = file.replace(/\.json$/, "");
  const golden = readJson<GoldenFile>(join(sharedFolder, "golden", file));
  const path = join(sharedFolder, "models", "mlperf-tiny", golden.model);
  if (!existsSync(path)) return { name, reason: `no ${golden.model} in shared/models/mlperf-tiny` };
  const vectors = golden.vectors.map(({ input, output }) => ({
    inputs: ["lcg" in input ? lcgBytes(input.lcg, golden.inputBytes).bytes : hex(input.hex)],
    outputs: [hex(output)],
  }));
  return { name, source: file, format: "tflite", model: new Uint8Array(readFileSync(path)), vectors };
}

interface SignalFile {
  /** File name in the same folder. */
  readonly model: string;
  /** By recording: 16-bit samples behind a header of 44 bytes. */
  readonly files: Readonly<Record<string, { readonly frames: number; readonly features_hex: string }>>;
}

const FRAME = 480;
const HOP = 320;

/** The features of recordings, frame by frame. */
function signalCases(file: string): Case[] {
  const folder = join(sharedFolder, "signal");
  const { model, files } = readJson<SignalFile>(join(folder, file));
  return Object.entries(files).map(([recording, { frames, features_hex: features }]) => {
    const samples = new Uint8Array(readFileSync(join(folder, recording)).subarray(44));
    const digits = features.length / frames;
    const vectors = Array.from({ length: frames }, (_, i) => ({
      inputs: [samples.slice(2 * HOP * i, 2 * (HOP * i + FRAME))],
      outputs: [hex(features.slice(digits * i, digits * (i + 1)))],
    }));
    return {
      name: `${model} ${recording}`,
      source: file,
      format: "tflite",
      model: new Uint8Array(readFileSync(join(folder, model))),
      vectors,
    };
  });
}

/** All cases in a fixed order: layers and small networks by file, then the large models. */
export function loadTable(): Table {
  const layers = jsonFiles(layerFolder).flatMap(layerCases);
  if (!existsSync(join(sharedFolder, "golden"))) {
    return {
      cases: layers,
      missing: [{ name: "golden models", reason: "no folder shared beside the checkout" }],
    };
  }
  const golden = jsonFiles(join(sharedFolder, "golden")).map(goldenCase);
  const signals = existsSync(join(sharedFolder, "signal"));
  return {
    cases: [
      ...layers,
      ...(signals ? signalCases("audio_preprocessor_int8.json") : []),
      ...golden.filter((entry): entry is Case => "model" in entry),
    ],
    missing: [
      ...(signals ? [] : [{ name: "recordings", reason: "no folder signal in shared" }]),
      ...golden.filter((entry): entry is Missing => "reason" in entry),
    ],
  };
}

/**
 * Every n-th case of each source, from its first: at least one of every file. Generators vary their
 * parameters in short cycles, so take a prime n.
 */
export function everyNth(cases: readonly Case[], n: number): Case[] {
  const seen = new Map<string, number>();
  return cases.filter(({ source }) => {
    const index = seen.get(source) ?? 0;
    seen.set(source, index + 1);
    return index % n === 0;
  });
}

/** One line that says where two lists of outputs differ first, or undefined where they are equal. */
export function difference(vectors: readonly CaseVector[], found: readonly Vector[]): string | undefined {
  if (found.length !== vectors.length) return `expected ${vectors.length} vectors, found ${found.length}`;
  for (const [v, { outputs }] of vectors.entries()) {
    if (found[v]!.length !== outputs.length) {
      return `vector ${v}: expected ${outputs.length} outputs, found ${found[v]!.length}`;
    }
    for (const [o, expected] of outputs.entries()) {
      const bytes = found[v]![o]!;
      if (bytes.length !== expected.length) {
        return `vector ${v}: output ${o}: expected ${expected.length} bytes, found ${bytes.length}`;
      }
      const at = expected.findIndex((byte, i) => byte !== bytes[i]);
      if (at >= 0)
        return `vector ${v}: output ${o}: byte ${at}: expected ${expected[at]}, found ${bytes[at]}`;
    }
  }
  return undefined;
}
