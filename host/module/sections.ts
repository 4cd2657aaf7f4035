import { ModelError } from "../ir/graph.ts";

/** A section of a WebAssembly binary: where its contents begin and end. */
export interface Section {
  readonly id: number;
  /** The name of a custom section. */
  readonly name?: string;
  /** Where its id stands. */
  readonly offset: number;
  readonly start: number;
  readonly end: number;
}

const HEADER = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
export const SECTION = {
  custom: 0,
  type: 1,
  import: 2,
  function: 3,
  memory: 5,
  global: 6,
  export: 7,
  start: 8,
  code: 10,
  data: 11,
  dataCount: 12,
};

/** Reads a binary front to back; every read is checked against the end. */
export class Reader {
  readonly bytes: Uint8Array;
  position: number;
  readonly end: number;
  /** What the bytes are, for messages. */
  readonly where: string;

  constructor(bytes: Uint8Array, position = 0, end = bytes.length, where = "module") {
    this.bytes = bytes;
    this.position = position;
    this.end = end;
    this.where = where;
  }

  get done(): boolean {
    return this.position >= this.end;
  }

  byte(): number {
    if (this.position >= this.end)
      throw new ModelError(`${this.where}: offset ${this.position}: expected more bytes, found the end`);
    return this.bytes[this.position++]!;
  }

  /** Unsigned LEB128 of at most 32 bits. */
  u32(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) {
        if (value >= 2 ** 32) break;
        return value;
      }
    }
    throw new ModelError(`${this.where}: offset ${this.position}: expected a 32-bit number`);
  }

  /** Signed LEB128 of at most so many bits. */
  signed(bits: 32 | 64): bigint {
    let value = 0n;
    for (let shift = 0n; shift < bits; shift += 7n) {
      const byte = this.byte();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return byte & 0x40 ? value - (1n << (shift + 7n)) : value;
    }
    throw new ModelError(`${this.where}: offset ${this.position}: expected a ${bits}-bit number`);
  }

  skip(length: number): Uint8Array {
    if (length > this.end - this.position)
      throw new ModelError(
        `${this.where}: offset ${this.position}: expected ${length} bytes, found ${this.end - this.position}`,
      );
    this.position += length;
    return this.bytes.subarray(this.position - length, this.position);
  }

  text = (): string => Buffer.from(this.skip(this.u32())).toString("utf8");
}

export function readSections(binary: Uint8Array): Section[] {
  if (!HEADER.every((byte, i) => binary[i] === byte)) {
    throw new ModelError("module: expected a WebAssembly binary of version 1");
  }
  const reader = new Reader(binary, HEADER.length);
  const sections: Section[] = [];
  while (!reader.done) {
    const offset = reader.position;
    const id = reader.byte();
    const size = reader.u32();
    const start = reader.position;
    reader.skip(size);
    if (id !== SECTION.custom) sections.push({ id, offset, start, end: start + size });
    else {
      const inner = new Reader(binary, start, start + size);
      const name = inner.text();
      sections.push({ id, name, offset, start: inner.position, end: start + size });
    }
  }
  return sections;
}

/** Contents of the custom section of that name. */
export function customSection(binary: Uint8Array, name: string): Uint8Array | undefined {
  const section = readSections(binary).find((candidate) => candidate.name === name);
  return section && binary.subarray(section.start, section.end);
}

/** Unsigned LEB128 of a number below 2^53. */
export function leb(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return [...bytes, rest];
    bytes.push((rest % 128) | 0x80);
  }
}

/** Signed LEB128 of an int32. */
export function signedLeb(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>= 7) {
    const done = rest >> 6 === 0 || rest >> 6 === -1;
    bytes.push(done ? rest & 0x7f : (rest & 0x7f) | 0x80);
    if (done) return bytes;
  }
}

/** The module with a custom section at its end. */
export function addCustomSection(binary: Uint8Array, name: string, contents: Uint8Array): Uint8Array {
  const encoded = Buffer.from(name, "utf8");
  const body = Buffer.concat([Buffer.from(leb(encoded.length)), encoded, contents]);
  return new Uint8Array(Buffer.concat([binary, Buffer.from([SECTION.custom, ...leb(body.length)]), body]));
}

/** An entry of the export section. */
export interface Export {
  readonly name: string;
  readonly kind: "func" | "table" | "memory" | "global";
  readonly index: number;
}

const KINDS = ["func", "table", "memory", "global"] as const;

export function readExports(binary: Uint8Array): Export[] {
  const section = readSections(binary).find(({ id }) => id === SECTION.export);
  if (!section) return [];
  const reader = new Reader(binary, section.start, section.end);
  return Array.from({ length: Math.min(reader.u32(), section.end - section.start) }, () => {
    const name = reader.text();
    const kind = KINDS[reader.byte()];
    if (!kind) throw new ModelError(`module: export ${name}: unknown kind`);
    return { name, kind, index: reader.u32() };
  });
}

/** Byte length of each function body, in order of the code section (a module of ours imports none). */
export function functionSizes(binary: Uint8Array): number[] {
  const section = readSections(binary).find(({ id }) => id === SECTION.code);
  if (!section) return [];
  const reader = new Reader(binary, section.start, section.end);
  return Array.from({ length: Math.min(reader.u32(), section.end - section.start) }, () => {
    const before = reader.position;
    reader.skip(reader.u32());
    return reader.position - before;
  });
}
