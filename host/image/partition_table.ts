/** Partition tables of ESP-IDF: its binary form, as on flash, and its CSV. firmware/SPEC.md, section 4. */
import { createHash } from "node:crypto";
import { ImageError } from "./error.ts";
import { FIRST_OFFSET, SECTOR_BYTES } from "./layout.ts";

export interface Partition {
  /** At most 16 bytes of UTF-8, unique. */
  readonly label: string;
  readonly type: number;
  readonly subtype: number;
  /** Bytes from the start of flash; a multiple of a sector. */
  readonly offset: number;
  readonly size: number;
  readonly flags: number;
}

const ENTRY_BYTES = 32;
const LABEL_BYTES = 16;
const ENTRY_MAGIC = 0x50aa;
const MD5_MAGIC = 0xebeb;
/** The rest of the table's sector is for a signature. */
const TABLE_BYTES = 0xc00;
/** One entry is the checksum. */
const MAX_ENTRIES = TABLE_BYTES / ENTRY_BYTES - 1;

const hex = (value: number): string => `0x${value.toString(16)}`;
const isErased = (bytes: Uint8Array): boolean => bytes.every((byte) => byte === 0xff);
const md5 = (bytes: Uint8Array): Buffer => createHash("md5").update(bytes).digest();

function fail(message: string): never {
  throw new ImageError("ARGUMENT", `partition table: ${message}`);
}

function checkPartition({ label, offset, size }: Partition): void {
  const length = Buffer.byteLength(label);
  if (length < 1 || length > LABEL_BYTES) {
    fail(`label "${label}": expected 1 to ${LABEL_BYTES} bytes, found ${length}`);
  }
  for (const [name, value] of [
    ["offset", offset],
    ["size", size],
  ] as const) {
    if (value % SECTOR_BYTES !== 0) {
      fail(`${label}: ${name}: expected a multiple of ${hex(SECTOR_BYTES)}, found ${hex(value)}`);
    }
  }
  if (offset + size > 2 ** 32) {
    fail(`${label}: expected to end within 32-bit addresses, found ${hex(offset)} + ${hex(size)}`);
  }
  if (size === 0) fail(`${label}: size: expected at least ${hex(SECTOR_BYTES)}, found 0`);
}

/** Throws ImageError unless partitions are whole sectors, apart, behind the table, and told apart by label. */
export function checkTable(partitions: readonly Partition[]): void {
  if (partitions.length === 0 || partitions.length > MAX_ENTRIES) {
    fail(`expected 1 to ${MAX_ENTRIES} partitions, found ${partitions.length}`);
  }
  partitions.forEach(checkPartition);
  const labels = partitions.map(({ label }) => label);
  const twice = labels.find((label, i) => labels.indexOf(label) !== i);
  if (twice !== undefined) fail(`label "${twice}": expected once, found twice`);
  let end = FIRST_OFFSET;
  for (const { label, offset, size } of [...partitions].sort((a, b) => a.offset - b.offset)) {
    if (offset < end) fail(`${label}: offset: expected at least ${hex(end)}, found ${hex(offset)}`);
    end = offset + size;
  }
}

function encodeEntry({ label, type, subtype, offset, size, flags }: Partition): Buffer {
  const entry = Buffer.alloc(ENTRY_BYTES);
  entry.writeUInt16LE(ENTRY_MAGIC, 0);
  entry.writeUInt8(type, 2);
  entry.writeUInt8(subtype, 3);
  entry.writeUInt32LE(offset, 4);
  entry.writeUInt32LE(size, 8);
  entry.write(label, 12, "utf8");
  entry.writeUInt32LE(flags, 28);
  return entry;
}

/** The table as it lies at TABLE_OFFSET, without the erased rest of its sector. */
export function encodeTable(partitions: readonly Partition[]): Uint8Array {
  checkTable(partitions);
  const entries = Buffer.concat(partitions.map(encodeEntry));
  const checksum = Buffer.alloc(ENTRY_BYTES, 0xff);
  checksum.writeUInt16LE(MD5_MAGIC, 0);
  md5(entries).copy(checksum, LABEL_BYTES);
  const table = Buffer.alloc(TABLE_BYTES, 0xff);
  Buffer.concat([entries, checksum]).copy(table);
  return new Uint8Array(table);
}

function decodeEntry(entry: Buffer, at: number): Partition {
  const magic = entry.readUInt16LE(0);
  if (magic !== ENTRY_MAGIC) fail(`offset ${at}: magic: expected ${hex(ENTRY_MAGIC)}, found ${hex(magic)}`);
  return {
    label: entry.toString("utf8", 12, 12 + LABEL_BYTES).replace(/\0.*$/s, ""),
    type: entry.readUInt8(2),
    subtype: entry.readUInt8(3),
    offset: entry.readUInt32LE(4),
    size: entry.readUInt32LE(8),
    flags: entry.readUInt32LE(28),
  };
}

/** Reads a table up to its end: the first erased entry, or 0xC00 bytes. Throws ImageError. */
export function decodeTable(bytes: Uint8Array): Partition[] {
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, TABLE_BYTES));
  const partitions: Partition[] = [];
  for (let at = 0; ; at += ENTRY_BYTES) {
    const entry = data.subarray(at, at + ENTRY_BYTES);
    if (entry.length < ENTRY_BYTES)
      return fail(`offset ${at}: expected an erased entry at the end, found none`);
    if (isErased(entry)) break;
    if (entry.readUInt16LE(0) === MD5_MAGIC) {
      const found = entry.subarray(LABEL_BYTES);
      const expected = md5(data.subarray(0, at));
      if (!expected.equals(found)) {
        fail(`offset ${at}: MD5: expected ${expected.toString("hex")}, found ${found.toString("hex")}`);
      }
      break;
    }
    partitions.push(decodeEntry(entry, at));
  }
  checkTable(partitions);
  return partitions;
}

const TYPES: Readonly<Record<string, number>> = { app: 0x00, data: 0x01 };
const APP_SUBTYPES: Readonly<Record<string, number>> = {
  factory: 0x00,
  ...Object.fromEntries(Array.from({ length: 16 }, (_, i) => [`ota_${i}`, 0x10 + i])),
  test: 0x20,
};
const DATA_SUBTYPES: Readonly<Record<string, number>> = {
  ota: 0x00,
  phy: 0x01,
  nvs: 0x02,
  coredump: 0x03,
  nvs_keys: 0x04,
  efuse: 0x05,
  undefined: 0x06,
  esphttpd: 0x80,
  fat: 0x81,
  spiffs: 0x82,
  littlefs: 0x83,
};
const FLAGS: Readonly<Record<string, number>> = { encrypted: 1, readonly: 2 };
const APP_ALIGNMENT = 0x10000;
const UNITS: Readonly<Record<string, number>> = { k: 1024, m: 1024 * 1024 };

const subtypesOf = (type: number): Readonly<Record<string, number>> =>
  type === TYPES["app"] ? APP_SUBTYPES : type === TYPES["data"] ? DATA_SUBTYPES : {};

function csvNumber(
  line: number,
  name: string,
  text: string,
  names: Readonly<Record<string, number>> = {},
): number {
  const named = names[text.toLowerCase()];
  if (named !== undefined) return named;
  const [, digits, unit = ""] = /^(0x[0-9a-f]+|\d+)([km]?)$/i.exec(text) ?? [];
  if (digits === undefined) {
    const words = Object.keys(names).length > 0 ? ` or ${Object.keys(names).slice(0, 4).join(", ")}` : "";
    return fail(`line ${line}: ${name}: expected a number${words}, found "${text}"`);
  }
  return Number(digits) * (UNITS[unit.toLowerCase()] ?? 1);
}

const byteOf = (line: number, name: string, value: number): number =>
  value <= 0xff ? value : fail(`line ${line}: ${name}: expected at most 0xff, found ${hex(value)}`);

/** One line; an empty offset follows the partition before. */
function parseLine(text: string, line: number, end: number): Partition {
  const [label = "", typeText = "", subtypeText = "", offsetText = "", sizeText = "", flagText = ""] = text
    .split(",")
    .map((field) => field.trim());
  const type = byteOf(line, "type", csvNumber(line, "type", typeText, TYPES));
  const subtype = byteOf(line, "subtype", csvNumber(line, "subtype", subtypeText, subtypesOf(type)));
  const alignment = type === TYPES["app"] ? APP_ALIGNMENT : SECTOR_BYTES;
  const offset =
    offsetText === "" ? Math.ceil(end / alignment) * alignment : csvNumber(line, "offset", offsetText);
  const flags = flagText
    .split(":")
    .filter((flag) => flag !== "")
    .map(
      (flag) => FLAGS[flag] ?? fail(`line ${line}: flags: expected encrypted or readonly, found "${flag}"`),
    );
  const size = csvNumber(line, "size", sizeText);
  return { label, type, subtype, offset, size, flags: flags.reduce((sum, flag) => sum | flag, 0) };
}

/** Reads `partitions.csv` of an ESP-IDF project. Throws ImageError with the line. */
export function parseTableCsv(csv: string): Partition[] {
  const partitions: Partition[] = [];
  let end = FIRST_OFFSET;
  csv.split(/\r?\n/).forEach((text, i) => {
    if (/^\s*(#|$)/.test(text)) return;
    const partition = parseLine(text, i + 1, end);
    partitions.push(partition);
    end = partition.offset + partition.size;
  });
  checkTable(partitions);
  return partitions;
}

/** Reads a table in either form. */
export const readTable = (bytes: Uint8Array): Partition[] =>
  bytes.length >= 2 && bytes[0]! + 256 * bytes[1]! === ENTRY_MAGIC
    ? decodeTable(bytes)
    : parseTableCsv(Buffer.from(bytes).toString("utf8"));

/** The table as `partitions.csv`, with every offset written out. */
export function tableCsv(partitions: readonly Partition[]): string {
  checkTable(partitions);
  const nameIn = (names: Readonly<Record<string, number>>, value: number): string =>
    Object.keys(names).find((name) => names[name] === value) ?? hex(value);
  const rows = partitions.map(({ label, type, subtype, offset, size, flags }) => {
    const names = Object.keys(FLAGS).filter((flag) => flags & FLAGS[flag]!);
    return [
      label,
      nameIn(TYPES, type),
      nameIn(subtypesOf(type), subtype),
      hex(offset),
      hex(size),
      names.join(":"),
    ];
  });
  return [
    "# Name, Type, SubType, Offset, Size, Flags",
    ...rows.map((row) => row.join(", ").trimEnd()),
    "",
  ].join("\n");
}
