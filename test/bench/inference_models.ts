/** The models that benchmarks are about: those of MLPerf Tiny beside the checkout, and the repository's own. */
import { existsSync } from "node:fs";
import { basename, extname, join } from "node:path";
import { graphSubject, type Subject } from "../../host/compiler/tune/measure.ts";
import { type BoardProfile, DEFAULT_BOARD } from "../../host/firmware/boards.ts";
import { type Build, build } from "../../host/pipeline.ts";
import { root } from "../../host/root.ts";
import { modelPath } from "../support/models.ts";

/** Instructions per inference. */
export interface Yardstick {
  readonly reference: number;
  readonly espNn: number;
  readonly native: number;
  readonly portable: number;
}

export interface BenchModel {
  /** The file's name without its extension. */
  readonly name: string;
  readonly path: string;
  readonly calibration?: string;
  /** What others need for it, and what we allow ourselves. */
  readonly yardstick?: Yardstick;
  /** Left to `npm run test:slow`: measuring these takes longer than all the others together. */
  readonly slow: boolean;
}

const nameOf = (file: string): string => basename(file, extname(file));

/**
 * `reference` and `espNn` are TensorFlow Lite Micro with its reference kernels and with Espressif's ESP-NN
 * kernels, both built with -O2, on the same model files. They were counted like our own figures, as
 * instructions retired on rv32imac in QEMU (`-icount`, `minstret`), which repeat exactly. These are recorded
 * figures, which nothing in this repository measures again. The budgets are this project's own.
 */
const yardsticks: Readonly<Record<string, Yardstick>> = {
  kws_ref_model: { reference: 101.67e6, espNn: 25.83e6, native: 10e6, portable: 100e6 },
  pretrainedResnet_quant: { reference: 350.69e6, espNn: 96.41e6, native: 42e6, portable: 420e6 },
  vww_96_int8: { reference: 269.65e6, espNn: 65.26e6, native: 28e6, portable: 270e6 },
  ad01_int8: { reference: 2.784e6, espNn: 2.455e6, native: 0.95e6, portable: 14e6 },
};

const golden: readonly BenchModel[] = Object.entries(yardsticks).map(([name, yardstick]) => ({
  name,
  path: join(root, "..", "shared", "models", "mlperf-tiny", `${name}.tflite`),
  yardstick,
  slow: name !== "kws_ref_model",
}));

/** Models of test/models with the data that a float model is quantised by. */
const own: readonly BenchModel[] = [
  ["digits_int8.tflite"],
  ["digits.tflite", "digits.calibration.csv"],
  ["logistic_regression.onnx", "logistic_regression.calibration.csv"],
  ["logistic_regression_zipmap.onnx", "logistic_regression.calibration.csv"],
  ["logistic_regression_multinomial.onnx", "logistic_regression_multinomial.calibration.csv"],
  ["wine_dense.onnx", "wine.calibration.csv"],
  ["wine_gemm.onnx", "wine.calibration.csv"],
  ["wine_sigmoid.onnx", "wine.calibration.csv"],
].map(([file, calibration]) => ({
  name: nameOf(file!),
  path: modelPath(file!),
  ...(calibration !== undefined && { calibration: modelPath(calibration) }),
  slow: false,
}));

export const benchModels: readonly BenchModel[] = [...golden, ...own];

/** The model of that name; there is one, or the caller is wrong. */
export function benchModel(name: string): BenchModel {
  const found = benchModels.find((model) => model.name === name);
  if (!found) throw new Error(`benchmarks: expected a model of theirs, found ${name}`);
  return found;
}

/** Whether the file is on this machine: the models of MLPerf Tiny are no part of the repository. */
export const isHere = ({ path }: BenchModel): boolean => existsSync(path);

export const whyMissing = ({ name }: BenchModel): string =>
  `no ${name}.tflite in shared/models/mlperf-tiny beside the checkout`;

/** Far above 64 KiB, which three of the models exceed: here they are to be measured, not to be shipped. */
const MAX_SIZE = 2 ** 20;
/** Nor would they fit the RAM of the default board. */
const ROOMY: BoardProfile = { ...DEFAULT_BOARD, name: "roomy", ramBytes: MAX_SIZE, slotBytes: 2 * MAX_SIZE };

/** Builds a model as a user would; other engines have their own tests, here every run is compared. */
export async function buildModel({ path, calibration, slow }: BenchModel, name: string): Promise<Build> {
  // One type, so that figures of one version can be held against those of another.
  const quantization = { precision: "int8" } as const;
  const data = calibration === undefined ? {} : { calibration, quantization };
  const board = slow ? ROOMY : DEFAULT_BOARD;
  return build({ model: path, name, board, engines: [], maxSize: MAX_SIZE, ...data });
}

/** A built model with one seeded vector for each seed, for the emulated microcontroller. */
export const modelSubject = ({ module, graph }: Build, seeds?: readonly number[]): Promise<Subject> =>
  graphSubject(graph, async () => module, seeds);
