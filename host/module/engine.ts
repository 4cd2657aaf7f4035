/** What every engine that can run a module offers, and the checks that all of them share. */

import type { Vector } from "../ir/graph.ts";

export type Availability =
  | { readonly available: true; readonly version: string }
  | { readonly available: false; readonly reason: string; readonly install: string };

export type EngineName = "reference" | "v8" | "wasm3" | "qemu";

export interface Engine {
  readonly name: EngineName;
  /** Whether the engine can run here; asked before use, so that a missing engine is reported as missing. */
  availability(): Promise<Availability>;
  /**
   * Runs each vector on a module that was instantiated once; outputs in ABI order.
   * Throws EngineError on a trap, a non-zero invoke status, a wrong input length or a malformed module.
   */
  run(module: Uint8Array, vectors: readonly Vector[]): Promise<Vector[]>;
  /** Calls the exported `self_test`; the i32 it returns, or undefined where the module has none. */
  selfTest(module: Uint8Array): Promise<number | undefined>;
}

/** A module that an engine refused or that failed while it ran; one line, beginning with the engine's name. */
export class EngineError extends Error {
  readonly engine: EngineName;

  constructor(engine: EngineName, message: string, options?: ErrorOptions) {
    super(`${engine}: ${message}`, options);
    this.name = "EngineError";
    this.engine = engine;
  }
}

/** Bytes of each input and output of a module, in ABI order. */
export type TensorBytes = { readonly inputs: readonly number[]; readonly outputs: readonly number[] };

/** The most linear memory an engine gives a module: far above any microcontroller. */
export const maxMemoryBytes = 64 * 1024 * 1024;

/** The most inputs (or outputs) an engine accepts. */
export const maxTensors = 64;

/** Throws EngineError at the first vector that has other inputs than the module takes. */
export function checkVectors(
  engine: EngineName,
  vectors: readonly Vector[],
  inputBytes: readonly number[],
): void {
  for (const [index, vector] of vectors.entries()) {
    if (vector.length !== inputBytes.length) {
      throw new EngineError(
        engine,
        `vector ${index}: expected ${inputBytes.length} inputs, found ${vector.length}`,
      );
    }
    for (const [i, input] of vector.entries()) {
      if (input.length !== inputBytes[i]) {
        throw new EngineError(
          engine,
          `vector ${index}: input_${i}: expected ${inputBytes[i]} bytes, found ${input.length}`,
        );
      }
    }
  }
}
