/**
 * A batch: files of rows to files of answers. Parts are written once, each whole, under a name made of the part and of the
 * module: a run that was killed goes on where it was, and one that is repeated has nothing to do.
 */
import { appendFileSync, createReadStream, existsSync, mkdirSync, renameSync, statSync } from "node:fs";
import { open } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import { Worker } from "node:worker_threads";
import { ownedFolder } from "../../file_lock.ts";
import { DataError } from "../../runtime/data/dataset.ts";
import { load } from "../../runtime/model/node.ts";

import type { Part, Source } from "./format.ts";
import { formatOf } from "./formats.ts";
import { expandInput, type InputFile } from "./inputs.ts";
import { badFileOf, type PartDone, type PartTask } from "./part.ts";
import type { Progress } from "./progress.ts";
import { type RowShape, shapeOf } from "./rows.ts";
import type { WorkerAnswer, WorkerStart } from "./worker.ts";

/** Enough rows for one write, few enough bytes for each thread to hold. */
export const PART_BYTES: number = 2 ** 22;

export interface BatchOptions {
  /** A module, or an image whose signature has been checked. */
  readonly model: Uint8Array;
  /** Paths and patterns. */
  readonly inputs: readonly string[];
  readonly out: string;
  /** Threads. */
  readonly workers: number;
  /** Takes the rows that can't be predicted, with the reasons; without it the first of them ends the batch. */
  readonly badRows?: string;
  readonly partBytes?: number;
  /** A file to which a line for each prediction is added. */
  readonly log?: string;
  readonly onProgress?: (progress: Progress) => void;
}

export interface BatchSummary {
  /** Parts that were written, and those that were there. */
  readonly parts: number;
  readonly partsThere: number;
  /** Rows of the parts that were written. */
  readonly rows: number;
  readonly bad: number;
  readonly module: string;
}

interface OpenInput extends InputFile {
  readonly source: Source;
}

/** All inputs, before any work. Throws DataError with what is wrong with all of them. */
async function openInputs(patterns: readonly string[], shape: RowShape): Promise<OpenInput[]> {
  const files = new Map(patterns.flatMap(expandInput).map((input) => [input.file, input]));
  const faults: string[] = [];
  const found: OpenInput[] = [];
  for (const input of files.values()) {
    try {
      found.push({ ...input, source: await (await formatOf(input.file)).open(input.file, shape) });
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      faults.push(error.message);
    }
  }
  const [first, ...others] = faults;
  if (first === undefined) return found;
  throw new DataError(
    others.length > 0 ? `${first}; and ${others.length} more: ${others.join("; ")}` : first,
  );
}

const SHORT = 16;

/** The name of a part's answers, which says all that they depend on. */
function nameOf({ file, number, hash }: Part, module: string): string {
  const ending = extname(file);
  const stem = basename(file, ending);
  return `${stem}-${String(number).padStart(5, "0")}-${hash.slice(0, SHORT)}-${module.slice(0, SHORT)}${ending.toLowerCase()}`;
}

interface Place {
  readonly part: Part;
  readonly target: string;
}

async function* placesOf(
  inputs: readonly OpenInput[],
  options: BatchOptions,
  module: string,
): AsyncGenerator<Place> {
  for (const { source, folder } of inputs)
    for await (const part of source.parts(options.partBytes ?? PART_BYTES))
      yield { part, target: join(options.out, folder, nameOf(part, module)) };
}

/** An error of a thread, as the one that it is here. */
function errorOf({ name, message, ...more }: { name: string; message: string }): Error {
  const error = name === "DataError" ? new DataError(message) : new Error(message);
  return Object.assign(error, more);
}

function ask(worker: Worker, task: PartTask): Promise<PartDone> {
  return new Promise((resolve, reject) => {
    worker.once("message", (answer: WorkerAnswer) => {
      worker.off("error", reject);
      if ("done" in answer) resolve(answer.done);
      else reject(errorOf(answer.error));
    });
    worker.once("error", reject);
    worker.postMessage(task);
  });
}

/** A part that was written by a run that left out rows must not pass for one of a run that may not. */
function checkThere(target: string, part: Part, takesBad: boolean): void {
  if (takesBad || !existsSync(badFileOf(target))) return;
  throw new DataError(
    `${part.file}: expected no bad rows, found some, which an earlier run left out: ${badFileOf(target)} (--bad-rows FILE takes them)`,
  );
}

/** Bad rows of all parts in one file, in the order of the parts. */
async function gatherBad(file: string, targets: readonly string[], staging: string): Promise<void> {
  const temporary = join(staging, "bad-rows");
  const handle = await open(temporary, "w");
  try {
    for (const path of targets.map(badFileOf).filter((each) => existsSync(each)))
      for await (const chunk of createReadStream(path)) await handle.write(chunk as Buffer);
    await handle.sync();
  } finally {
    await handle.close();
  }
  renameSync(temporary, file);
}

/**
 * Predicts the rows of files. A module that remembers rows begins anew with each part. Throws DataError for what is wrong
 * with an input, ImageError, EngineError or ModelError for the model.
 */
export async function predictFiles(options: BatchOptions): Promise<BatchSummary> {
  const { model: file, out, workers: count, badRows, onProgress } = options;
  const model = await load(file);
  const inputs = await openInputs(options.inputs, shapeOf(model));
  const bytes = inputs.reduce((sum, { source }) => sum + source.bytes, 0);
  const takesBad = badRows !== undefined;
  mkdirSync(out, { recursive: true });
  const { folder: staging, remove } = ownedFolder(join(out, ".thimble-"));
  const start: WorkerStart = { file };
  const threads = Array.from(
    { length: count },
    () => new Worker(new URL("worker.js", import.meta.url), { workerData: start }),
  );
  let [parts, partsThere, rows, bad, doneBytes, writtenBytes] = [0, 0, 0, 0, 0, 0];
  const began = performance.now();
  const targets = new Set<string>();
  const places = placesOf(inputs, options, model.hash);
  const work = async (thread: Worker): Promise<void> => {
    for await (const { part, target } of places) {
      const size = part.end - part.start;
      if (targets.has(target)) continue;
      targets.add(target);
      if (existsSync(target)) {
        checkThere(target, part, takesBad);
        partsThere++;
      } else {
        const done = await ask(thread, {
          part,
          target,
          takesBad,
          staging,
          ...(options.log !== undefined && { logs: new Date().toISOString() }),
        });
        if (options.log !== undefined && done.log) appendFileSync(options.log, done.log);
        [parts, rows, bad] = [parts + 1, rows + done.rows, bad + done.bad];
        writtenBytes += size;
      }
      doneBytes += size;
      const seconds = (performance.now() - began) / 1000;
      onProgress?.({ rows, bytes, doneBytes, writtenBytes, seconds });
    }
  };
  try {
    await Promise.all(threads.map(work));
    if (badRows !== undefined && (parts > 0 || !statSync(badRows, { throwIfNoEntry: false })))
      await gatherBad(badRows, [...targets], staging);
  } finally {
    await Promise.all(threads.map((thread) => thread.terminate()));
    remove();
  }
  return { parts, partsThere, rows, bad, module: model.hash };
}
