/**
 * The subset of WebAssembly that a module may use: what the emitter makes, so that firmware builds wasm3 without the
 * rest and wasm3, which trusts its input, is given nothing that it mistakes. The same rules in C are
 * `firmware/core/module_scan.c` and `function_scan.c`; the table of both is `subset_table.ts`.
 */
import { ModelError } from "../ir/graph.ts";
import { type Body, checkBody, type FunctionType, type Global, type Visit } from "./function_body.ts";
import { Reader, readSections, SECTION, type Section } from "./sections.ts";
import { LIMITS, OPCODE, TYPE_BYTE, type ValueType } from "./subset_table.ts";

export type { Body, Usage } from "./function_body.ts";

function fail(expected: string, found: string): never {
  throw new ModelError(`module: expected ${expected}, found ${found}`);
}

function limited(what: Exclude<keyof typeof LIMITS, "values">, count: number): number {
  return count <= LIMITS[what] ? count : fail(`at most ${LIMITS[what]} ${what}`, String(count));
}

function readType(byte: number, what: string): ValueType {
  if (byte === TYPE_BYTE.i32) return "i32";
  return byte === TYPE_BYTE.i64 ? "i64" : fail(what, `0x${byte.toString(16)}`);
}

function readFunctionType(reader: Reader): FunctionType {
  const form = reader.byte();
  if (form !== 0x60) fail("function types", `0x${form.toString(16)}`);
  const list = (most: number): ValueType[] => {
    const bytes = reader.skip(reader.u32());
    if (bytes.length > most)
      fail(`at most ${LIMITS.parameters} parameters and one result`, `${bytes.length}`);
    return Array.from(bytes, (byte) => readType(byte, "integer function types"));
  };
  return { parameters: list(LIMITS.parameters), result: list(1)[0] };
}

/** The type of each function. */
function readFunctions(reader: Reader, types: readonly FunctionType[]): FunctionType[] {
  const count = limited("functions", reader.u32());
  return Array.from(reader.skip(count), (index) => types[index] ?? fail("the number of a type", `${index}`));
}

/** Pages of the one memory. */
function readMemory(reader: Reader): number {
  const count = reader.u32();
  const flags = reader.byte();
  const pages = reader.u32();
  const most = flags === 1 ? reader.u32() : pages;
  if (count !== 1 || flags > 1) fail("one memory of 32-bit addresses", count === 1 ? "another" : `${count}`);
  if (pages > 65536 || most < pages) fail("a memory of at most 65536 pages", `${pages} to ${most}`);
  return pages;
}

/** Initialised by one constant. */
function readGlobal(reader: Reader): Global {
  const type = readType(reader.byte(), "integer globals");
  const mutable = reader.byte();
  if (mutable > 1) fail("a global that is mutable (1) or not (0)", `${mutable}`);
  readConstant(reader, type);
  return { type, mutable: mutable === 1 };
}

function readConstant(reader: Reader, type: ValueType): void {
  const opcode = reader.byte();
  const expected = type === "i64" ? OPCODE.i64Const : OPCODE.i32Const;
  if (opcode === expected) reader.signed(type === "i64" ? 64 : 32);
  const last = opcode === expected ? reader.byte() : opcode;
  if (last !== OPCODE.end || opcode !== expected) {
    const found = `opcode 0x${last.toString(16)}`;
    throw new ModelError(
      `module: offset ${reader.position}: expected one constant of type ${type}, found ${found}`,
    );
  }
}

const EXPORT = { function: 0, memory: 2, global: 3 } as const;

interface Contents {
  types: FunctionType[];
  functions: FunctionType[];
  globals: Global[];
  /** Pages of the memory; undefined where there is none. */
  pages: number | undefined;
  bodies: Body[];
}

function readExport(reader: Reader, { functions, globals, pages }: Contents): void {
  reader.skip(reader.u32());
  const kind = reader.byte();
  const index = reader.u32();
  const counts: Record<number, number> = {
    [EXPORT.function]: functions.length,
    [EXPORT.memory]: pages === undefined ? 0 : 1,
    [EXPORT.global]: globals.length,
  };
  if (index >= (counts[kind] ?? 0)) fail("exports of what is there", `number ${index} of kind ${kind}`);
}

function readSegment(reader: Reader): void {
  const mode = reader.u32();
  if (mode !== 0) fail("data segments at constant addresses of memory 0", `mode ${mode}`);
  readConstant(reader, "i32");
  reader.skip(reader.u32());
}

function readBodies(reader: Reader, contents: Contents, visit: Visit): Body[] {
  const { functions, globals, pages } = contents;
  const count = reader.u32();
  if (count !== functions.length) fail(`${functions.length} function bodies`, `${count}`);
  const around = { types: functions, globals, hasMemory: pages !== undefined };
  return functions.map((type, index) => {
    const size = reader.u32();
    const start = reader.position;
    reader.skip(size);
    return checkBody(new Reader(reader.bytes, start, start + size), index, type, around, visit);
  });
}

const repeat = (count: number, work: () => void): void => {
  for (let i = 0; i < count; i++) work();
};

/** One rule per section that may be there: each reads it to its end. */
const RULES: Readonly<Record<number, (reader: Reader, contents: Contents, visit: Visit) => void>> = {
  [SECTION.type]: (reader, contents) => {
    repeat(limited("types", reader.u32()), () => contents.types.push(readFunctionType(reader)));
  },
  [SECTION.function]: (reader, contents) => {
    contents.functions = readFunctions(reader, contents.types);
  },
  [SECTION.memory]: (reader, contents) => {
    contents.pages = readMemory(reader);
  },
  [SECTION.global]: (reader, contents) => {
    repeat(limited("globals", reader.u32()), () => contents.globals.push(readGlobal(reader)));
  },
  [SECTION.export]: (reader, contents) => {
    repeat(limited("exports", reader.u32()), () => readExport(reader, contents));
  },
  [SECTION.dataCount]: (reader) => void reader.u32(),
  [SECTION.code]: (reader, contents, visit) => {
    contents.bodies = readBodies(reader, contents, visit);
  },
  [SECTION.data]: (reader) => repeat(limited("segments", reader.u32()), () => readSegment(reader)),
};

/** Place of a section in the order of the specification: the data count precedes the code. */
const rank = (id: number): number => (id === SECTION.dataCount ? 2 * SECTION.code - 1 : 2 * id);

function checkCustom({ name }: Section): void {
  if (name === "name") fail("no custom section name, which wasm3 reads without bounds", "one");
}

/** The parts of a module that the check sees. */
export interface Subset {
  /** By function. */
  readonly bodies: readonly Body[];
  /** Pages of 64 KiB that the memory has from the start; 0 where there is none. */
  readonly pages: number;
}

/** Throws ModelError at the first thing a module of ours may not contain; `visit` sees the code on the way. */
export function checkSubset(binary: Uint8Array, visit: Visit = () => {}): Subset {
  const contents: Contents = { types: [], functions: [], globals: [], pages: undefined, bodies: [] };
  let last = 0;
  for (const section of readSections(binary)) {
    if (section.id === SECTION.custom) {
      checkCustom(section);
      continue;
    }
    const rule =
      RULES[section.id] ?? fail(`no section ${section.id} (imports, tables, start function)`, "one");
    if (rank(section.id) <= last)
      fail("sections in order, each once", `section ${section.id} again or too late`);
    last = rank(section.id);
    const reader = new Reader(binary, section.start, section.end);
    rule(reader, contents, visit);
    if (!reader.done)
      fail(`section ${section.id} to end after its entries`, `${reader.end - reader.position} bytes more`);
  }
  if (contents.bodies.length !== contents.functions.length)
    fail(`${contents.functions.length} function bodies`, "none");
  return { bodies: contents.bodies, pages: contents.pages ?? 0 };
}
