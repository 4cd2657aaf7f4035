/** Instances of modules in the host's own WebAssembly engine, checked against the ABI (firmware/SPEC.md, section 2). */
import {
  ABI_VERSION,
  checkModule,
  EngineError,
  maxMemoryBytes,
  maxTensors,
  PAGE,
  pagesFor,
} from "../../module/engine.ts";

type Tensor = { readonly offset: number; readonly bytes: number };
export type Instance = {
  readonly exports: WebAssembly.Exports;
  readonly memory: WebAssembly.Memory;
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
};

function fail(message: string, cause?: unknown): never {
  throw new EngineError("v8", message, { cause });
}

export function lineOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split("\n")[0]!;
}

function exportsOf(bytes: Uint8Array): WebAssembly.Exports {
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

function readMemoryBytes(exports: WebAssembly.Exports, pages: number): number {
  const memoryBytes = requireGlobal(exports, "memory_bytes");
  if (memoryBytes === 0 || memoryBytes > maxMemoryBytes) {
    fail(`memory_bytes: expected 1 to ${maxMemoryBytes}, found ${memoryBytes}`);
  }
  const size = pages * PAGE;
  if (memoryBytes > size)
    fail(`memory_bytes: expected at most the memory's ${size} bytes, found ${memoryBytes}`);
  // V8 would give it all of its pages, whatever it says that it needs.
  if (pages !== pagesFor(memoryBytes))
    fail(`memory: expected ${pagesFor(memoryBytes)} pages for memory_bytes ${memoryBytes}, found ${pages}`);
  return memoryBytes;
}

/**
 * The instance of a module that nobody vouches for. Throws EngineError where it is outside of the subset, is not of ABI v2
 * or its tensors do not lie in its memory. `prepare` may change its bytes once they have been checked.
 */
export function instantiate(
  bytes: Uint8Array,
  prepare: (checked: Uint8Array) => Uint8Array = (checked) => checked,
): Instance {
  const { pages } = checkModule("v8", bytes);
  const exports = exportsOf(prepare(bytes));
  const memory = exports.memory;
  if (!(memory instanceof WebAssembly.Memory)) return fail("memory: expected an exported memory, found none");
  if (typeof exports.invoke !== "function") fail("invoke: expected an exported function, found none");
  const memoryBytes = readMemoryBytes(exports, pages);
  const abi = requireGlobal(exports, "abi");
  if (abi !== ABI_VERSION) fail(`abi: expected ${ABI_VERSION}, found ${abi}`);
  const inputs = readTensors(exports, "input", memoryBytes);
  return { exports, memory, inputs, outputs: readTensors(exports, "output", memoryBytes) };
}
