/** The recordings of ../shared/signal, and what TensorFlow Lite Micro makes of them. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { joinFrontend } from "../../../host/compiler/import/frontend.ts";
import { importTflite } from "../../../host/compiler/import/tflite/index.ts";
import { simplify } from "../../../host/compiler/passes/index.ts";
import type { Graph } from "../../../host/ir/graph.ts";
import { checkQuantized } from "../../../host/ops/spec.ts";
import { root } from "../../../host/root.ts";

const folder = join(root, "..", "shared", "signal");

/** Why tests of recordings can't run here, or false. */
export const withoutRecordings = existsSync(folder) ? false : "no folder shared/signal";

interface Recording {
  readonly frames: number;
  readonly features_hex: string;
  readonly micro_speech_output_hex: string;
  readonly label: string;
}

type Outputs = readonly (readonly Uint8Array[])[];

const LABELS = ["silence", "unknown", "yes", "no"];
/** 30 ms of 16 kHz every 20 ms, in bytes. */
const FRAME = { bytes: 960, step: 640 };

export const YES = "yes_1000ms.wav";
export const NO = "no_1000ms.wav";

const recording = (file: string): Recording => {
  const text = readFileSync(join(folder, "audio_preprocessor_int8.json"), "utf8");
  return (JSON.parse(text) as { files: Readonly<Record<string, Recording>> }).files[file]!;
};

/** The samples of a recording, int16. */
export const recordingSamples = (file: string): Uint8Array => readFileSync(join(folder, file)).subarray(44);

/** The inputs of a front-end, one for each frame. */
export function framesOf(file: string): [Uint8Array][] {
  const wav = recordingSamples(file);
  return Array.from({ length: recording(file).frames }, (_, i) => [
    Uint8Array.from(wav.subarray(FRAME.step * i, FRAME.step * i + FRAME.bytes)),
  ]);
}

const read = (file: string): Graph =>
  checkQuantized(simplify(importTflite(readFileSync(join(folder, file)), file)), file);

export const preprocessorGraph = (): Graph => read("audio_preprocessor_int8.tflite");
export const speechGraph = (): Graph =>
  checkQuantized(joinFrontend(preprocessorGraph(), read("micro_speech_quantized.tflite"), true), "join");

export function expectFeatures(file: string, outputs: Outputs): void {
  const found = Buffer.concat(outputs.map(([bytes]) => bytes!)).toString("hex");
  assert.equal(found, recording(file).features_hex, file);
}

export function expectWord(file: string, outputs: Outputs): void {
  const scores = outputs.at(-1)![0]!;
  assert.equal(Buffer.from(scores).toString("hex"), recording(file).micro_speech_output_hex, file);
  const best = new Int8Array(scores).reduce((most, x, i, list) => (x > list[most]! ? i : most), 0);
  assert.equal(LABELS[best], recording(file).label);
}
