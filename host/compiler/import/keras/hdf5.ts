import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import { BUDGETS, processorSeconds } from "../../../budgets.ts";
import { ModelError } from "../../../ir/graph.ts";

export interface Dataset {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** Groups and datasets of an HDF5 file that a model may need, by path ("" is the root, "/a/b" a group or dataset). */
export interface Hdf5Content {
  /** Text and lists of text only. */
  readonly attributes: ReadonlyMap<string, ReadonlyMap<string, unknown>>;
  /** Those of floating-point numbers only. */
  readonly datasets: ReadonlyMap<string, Dataset>;
}

/** How often the time is looked at. */
const TICK_MS = 100;

interface Answer {
  readonly content?: Hdf5Content;
  readonly reason?: string;
}

/**
 * Throws ModelError where the file is truncated, malformed, too large, or keeps the library busy for more than
 * `seconds` of processor time.
 */
export async function readHdf5(
  bytes: Uint8Array,
  seconds: number = BUDGETS.hdf5Seconds,
): Promise<Hdf5Content> {
  try {
    import.meta.resolve("h5wasm");
  } catch {
    // Optional, since it is a quarter of an install: --omit=optional leaves it out.
    throw new ModelError(
      "a Keras file is read with the package h5wasm, which is not installed: npm install h5wasm",
    );
  }
  // This file runs compiled and, under a loader, as it is.
  const script = new URL(`./hdf5_worker${extname(import.meta.url)}`, import.meta.url);
  const worker = new Worker(script, {
    workerData: bytes,
    resourceLimits: { maxOldGenerationSizeMb: BUDGETS.hdf5HeapMiB },
    stderr: true,
    stdout: true,
  });
  return new Promise((resolve, reject) => {
    const fail = (reason: string): void => reject(new ModelError(reason));
    const start = processorSeconds();
    const look = (): void => {
      // This thread waits: what the process uses, the worker does.
      if (processorSeconds() - start <= seconds) return;
      fail(`expected an HDF5 file that is read within ${seconds} s, found one that is not`);
      void worker.terminate();
    };
    const timer = setInterval(look, TICK_MS);
    look();
    const malformed = "expected a complete HDF5 file, found one that is truncated or malformed";
    worker.on("message", ({ content, reason }: Answer) => {
      if (content) resolve(content);
      else fail(reason ?? malformed);
      void worker.terminate();
    });
    worker.on("error", () => fail(malformed));
    worker.on("exit", () => {
      clearInterval(timer);
      fail(malformed);
    });
  });
}
