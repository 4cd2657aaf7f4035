import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../root.ts";
import type { Kernels } from "./measure.ts";

/** Instructions, or bytes, for each unit of a feature. */
export type Coefficients = Readonly<Record<string, number>>;

/** A kernel's code in a module: the exported function, and its helpers by their sizes. */
export interface KernelCode {
  readonly own: number;
  readonly helpers: readonly number[];
}

/** How far the fitted model is from what it was fitted to, as a share of what was measured. */
export interface Residuals {
  readonly cases: number;
  readonly mean: number;
  readonly worst: number;
}

/** One kind of a kernel, as measured. */
export interface KernelCost {
  readonly instructions: Coefficients;
  readonly residuals: Residuals;
  /** The C stack, the larger of opening and running. */
  readonly stack: number;
}

/** One kernel. What it says depends on no other: two branches may measure two kernels anew. */
export interface KernelCalibration extends Readonly<Record<Kernels, KernelCost>> {
  /** `kernelHash` of the sources that were measured. */
  readonly hash: string;
  readonly code: KernelCode;
}

/** Measurements that `npm run tune:calibrate` made in QEMU and keeps in host/compiler/tune/calibration.json. */
export interface Calibration {
  readonly compiler: string;
  /** Instructions of an inference of no layers. */
  readonly invoke: Readonly<Record<Kernels, number>>;
  /** wasm3's heap with the model's record, in bytes; `cost.ts` says what its features are. */
  readonly heap: Readonly<Record<Kernels, Coefficients>>;
  /** How far the model of the heap is from what was measured, in bytes: the root of the mean square. */
  readonly heapError: Readonly<Record<Kernels, number>>;
  /** Static RAM of the firmware's core. */
  readonly staticBytes: number;
  /** Bytes of a module beside code, data and the names of kernels. */
  readonly formatBytes: number;
  readonly kernels: Readonly<Record<string, KernelCalibration>>;
}

/** In the repository and in the package alike. */
export const calibrationFile = join(root, "host", "compiler", "tune", "calibration.json");

let loaded: Calibration | undefined;

export function loadCalibration(): Calibration {
  loaded ??= JSON.parse(readFileSync(calibrationFile, "utf8")) as Calibration;
  return loaded;
}
