import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import { ModelError } from "../../../ir/graph.ts";

export interface Dataset {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** What an HDF5 file holds that a model may need, by path ("" is the root, "/a/b" a group or dataset). */
export interface Hdf5Content {
  /** Text and lists of text only. */
  readonly attributes: ReadonlyMap<string, ReadonlyMap<string, unknown>>;
  /** Those of floating-point numbers only. */
  readonly datasets: ReadonlyMap<string, Dataset>;
}

/** A model for a microcontroller is read within a second. */
const TIME_LIMIT_MS = 30_000;
const MAX_HEAP_MB = 1024;

interface Answer {
  readonly content?: Hdf5Content;
  readonly reason?: string;
}

/** Throws ModelError where the file is truncated, malformed, too large, or keeps the library busy for too long. */
export function readHdf5(bytes: Uint8Array, timeLimit = TIME_LIMIT_MS): Promise<Hdf5Content> {
  // The same file runs compiled and, under a loader, as it is.
  const script = new URL(`./hdf5_worker${extname(import.meta.url)}`, import.meta.url);
  const worker = new Worker(script, {
    workerData: bytes,
    resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB },
    stderr: true,
    stdout: true,
  });
  return new Promise((resolve, reject) => {
    const fail = (reason: string): void => reject(new ModelError(reason));
    const timer = setTimeout(() => {
      fail(`expected an HDF5 file that is read within ${timeLimit / 1000} s, found one that is not`);
      void worker.terminate();
    }, timeLimit);
    const malformed = "expected a complete HDF5 file, found one that is truncated or malformed";
    worker.on("message", ({ content, reason }: Answer) => {
      if (content) resolve(content);
      else fail(reason ?? malformed);
      void worker.terminate();
    });
    worker.on("error", () => fail(malformed));
    worker.on("exit", () => {
      clearTimeout(timer);
      fail(malformed);
    });
  });
}
