/** Modules in Node's own WebAssembly engine. */

import { Worker } from "node:worker_threads";
import type { Vector } from "../../ir/graph.ts";
import {
  checkVectors,
  type Engine,
  EngineError,
  type RunLimits,
  STATUS_TAKEN,
  tookTooLong,
} from "../../module/engine.ts";
import { type Instance, instantiate, lineOf } from "../model/instance.ts";

function fail(message: string, cause?: unknown): never {
  throw new EngineError("v8", message, { cause });
}

function call(exports: WebAssembly.Exports, name: string, where: string): number {
  const callee = exports[name] as () => unknown;
  let result: unknown;
  try {
    result = callee();
  } catch (error) {
    return fail(`${where}: [trap] ${lineOf(error)}`, error);
  }
  if (callee.length !== 0 || typeof result !== "number") fail(`${name}: expected the signature () -> i32`);
  return result as number;
}

function runVector(instance: Instance, vector: Vector, index: number): Vector {
  const { exports, memory, inputs, outputs } = instance;
  const data = new Uint8Array(memory.buffer);
  for (const [i, input] of inputs.entries()) data.set(vector[i]!, input.offset);
  const where = `vector ${index}: invoke`;
  const status = call(exports, "invoke", where);
  if (status === STATUS_TAKEN) return [];
  if (status !== 0) fail(`${where}: expected status 0, found ${status}`);
  return outputs.map(({ offset, bytes }) => data.slice(offset, offset + bytes));
}

/** As `Engine.run`, in this thread; `done` is told each vector that is. */
export function runHere(
  module: Uint8Array,
  vectors: readonly Vector[],
  done: (index: number) => void = () => {},
): Vector[] {
  const instance = instantiate(module);
  checkVectors(
    "v8",
    vectors,
    instance.inputs.map((input) => input.bytes),
  );
  return vectors.map((vector, index) => {
    const outputs = runVector(instance, vector, index);
    done(index);
    return outputs;
  });
}

/** As `Engine.selfTest`, in this thread. */
export function selfTestHere(module: Uint8Array): number | undefined {
  const { exports } = instantiate(module);
  return typeof exports.self_test === "function" ? call(exports, "self_test", "self_test") : undefined;
}

/** The worker's task: run the vectors, or the self-test where there are none. */
export interface WorkerTask {
  readonly module: Uint8Array;
  readonly vectors: readonly Vector[] | undefined;
}

/** The worker's message: progress, the result, or the fault. */
export type WorkerMessage =
  | { readonly kind: "alive" }
  | { readonly kind: "result"; readonly value: Vector[] | number | undefined }
  | { readonly kind: "error"; readonly message: string };

/** In a thread of its own, which can be ended amid a loop. */
function runInWorker(task: WorkerTask, milliseconds: number): Promise<Vector[] | number | undefined> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL("v8_worker.js", import.meta.url), { workerData: task });
    const end = (settle: () => void): void => {
      clearTimeout(timer);
      settle();
      worker.terminate();
    };
    const timer = setTimeout(() => end(() => reject(tookTooLong("v8", milliseconds))), milliseconds);
    worker.on("message", (message: WorkerMessage) => {
      if (message.kind === "alive") timer.refresh();
      else if (message.kind === "result") end(() => resolve(message.value));
      else end(() => reject(new EngineError("v8", message.message)));
    });
    worker.on("error", (error) => end(() => reject(new EngineError("v8", lineOf(error), { cause: error }))));
  });
}

async function run(
  module: Uint8Array,
  vectors: readonly Vector[],
  { milliseconds }: RunLimits = {},
): Promise<Vector[]> {
  if (milliseconds === undefined) return runHere(module, vectors);
  return (await runInWorker({ module, vectors }, milliseconds)) as Vector[];
}

async function selfTest(module: Uint8Array, { milliseconds }: RunLimits = {}): Promise<number | undefined> {
  if (milliseconds === undefined) return selfTestHere(module);
  return (await runInWorker({ module, vectors: undefined }, milliseconds)) as number | undefined;
}

/** Node's WebAssembly: always there, and it validates a module before it runs. */
export const v8: Engine = {
  name: "v8",
  availability: async () => ({ available: true, version: process.versions.v8 }),
  run,
  selfTest,
};
