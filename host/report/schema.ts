/**
 * The fields of report.json, of `build --json` and of the page that `build --report` writes. Other programs read
 * them: a field may be added, but none changes its name, unit or meaning. Bytes are bytes, times are milliseconds,
 * shares are from 0 to 1, and names of tensors and layers are those of the model.
 */

import type { Part } from "../compiler/compile/parts.ts";
import type { Fit } from "../compiler/compress/fit.ts";
import type { EvaluationResult } from "../compiler/evaluate/evaluate.ts";
import type { Agreement } from "../compiler/quantize/compare.ts";
import type { ByKernels } from "../compiler/tune/cost.ts";
import type { LayerTuning, Objective } from "../compiler/tune/tune.ts";
import type { Verification } from "../compiler/verify/ladder.ts";
import type { Check } from "../compiler/verify/second.ts";
import type { BoardProfile } from "../firmware/boards.ts";
import type { Task } from "../ir/graph.ts";
import type { LayerInfo, TensorInfo } from "../module/metadata.ts";
import type { QuantizationNotes, StageTime } from "../pipeline.ts";
import type { Meta } from "./meta.ts";

/** A buffer of the arena: a rectangle of addresses and steps. */
export interface BufferReport {
  /** The tensor, or the scratch buffer of a layer. */
  readonly name: string;
  /** Address in linear memory. */
  readonly offset: number;
  readonly bytes: number;
  /** First and last step in which it holds something, both inclusive: indices into `memory.steps`. */
  readonly start: number;
  readonly end: number;
}

export interface MemoryReport {
  /** All linear memory that a device has to provide. */
  readonly totalBytes: number;
  readonly constantBytes: number;
  readonly arenaBytes: number;
  /** No plan of the arena can be smaller, and whether it is proved that this one is the smallest. */
  readonly arenaLowerBound: number;
  readonly arenaOptimal: boolean;
  /** Address of the arena; constants lie below it. */
  readonly arenaOffset: number;
  /** The name of each step: "input", the layers by calls of kernels, "output". */
  readonly steps: readonly string[];
  readonly buffers: readonly BufferReport[];
}

export interface TuningReport {
  readonly board: BoardProfile;
  readonly optimize: Objective;
  readonly costs: "predicted" | "measured";
  /** Instructions of one inference, on rv32imac. */
  readonly instructions: ByKernels;
  /** Milliseconds of one inference on the board, with native kernels where its firmware has them. */
  readonly milliseconds: number;
  /** Linear memory, wasm3 and stacks; and what the board has for them. */
  readonly ramBytes: ByKernels & { readonly limit: number };
  /** Native stack that the module may take in wasm3, counted from its code; and what a task of the board has for it. */
  readonly stackBytes: ByKernels & { readonly limit: number };
  readonly warnings: readonly string[];
  readonly layers: readonly (LayerTuning & { readonly milliseconds: number })[];
}

/** This module on one of the boards that thimble knows, or on the one it was built for. */
export interface BoardReport {
  readonly name: string;
  readonly nativeKernels: boolean;
  /** Whether the module was built for it. */
  readonly chosen: boolean;
  /** Instructions of one inference by each kind of kernels. */
  readonly milliseconds: ByKernels;
  /** RAM for models. */
  readonly ramLimit: number;
  /** Native stack that the module may take there, and that a task has for it. */
  readonly stackBytes: ByKernels & { readonly limit: number };
}

/** The loss of a tensor when it became integers; of float models only. */
export interface LayerQualityReport {
  readonly tensor: string;
  readonly layer: string;
  readonly dtype: string;
  /** Decibels of signal to quantisation noise, with the noise that comes from the layers before; 160 is no noise. */
  readonly sqnr: number;
  /** Share of the noise that arises in this layer, where noise of its inputs comes through in proportion. */
  readonly own: number;
  /** The real values that its integers reach, and those that the float model had. */
  readonly range: readonly [min: number, max: number];
  readonly seen: readonly [min: number, max: number];
  /** Counts of float values in equal bins over `seen`. */
  readonly histogram: readonly number[];
  /** Share of values beyond `range`. */
  readonly saturated: number;
  /** How the range was chosen. */
  readonly method: string;
  /** Advice, one sentence each. */
  readonly advice: readonly string[];
}

/**
 * Layers, the estimated curve of noise against bytes, and the bytes of the module before and after. The loss is that of
 * `floatAgreement` and `evaluation`, on samples that no weight was fitted to; `samples` are those that were.
 */
export type FitReport = Omit<Fit, "network">;

export interface Report {
  readonly model: { readonly name: string; readonly version: string };
  readonly source: { readonly file: string; readonly sha256: string };
  readonly compiler: string;
  readonly moduleBytes: number;
  /** In hex: it tells which module the report is of. */
  readonly moduleSha256: string;
  /** The builder's statements about the model (`--meta`). */
  readonly meta?: Meta;
  /** Sums by kind of content, largest first. */
  readonly parts: readonly { readonly part: string; readonly bytes: number }[];
  /** Bytes by layer and kernel; they add up to `moduleBytes`, runs of zeros that are not stored counting less. */
  readonly sizes: readonly Part[];
  readonly memory: MemoryReport;
  /** Multiply-accumulates of one inference. */
  readonly macs: number;
  readonly inputs: readonly Omit<TensorInfo, "statistics">[];
  readonly outputs: readonly Omit<TensorInfo, "statistics">[];
  readonly layers: readonly LayerInfo[];
  readonly tuning: TuningReport;
  readonly boards: readonly BoardReport[];
  readonly verification: Verification;
  /** The integers against the model as it was imported, on the calibration samples. */
  readonly floatAgreement?: Agreement;
  readonly quality?: readonly LayerQualityReport[];
  /** Bits of weights by layer, where the module was made to fit; see FitReport. */
  readonly fit?: FitReport;
  /** The quantiser's steps on a float model, the samples it used, and its warnings. */
  readonly quantization?: QuantizationNotes;
  /** A second implementation of the model's file that said the same, where that was asked for. */
  readonly check?: Check;
  /** The model's task, by its file or its builder; its figures are the task's. */
  readonly task?: Task;
  /** Where the right answers were given: figures of the task. */
  readonly evaluation?: EvaluationResult;
  readonly stages: readonly StageTime[];
}
