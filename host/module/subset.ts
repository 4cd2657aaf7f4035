import { ModelError } from "../ir/graph.ts";
import { Reader, readSections, SECTION, type Section } from "./sections.ts";

/**
 * The subset of WebAssembly that a module may use (firmware builds wasm3 without the rest): no
 * imports, no start function, no tables, no floats, no br_table, no indirect calls, no memory.grow.
 * Opcodes by number, WebAssembly core specification 2.0, section 5.4.
 */
type Immediate = "none" | "index" | "block" | "memory" | "i32" | "i64" | "zero";

function immediateOf(opcode: number): Immediate | undefined {
  if (opcode === 0x00 || opcode === 0x01 || opcode === 0x05 || opcode === 0x0b || opcode === 0x0f)
    return "none";
  if (opcode >= 0x02 && opcode <= 0x04) return "block";
  if (opcode === 0x0c || opcode === 0x0d || opcode === 0x10) return "index";
  if (opcode === 0x1a || opcode === 0x1b) return "none";
  if (opcode >= 0x20 && opcode <= 0x24) return "index";
  if (opcode === 0x28 || opcode === 0x29 || (opcode >= 0x2c && opcode <= 0x35)) return "memory";
  if (opcode === 0x36 || opcode === 0x37 || (opcode >= 0x3a && opcode <= 0x3e)) return "memory";
  if (opcode === 0x3f) return "zero";
  if (opcode === 0x41) return "i32";
  if (opcode === 0x42) return "i64";
  if (opcode >= 0x45 && opcode <= 0x5a) return "none";
  if (opcode >= 0x67 && opcode <= 0x8a) return "none";
  if (opcode === 0xa7 || opcode === 0xac || opcode === 0xad || (opcode >= 0xc0 && opcode <= 0xc4))
    return "none";
  return undefined;
}

const INTEGER_TYPES = [0x7f, 0x7e];
/** Types of a block as signed numbers: no result, i32, i64, or the number of a function type. */
const isBlockType = (type: bigint): boolean => type === -64n || type === -1n || type === -2n || type >= 0n;

function skipImmediate(reader: Reader, kind: Immediate): void {
  if (kind === "index") reader.u32();
  else if (kind === "memory") {
    reader.u32();
    reader.u32();
  } else if (kind === "i32" || kind === "i64") reader.s64();
  else if (kind === "zero") reader.byte();
}

/** Told each opcode that the check passes. */
type Visit = (opcode: number) => void;

function checkBody(reader: Reader, body: number, visit: Visit): void {
  const fail = (found: string): never => {
    throw new ModelError(
      `module: function ${body}: expected the integer subset of WebAssembly, found ${found}`,
    );
  };
  for (let groups = reader.u32(); groups > 0; groups--) {
    reader.u32();
    const type = reader.byte();
    if (!INTEGER_TYPES.includes(type)) fail(`a local of type 0x${type.toString(16)}`);
  }
  while (!reader.done) {
    const at = reader.position;
    const opcode = reader.byte();
    visit(opcode);
    if (opcode === 0xfc) {
      const sub = reader.u32();
      if (sub === 10) reader.skip(2);
      else if (sub === 11) reader.skip(1);
      else fail(`opcode 0xfc ${sub} at offset ${at}`);
      continue;
    }
    const immediate = immediateOf(opcode) ?? fail(`opcode 0x${opcode.toString(16)} at offset ${at}`);
    if (immediate !== "block") skipImmediate(reader, immediate);
    else if (!isBlockType(reader.s64())) fail(`a block of another type at offset ${at}`);
  }
}

function checkTypes(binary: Uint8Array, section: Section): void {
  const reader = new Reader(binary, section.start, section.end);
  for (let count = reader.u32(); count > 0; count--) {
    reader.byte();
    for (let list = 0; list < 2; list++) {
      for (const type of reader.skip(reader.u32())) {
        if (!INTEGER_TYPES.includes(type))
          throw new ModelError(`module: expected integer function types, found 0x${type.toString(16)}`);
      }
    }
  }
}

/** Globals that are integers and start as constants. */
function checkGlobals(binary: Uint8Array, section: Section): void {
  const reader = new Reader(binary, section.start, section.end);
  for (let count = reader.u32(); count > 0; count--) {
    const type = reader.byte();
    if (!INTEGER_TYPES.includes(type))
      throw new ModelError(`module: expected integer globals, found 0x${type.toString(16)}`);
    reader.byte();
    const opcode = reader.byte();
    const isConstant = opcode === 0x41 || opcode === 0x42;
    if (isConstant) reader.s64();
    if (!isConstant || reader.byte() !== 0x0b)
      throw new ModelError(`module: offset ${reader.position}: expected a global that starts as a constant`);
  }
}

/** type, function, memory, global, export, code, data, data count and custom sections. */
const ALLOWED_SECTIONS = [0, 1, 3, 5, 6, 7, 10, 11, 12];

/** Throws ModelError at the first thing a module of ours may not contain; `visit` sees the code on the way. */
export function checkSubset(binary: Uint8Array, visit: Visit = () => {}): void {
  for (const section of readSections(binary)) {
    if (!ALLOWED_SECTIONS.includes(section.id)) {
      throw new ModelError(
        `module: expected no section ${section.id} (imports, tables, start function), found one`,
      );
    }
    if (section.id === SECTION.type) checkTypes(binary, section);
    if (section.id === SECTION.global) checkGlobals(binary, section);
    if (section.id !== SECTION.code) continue;
    const reader = new Reader(binary, section.start, section.end);
    const bodies = reader.u32();
    for (let body = 0; body < bodies; body++) {
      const size = reader.u32();
      const start = reader.position;
      reader.skip(size);
      checkBody(new Reader(binary, start, start + size), body, visit);
    }
  }
}
