/** The interface of every engine that can run a module, and the checks that all of them share. */
import { ModelError, type Vector } from "../ir/graph.ts";
import { checkSubset, type Subset } from "./subset.ts";

export type Availability =
  | { readonly available: true; readonly version: string }
  | { readonly available: false; readonly reason: string; readonly install: string };

export type EngineName = "reference" | "v8" | "wasm3" | "qemu" | "qemu-cortex-m" | "qemu-cortex-m4";

/** Limits of a module that nobody vouches for. */
export interface RunLimits {
  /** The longest that one inference may take; default: for ever. */
  readonly milliseconds?: number;
}

export interface Engine {
  readonly name: EngineName;
  /** Whether the engine can run here; asked before use, so that a missing engine is reported as missing. */
  availability(): Promise<Availability>;
  /**
   * Runs each vector on a module that was instantiated once; outputs in ABI order, none of a vector that brought nothing new.
   * Throws EngineError on a trap, an invoke status above 1, a wrong input length, a module outside of the subset, or
   * where the limits are reached.
   */
  run(module: Uint8Array, vectors: readonly Vector[], limits?: RunLimits): Promise<Vector[]>;
  /** Calls the exported `self_test`; the i32 it returns, or undefined where the module has none. */
  selfTest(module: Uint8Array, limits?: RunLimits): Promise<number | undefined>;
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

/** The only version of the module ABI: firmware/SPEC.md, section 2. */
export const ABI_VERSION = 2;

/** The most linear memory an engine gives a module: far above any microcontroller. */
export const maxMemoryBytes = 64 * 1024 * 1024;

/** The status of an inference that took its inputs and has no new outputs yet. */
export const STATUS_TAKEN = 1;

/** Bytes of a page of linear memory. */
export const PAGE = 65536;

/** The pages that a memory of `memory_bytes` declares. */
export const pagesFor = (memoryBytes: number): number => Math.ceil(memoryBytes / PAGE);

/**
 * Throws EngineError where the module is outside of the subset or invalid: no engine is given such a one. wasm3 of 2022
 * does not validate, and V8 would take as much memory as the module asks for.
 */
export function checkModule(engine: EngineName, module: Uint8Array): Subset {
  const fail = (message: string, cause?: unknown): never => {
    throw new EngineError(engine, `malformed module: ${message}`, { cause });
  };
  let subset: Subset;
  try {
    subset = checkSubset(module);
  } catch (error) {
    if (!(error instanceof ModelError)) throw error;
    return fail(error.message.replace(/^module: /, ""), error);
  }
  return WebAssembly.validate(new Uint8Array(module))
    ? subset
    : fail("expected valid WebAssembly, found a module that does not validate");
}

/** The error of a module that took longer than it may. */
export const tookTooLong = (engine: EngineName, milliseconds: number): EngineError =>
  new EngineError(
    engine,
    `expected an inference to end within ${milliseconds / 1000} s (--time-limit), found it still running`,
  );

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
