/** Modules in Node's own WebAssembly engine. */

import type { Vector } from "../../ir/graph.ts";
import { checkVectors, type Engine, EngineError, maxMemoryBytes, maxTensors } from "../../module/engine.ts";

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

function compile(bytes: Uint8Array): WebAssembly.Module {
  try {
    return new WebAssembly.Module(new Uint8Array(bytes));
  } catch (error) {
    return fail(`malformed module: ${lineOf(error)}`, error);
  }
}

function instantiate(module: WebAssembly.Module): WebAssembly.Exports {
  const imports = WebAssembly.Module.imports(module);
  const first = imports[0];
  if (first) fail(`expected no imports, found ${imports.length} (${first.module}.${first.name})`);
  try {
    return new WebAssembly.Instance(module).exports;
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
  if (typeof value !== "number" || value !== (value | 0) || !isImmutable(global)) {
    return fail(`${name}: expected an immutable i32 global, found another kind of global`);
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

function readMemoryBytes(exports: WebAssembly.Exports, memory: WebAssembly.Memory): number {
  const memoryBytes = requireGlobal(exports, "memory_bytes");
  if (memoryBytes === 0 || memoryBytes > maxMemoryBytes) {
    fail(`memory_bytes: expected 1 to ${maxMemoryBytes}, found ${memoryBytes}`);
  }
  const size = memory.buffer.byteLength;
  if (memoryBytes > size)
    fail(`memory_bytes: expected at most the memory's ${size} bytes, found ${memoryBytes}`);
  return memoryBytes;
}

function load(bytes: Uint8Array): Instance {
  const exports = instantiate(compile(bytes));
  const memory = exports.memory;
  if (!(memory instanceof WebAssembly.Memory)) return fail("memory: expected an exported memory, found none");
  if (typeof exports.invoke !== "function") fail("invoke: expected an exported function, found none");
  const memoryBytes = readMemoryBytes(exports, memory);
  const abi = requireGlobal(exports, "abi");
  if (abi !== 1) fail(`abi: expected 1, found ${abi}`);
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
  const before = new Uint8Array(memory.buffer);
  for (const [i, input] of inputs.entries()) before.set(vector[i]!, input.offset);
  const where = `vector ${index}: invoke`;
  const status = call(exports, "invoke", where);
  if (status !== 0) fail(`${where}: expected status 0, found ${status}`);
  // A new view: memory.grow detaches the old one.
  const after = new Uint8Array(memory.buffer);
  return outputs.map(({ offset, bytes }) => after.slice(offset, offset + bytes));
}

async function run(module: Uint8Array, vectors: readonly Vector[]): Promise<Vector[]> {
  const instance = load(module);
  checkVectors(
    "v8",
    vectors,
    instance.inputs.map((input) => input.bytes),
  );
  return vectors.map((vector, index) => runVector(instance, vector, index));
}

async function selfTest(module: Uint8Array): Promise<number | undefined> {
  const { exports } = load(module);
  return typeof exports.self_test === "function" ? call(exports, "self_test", "self_test") : undefined;
}

/** Node's WebAssembly: always there, and it validates a module before it runs. */
export const v8: Engine = {
  name: "v8",
  availability: async () => ({ available: true, version: process.versions.v8 }),
  run,
  selfTest,
};
