/**
 * The facts that an image states about its module, read from the module's own bytes without running it: the ABI of
 * DESIGN.md, section 3 (firmware/SPEC.md, section 2), and what the code requires of a device.
 */

import { ABI_VERSION, maxMemoryBytes, maxTensors, pagesFor } from "../module/engine.ts";
import { type NativeStack, stackOfBodies } from "../module/native_stack.ts";
import { Reader, readExports, readSections, SECTION } from "../module/sections.ts";
import { checkSubset } from "../module/subset.ts";
import { ImageError } from "./error.ts";

/** Bits of the TLV `capabilities`; THIMBLE_CAPABILITY_... in thimble.h. */
export const CAPABILITY = { bulkMemory: 1 << 0, signExtension: 1 << 1 } as const;
const CAPABILITY_NAMES = [
  [CAPABILITY.bulkMemory, "bulk memory"],
  [CAPABILITY.signExtension, "sign extension"],
] as const;

/** The names of set bits, for people. */
export function capabilityNames(capabilities: number): string[] {
  const known = CAPABILITY_NAMES.reduce((sum, [bit]) => sum | bit, 0);
  const unknown = (capabilities & ~known) >>> 0;
  return [
    ...CAPABILITY_NAMES.filter(([bit]) => capabilities & bit).map(([, name]) => name),
    ...(unknown === 0 ? [] : [`unknown 0x${unknown.toString(16)}`]),
  ];
}

export interface ModuleNeeds {
  readonly abi: number;
  readonly memoryBytes: number;
  /** Bytes of this memory before the constants, where the module has constants. */
  readonly leastBytes?: number;
  readonly capabilities: number;
  readonly nativeStack: NativeStack;
}

const PAGE = 65536;
const OP = { bulk: 0xfc, i32Const: 0x41, i64Const: 0x42, end: 0x0b } as const;

function sectionReader(module: Uint8Array, id: number): Reader {
  const section = readSections(module).find((candidate) => candidate.id === id);
  return section ? new Reader(module, section.start, section.end) : new Reader(new Uint8Array([0]));
}

/**
 * Extensions of WebAssembly that the functions use and not every build of wasm3 has, and the native stack that they
 * take; checks the subset on the way.
 */
function readCode(module: Uint8Array): { capabilities: number; pages: number; nativeStack: NativeStack } {
  let capabilities = 0;
  const { pages, bodies } = checkSubset(module, (opcode) => {
    if (opcode === OP.bulk) capabilities |= CAPABILITY.bulkMemory;
    if (opcode >= 0xc0 && opcode <= 0xc4) capabilities |= CAPABILITY.signExtension;
  });
  return { capabilities, pages, nativeStack: stackOfBodies(bodies, readExports(module)) };
}

function fail(status: "ABI" | "EXPORT" | "MODULE", message: string): never {
  throw new ImageError(status, `module: ${message}`);
}

/** The unsigned low half of an initial value, which has to be one integer constant. */
function readConstant(reader: Reader): number {
  const opcode = reader.byte();
  const value = opcode === OP.i32Const || opcode === OP.i64Const ? reader.signed(64) : undefined;
  const last = value === undefined ? opcode : reader.byte();
  if (value === undefined || last !== OP.end) {
    const found = `opcode 0x${last.toString(16)}`;
    return fail("MODULE", `offset ${reader.position}: expected one integer constant, found ${found}`);
  }
  return Number(BigInt.asUintN(32, value));
}

/** Values of the immutable i32 globals by index; undefined for any other kind. */
function readGlobals(module: Uint8Array): (number | undefined)[] {
  const reader = sectionReader(module, SECTION.global);
  const globals: (number | undefined)[] = [];
  for (let count = reader.u32(); count > 0; count--) {
    const type = reader.byte();
    const isMutable = reader.byte() !== 0;
    const value = readConstant(reader);
    globals.push(type === 0x7f && !isMutable ? value : undefined);
  }
  return globals;
}

/** Types as "parameters>results" in the binary's own bytes, e.g. ">7f". */
function readFunctionTypes(module: Uint8Array): string[] {
  const types = sectionReader(module, SECTION.type);
  const texts: string[] = [];
  for (let count = types.u32(); count > 0; count--) {
    types.byte();
    const list = (): string => Buffer.from(types.skip(types.u32())).toString("hex");
    texts.push(`${list()}>${list()}`);
  }
  const functions = sectionReader(module, SECTION.function);
  const result: string[] = [];
  for (let count = functions.u32(); count > 0; count--) result.push(texts[functions.u32()] ?? "");
  return result;
}

type Exports = ReturnType<typeof readExports>;

function requireFunction(module: Uint8Array, exports: Exports, name: string): void {
  const found = exports.find((entry) => entry.name === name);
  if (found?.kind !== "func" || readFunctionTypes(module)[found.index] !== ">7f") {
    fail(
      "EXPORT",
      `export ${name}: expected a function without parameters that returns i32, found ${found ? "one with another signature" : "none"}`,
    );
  }
}

function tensors(exports: Exports, prefix: string, read: (name: string) => number, limit: number): void {
  const count = exports.filter(({ name }) => new RegExp(`^${prefix}_(0|[1-9]\\d*)$`).test(name)).length;
  if (count === 0 || count > maxTensors)
    fail("EXPORT", `expected 1 to ${maxTensors} exports ${prefix}_<i>, found ${count}`);
  for (let i = 0; i < count; i++) {
    const offset = read(`${prefix}_${i}`);
    const bytes = read(`${prefix}_${i}_bytes`);
    if (bytes === 0 || offset + bytes > limit) {
      fail(
        "EXPORT",
        `${prefix}_${i}: expected to lie below the constants, or the end of memory, at ${limit}, found ${bytes} bytes at ${offset}`,
      );
    }
  }
}

/** A device allocates `memory_bytes`, not whole pages: everything that is there at the start has to fit. */
function checkData(module: Uint8Array, memoryBytes: number): void {
  const reader = sectionReader(module, SECTION.data);
  for (let count = reader.u32(); count > 0; count--) {
    const kind = reader.u32();
    if (kind !== 0) fail("MODULE", `data segment: expected kind 0 (active), found ${kind}`);
    const offset = readConstant(reader);
    const length = reader.skip(reader.u32()).length;
    if (offset + length > memoryBytes) {
      fail(
        "MODULE",
        `data segment: expected to end within memory_bytes (${memoryBytes}), found ${offset} + ${length} bytes`,
      );
    }
  }
}

/**
 * Checks a module as a device would, and more strictly: valid, within the subset, ABI v2. Throws
 * ModelError where it is not within the subset and ImageError where it is not of the ABI.
 */
export function readNeeds(module: Uint8Array): ModuleNeeds {
  const { capabilities, pages, nativeStack } = readCode(module);
  if (!WebAssembly.validate(new Uint8Array(module))) {
    fail("MODULE", "expected valid WebAssembly, found a module that does not validate");
  }
  const exports = readExports(module);
  const globals = readGlobals(module);
  const read = (name: string): number => {
    const entry = exports.find((candidate) => candidate.name === name);
    const value = entry?.kind === "global" ? globals[entry.index] : undefined;
    return (
      value ??
      fail(
        "EXPORT",
        `export ${name}: expected an immutable i32 global, found ${entry ? "one that is mutable or of another type" : "none"}`,
      )
    );
  };
  const abi = read("abi");
  if (abi !== ABI_VERSION) fail("ABI", `abi: expected ${ABI_VERSION}, found ${abi}`);
  if (exports.find(({ name }) => name === "memory")?.kind !== "memory")
    fail("EXPORT", "export memory: expected a memory, found none");
  const memoryBytes = read("memory_bytes");
  const most = Math.min(pages * PAGE, maxMemoryBytes);
  if (memoryBytes === 0 || memoryBytes > most)
    fail("EXPORT", `memory_bytes: expected 1 to ${most}, found ${memoryBytes}`);
  if (pages !== pagesFor(memoryBytes))
    fail(
      "EXPORT",
      `memory: expected ${pagesFor(memoryBytes)} pages for memory_bytes ${memoryBytes}, found ${pages}`,
    );
  const hasConstants = exports.some(({ name }) => name === "constants");
  const constants = hasConstants ? read("constants") : memoryBytes;
  if (hasConstants && (constants > memoryBytes || constants % 4 !== 0))
    fail("EXPORT", `constants: expected a multiple of 4 up to ${memoryBytes}, found ${constants}`);
  requireFunction(module, exports, "invoke");
  if (exports.some(({ name }) => name === "self_test")) requireFunction(module, exports, "self_test");
  tensors(exports, "input", read, constants);
  tensors(exports, "output", read, constants);
  checkData(module, memoryBytes);
  return { abi, memoryBytes, capabilities, nativeStack, ...(hasConstants && { leastBytes: constants }) };
}
