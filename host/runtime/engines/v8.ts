/** Modules in Node's own WebAssembly engine. */

import { Worker } from "node:worker_threads";
import type { Vector } from "../../ir/graph.ts";
import {
  ABI_VERSION,
  checkModule,
  checkVectors,
  type Engine,
  EngineError,
  maxMemoryBytes,
  maxTensors,
  pagesFor,
  type RunLimits,
  tookTooLong,
} from "../../module/engine.ts";

type Tensor = { readonly offset: number; readonly bytes: number };
type Instance = {
  readonly exports: WebAssembly.Exports;
  readonly memory: WebAssembly.Memory;
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
};

function fail(message: string, cause?: unknown): never {
  throw new EngineError("v8", message, { cause });
}

function lineOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split("\n")[0]!;
}

function instantiate(bytes: Uint8Array): WebAssembly.Exports {
  try {
    return new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array(bytes))).exports;
  } catch (error) {
    return fail(`module does not load: ${lineOf(error)}`, error);
  }
}

/** JavaScript has no accessor for a global's mutability: only an immutable one refuses to be written. */
function isImmutable(global: WebAssembly.Global): boolean {
  try {
    const value: unknown = global.value;
    global.value = value;
    return false;
  } catch {
    return true;
  }
}

/** The unsigned value of an immutable i32 global, or undefined where nothing of that name is exported. */
function readGlobal(exports: WebAssembly.Exports, name: string): number | undefined {
  const global = exports[name];
  if (global === undefined) return undefined;
  if (!(global instanceof WebAssembly.Global))
    return fail(`${name}: expected an immutable i32 global, found none`);
  const value: unknown = global.value;
  // V8 does not say whether an integer is of type i32 or a float.
  if (typeof value !== "number" || value !== (value | 0) || !isImmutable(global)) {
    return fail(`${name}: expected an immutable i32 global, found one that is mutable or of another type`);
  }
  return value >>> 0;
}

function requireGlobal(exports: WebAssembly.Exports, name: string): number {
  return readGlobal(exports, name) ?? fail(`${name}: expected an exported immutable i32 global, found none`);
}

function readTensors(
  exports: WebAssembly.Exports,
  prefix: "input" | "output",
  memoryBytes: number,
): Tensor[] {
  const tensors: Tensor[] = [];
  for (;;) {
    const name = `${prefix}_${tensors.length}`;
    const offset = readGlobal(exports, name);
    if (offset === undefined) break;
    const bytes = requireGlobal(exports, `${name}_bytes`);
    if (tensors.length === maxTensors) fail(`${name}: expected at most ${maxTensors} tensors`);
    if (bytes === 0) fail(`${name}_bytes: expected at least 1, found 0`);
    if (offset + bytes > memoryBytes) {
      fail(`${name}: expected to end within memory_bytes (${memoryBytes}), found ${offset} + ${bytes} bytes`);
    }
    tensors.push({ offset, bytes });
  }
  if (tensors.length === 0) requireGlobal(exports, `${prefix}_0`);
  return tensors;
}

function readMemoryBytes(exports: WebAssembly.Exports, memory: WebAssembly.Memory, pages: number): number {
  const memoryBytes = requireGlobal(exports, "memory_bytes");
  if (memoryBytes === 0 || memoryBytes > maxMemoryBytes) {
    fail(`memory_bytes: expected 1 to ${maxMemoryBytes}, found ${memoryBytes}`);
  }
  const size = memory.buffer.byteLength;
  if (memoryBytes > size)
    fail(`memory_bytes: expected at most the memory's ${size} bytes, found ${memoryBytes}`);
  // V8 would give it all of its pages, whatever it says that it needs.
  if (pages !== pagesFor(memoryBytes))
    fail(`memory: expected ${pagesFor(memoryBytes)} pages for memory_bytes ${memoryBytes}, found ${pages}`);
  return memoryBytes;
}

function load(bytes: Uint8Array): Instance {
  const { pages } = checkModule("v8", bytes);
  const exports = instantiate(bytes);
  const memory = exports.memory;
  if (!(memory instanceof WebAssembly.Memory)) return fail("memory: expected an exported memory, found none");
  if (typeof exports.invoke !== "function") fail("invoke: expected an exported function, found none");
  const memoryBytes = readMemoryBytes(exports, memory, pages);
  const abi = requireGlobal(exports, "abi");
  if (abi !== ABI_VERSION) fail(`abi: expected ${ABI_VERSION}, found ${abi}`);
  const inputs = readTensors(exports, "input", memoryBytes);
  return { exports, memory, inputs, outputs: readTensors(exports, "output", memoryBytes) };
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
  if (status !== 0) fail(`${where}: expected status 0, found ${status}`);
  return outputs.map(({ offset, bytes }) => data.slice(offset, offset + bytes));
}

/** As `Engine.run`, in this thread; `done` is told each vector that is. */
export function runHere(
  module: Uint8Array,
  vectors: readonly Vector[],
  done: (index: number) => void = () => {},
): Vector[] {
  const instance = load(module);
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
  const { exports } = load(module);
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
