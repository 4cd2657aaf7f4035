/**
 * Networks that `--fit` is measured on, with the files that a build takes: those of MLPerf Tiny where their data lie beside
 * the checkout, and our own. What is fitted to and what is measured on are never the same samples.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../host/root.ts";
import { npyFile } from "../../host/runtime/data/npy_write.ts";
import { modelPath } from "../support/models.ts";

export interface FitModel {
  readonly name: string;
  readonly model: string;
  readonly calibration: string;
  /** Samples with labels; without, the loss is that of the held-out samples against the float model. */
  readonly evaluate?: string;
  /** Bytes to fit. */
  readonly limits: readonly number[];
}

const shared = join(root, "..", "shared");
const mlperf = (file: string): string => join(shared, "models", "mlperf-tiny", file);

const DIGITS: FitModel = {
  name: "digits",
  model: modelPath("digits.tflite"),
  calibration: modelPath("digits.calibration.csv"),
  evaluate: modelPath("digits.test.csv"),
  limits: [14_500],
};

const every = <T>(list: readonly T[], first: number): T[] => list.filter((_, i) => i % 2 === first);

function rowsOf(values: ArrayLike<number>, length: number): Float32Array[] {
  return Array.from({ length: values.length / length }, (_, i) =>
    Float32Array.from({ length }, (__, k) => values[i * length + k]!),
  );
}

const classesOf = (file: string): string[] => readFileSync(join(shared, file), "utf8").trim().split(/\s+/);

function writeNpy(file: string, rows: readonly Float32Array[]): string {
  writeFileSync(file, npyFile("float32", [rows.length, rows[0]!.length], rows));
  return file;
}

function writeTable(file: string, rows: readonly Float32Array[], classes: readonly string[]): string {
  const head = [...Array.from(rows[0]!, (_, i) => `f${i}`), "label"].join();
  writeFileSync(file, `${[head, ...rows.map((row, i) => `${row.join()},${classes[i]}`)].join("\n")}\n`);
  return file;
}

/** Input scale and zero point of kws_ref_model.tflite, in whose integers the data are. */
const KWS_INPUT = { scale: 0.5847029089927673, zeroPoint: 83 };

function keywords(folder: string): FitModel {
  const bytes = new Int8Array(readFileSync(join(shared, "kws01", "inputs.bin")));
  const rows = rowsOf(bytes, 490).map((row) => row.map((q) => (q - KWS_INPUT.zeroPoint) * KWS_INPUT.scale));
  const classes = classesOf(join("kws01", "labels.txt"));
  return {
    name: "kws",
    model: mlperf("kws_ref_model.tflite"),
    calibration: writeNpy(join(folder, "kws.npy"), every(rows, 0)),
    evaluate: writeTable(join(folder, "kws.csv"), every(rows, 1), every(classes, 1)),
    limits: [25_600],
  };
}

function images(folder: string): FitModel {
  const read = (file: string) => rowsOf(readFileSync(join(shared, "cifar10", file)), 32 * 32 * 3);
  return {
    name: "ic",
    model: mlperf("pretrainedResnet_quant.tflite"),
    calibration: writeNpy(join(folder, "ic.npy"), read("calibration.bin")),
    evaluate: writeTable(join(folder, "ic.csv"), read("test.bin"), classesOf(join("cifar10", "test.txt"))),
    limits: [65_536, 54_000],
  };
}

const [FRAME, WINDOW] = [128, 640] as const;

/** Windows of five frames of log-mel values, one frame apart. */
function anomalies(folder: string): FitModel {
  const bytes = readFileSync(join(shared, "toycar", "normal_id_01_first_half.f32"));
  const values = new Float32Array(new Uint8Array(bytes).buffer);
  const count = values.length / FRAME - WINDOW / FRAME + 1;
  const rows = Array.from({ length: count }, (_, i) => values.slice(i * FRAME, i * FRAME + WINDOW));
  return {
    name: "ad",
    model: mlperf("ad01_fp32.tflite"),
    calibration: writeNpy(join(folder, "ad.npy"), rows),
    limits: [65_536],
  };
}

/** The models whose files are on this machine. */
export function fitModels(folder: string): FitModel[] {
  const known = ["kws01", "cifar10", "toycar", "models"].every((name) => existsSync(join(shared, name)));
  return [DIGITS, ...(known ? [keywords(folder), images(folder), anomalies(folder)] : [])];
}
