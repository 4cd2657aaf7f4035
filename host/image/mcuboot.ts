/**
 * Model images: the MCUboot image format around a WebAssembly module, as firmware/SPEC.md, section 1,
 * describes it byte by byte. Checks run in the order of its section 3, so a defect has the same name on
 * the host and on a device.
 */
import { type KeyObject, verify } from "node:crypto";
import type { NativeStack } from "../module/native_stack.ts";
import { ImageError, type ImageStatus } from "./error.ts";
import { isSmallOrder, keyHash, rawPublicKey } from "./keys.ts";
import {
  AREA_HEADER,
  AREA_MAGIC,
  decodeStack,
  FIRST_VENDOR_TYPE,
  FLAG_NON_BOOTABLE,
  HEADER_BYTES,
  ID,
  IMAGE_MAGIC,
  type ImageFields,
  PROTECTED_MAGIC,
  SIGNATURE_AREA,
  SIGNATURE_AREA_BYTES,
  sha256,
  TLV,
  TLV_HEADER,
} from "./mcuboot_format.ts";

/** Names that MCUboot gives to types, for messages. */
const NAMES: Readonly<Record<number, string>> = {
  1: "KEYHASH",
  2: "PUBKEY",
  16: "SHA256",
  17: "SHA384",
  18: "SHA512",
  32: "RSA2048",
  34: "ECDSASIG",
  35: "RSA3072",
  36: "ED25519",
  37: "SIG_PURE",
};

export interface ImageInfo extends ImageFields {
  /** The WebAssembly module. */
  readonly body: Uint8Array;
  /** Bytes of the whole image; in a slot others may follow. */
  readonly bytes: number;
  /** SHA-256 of header, body and protected TLVs: what is signed. */
  readonly digest: Uint8Array;
  readonly keyHash: Uint8Array;
  readonly signature: Uint8Array;
}

interface Entry {
  readonly type: number;
  readonly value: Uint8Array;
  readonly offset: number;
}

interface Frame {
  readonly fields: ImageFields;
  readonly body: Uint8Array;
  readonly signatureArea: readonly Entry[];
  /** Where header, body and protected TLVs end. */
  readonly signedBytes: number;
  readonly bytes: number;
}

const hex = (value: number, digits = 2): string => `0x${value.toString(16).padStart(digits, "0")}`;
const nameOf = (type: number): string => (NAMES[type] ? `${NAMES[type]} (${hex(type)})` : `TLV ${hex(type)}`);
const equal = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

function fail(status: ImageStatus, offset: number, message: string): never {
  throw new ImageError(status, `offset ${offset}: ${message}`);
}

interface Header {
  readonly version: string;
  readonly protectedBytes: number;
  readonly bodyBytes: number;
}

function readHeader(data: Buffer): Header {
  if (data.length < HEADER_BYTES) {
    fail("TRUNCATED", 0, `header: expected ${HEADER_BYTES} bytes, found ${data.length}`);
  }
  const field = (
    status: ImageStatus,
    offset: number,
    name: string,
    found: number,
    expected: number,
  ): void => {
    const show = (value: number): string => (name.endsWith("size") ? String(value) : hex(value));
    const wanted = expected === 0 ? "0" : show(expected);
    if (found !== expected) fail(status, offset, `${name}: expected ${wanted}, found ${show(found)}`);
  };
  field("MAGIC", 0, "magic", data.readUInt32LE(0), IMAGE_MAGIC);
  field("HEADER", 4, "load address", data.readUInt32LE(4), 0);
  field("HEADER", 8, "header size", data.readUInt16LE(8), HEADER_BYTES);
  field("HEADER", 16, "flags", data.readUInt32LE(16), FLAG_NON_BOOTABLE);
  field("HEADER", 28, "padding", data.readUInt32LE(28), 0);
  const bodyBytes = data.readUInt32LE(12);
  if (bodyBytes === 0) fail("HEADER", 12, "body: expected at least one byte, found none");
  const build = data.readUInt32LE(24);
  const version = `${data[20]}.${data[21]}.${data.readUInt16LE(22)}${build === 0 ? "" : `+${build}`}`;
  return { version, protectedBytes: data.readUInt16LE(10), bodyBytes };
}

/** The TLVs of an area of known size; `offset` is that of its header. */
function readArea(data: Buffer, offset: number, bytes: number): Entry[] {
  const end = offset + bytes;
  const entries: Entry[] = [];
  for (let at = offset + AREA_HEADER; at < end; ) {
    if (end - at < TLV_HEADER) fail("TLV", at, `TLV: expected ${TLV_HEADER} bytes, found ${end - at}`);
    const type = data.readUInt16LE(at);
    const length = data.readUInt16LE(at + 2);
    const left = end - at - TLV_HEADER;
    if (length > left) fail("TLV", at, `${nameOf(type)}: expected at most ${left} bytes, found ${length}`);
    const start = at + TLV_HEADER;
    entries.push({ type, offset: at, value: data.subarray(start, start + length) });
    at = start + length;
  }
  return entries;
}

function areaBytes(data: Buffer, offset: number, magic: number): number {
  if (data.length - offset < AREA_HEADER) {
    fail("TRUNCATED", offset, `TLV area: expected ${AREA_HEADER} bytes, found ${data.length - offset}`);
  }
  const found = data.readUInt16LE(offset);
  if (found !== magic) {
    fail("TLV", offset, `TLV area: expected magic ${hex(magic, 4)}, found ${hex(found, 4)}`);
  }
  const bytes = data.readUInt16LE(offset + 2);
  if (bytes < AREA_HEADER)
    fail("TLV", offset, `TLV area: expected at least ${AREA_HEADER} bytes, found ${bytes}`);
  if (bytes > data.length - offset) {
    fail("TRUNCATED", offset, `TLV area: expected ${bytes} bytes, found ${data.length - offset}`);
  }
  return bytes;
}

function checkProtectedArea(data: Buffer, offset: number, expected: number): void {
  if (expected === 0) return;
  const bytes = areaBytes(data, offset, PROTECTED_MAGIC);
  if (bytes !== expected) {
    fail("TLV", offset, `protected TLV area: expected ${expected} bytes as in the header, found ${bytes}`);
  }
}

function readSignatureArea(data: Buffer, offset: number): Entry[] {
  const bytes = areaBytes(data, offset, AREA_MAGIC);
  const entries = readArea(data, offset, bytes);
  const pure = entries.find(({ type }) => type === TLV.pure);
  if (pure) {
    fail(
      "TLV",
      pure.offset,
      "expected a signature of the digest, found SIG_PURE (0x25): sign without --pure",
    );
  }
  const matches =
    entries.length === SIGNATURE_AREA.length &&
    SIGNATURE_AREA.every(({ type, bytes: length }, i) => {
      return entries[i]!.type === type && entries[i]!.value.length === length;
    });
  if (!matches) {
    const list = (types: readonly number[]): string => types.map(nameOf).join(", ") || "none";
    const expected = list(SIGNATURE_AREA.map(({ type }) => type));
    fail("TLV", offset, `TLVs: expected ${expected}, found ${list(entries.map(({ type }) => type))}`);
  }
  return entries;
}

const NUMBERS = {
  [TLV.securityCounter]: "securityCounter",
  [TLV.abi]: "abi",
  [TLV.memoryBytes]: "memoryBytes",
  [TLV.capabilities]: "capabilities",
  [TLV.leastBytes]: "leastBytes",
} as const;
const NUMBER_NAMES: Readonly<Record<number, string>> = {
  [TLV.securityCounter]: "security counter",
  [TLV.abi]: "ABI",
  [TLV.memoryBytes]: "memory bytes",
  [TLV.capabilities]: "capabilities",
  [TLV.leastBytes]: "least memory bytes",
};

function readNumber({ type, value, offset }: Entry): number {
  if (value.length !== 4) {
    fail("TLV", offset, `${NUMBER_NAMES[type]} (${hex(type)}): expected 4 bytes, found ${value.length}`);
  }
  return Buffer.from(value).readUInt32LE(0);
}

function readId({ value, offset }: Entry): string {
  const id = Buffer.from(value).toString("latin1");
  if (!ID.test(id)) {
    const found = value.length > 64 ? `${value.length} bytes` : JSON.stringify(id);
    fail("TLV", offset, `model id: expected 1 to 64 letters, digits, ".", "_" or "-", found ${found}`);
  }
  return id;
}

const readStack = ({ type, value, offset }: Entry): NativeStack =>
  decodeStack(value) ??
  fail("TLV", offset, `native stack (${hex(type)}): expected 12 bytes, found ${value.length}`);

/** The facts of the protected TLVs. MCUboot's own conditions would have to be fulfilled, so they are refused. */
function readFields(entries: readonly Entry[]): Omit<ImageFields, "version"> {
  const fields: { -readonly [K in keyof ImageFields]?: ImageFields[K] } = {};
  const seen = new Set<number>();
  for (const entry of entries) {
    const { type, offset } = entry;
    if (seen.has(type)) fail("TLV", offset, `${nameOf(type)}: expected once, found twice`);
    seen.add(type);
    if (type in NUMBERS) fields[NUMBERS[type as keyof typeof NUMBERS]] = readNumber(entry);
    else if (type === TLV.id) fields.id = readId(entry);
    else if (type === TLV.nativeStack) fields.nativeStack = readStack(entry);
    else if (type < FIRST_VENDOR_TYPE) {
      fail("TLV", offset, `protected TLVs: expected SEC_CNT (0x50) and vendor types, found ${nameOf(type)}`);
    }
  }
  return fields;
}

/** Header and both TLV areas: nothing is believed yet, but every byte has its place. */
function readFrame(data: Buffer): Frame {
  const { version, protectedBytes, bodyBytes } = readHeader(data);
  const bodyEnd = HEADER_BYTES + bodyBytes;
  const least = bodyEnd + protectedBytes + SIGNATURE_AREA_BYTES;
  if (least > data.length) {
    fail("TRUNCATED", 12, `image: expected at least ${least} bytes, found ${data.length}`);
  }
  checkProtectedArea(data, bodyEnd, protectedBytes);
  const signedBytes = bodyEnd + protectedBytes;
  const signatureArea = readSignatureArea(data, signedBytes);
  return {
    fields: { version, ...readFields(readArea(data, bodyEnd, protectedBytes)) },
    body: data.subarray(HEADER_BYTES, bodyEnd),
    signatureArea,
    signedBytes,
    bytes: signedBytes + SIGNATURE_AREA_BYTES,
  };
}

function infoOf(frame: Frame): ImageInfo {
  const [hash, keyHashEntry, signature] = frame.signatureArea;
  return {
    ...frame.fields,
    body: new Uint8Array(frame.body),
    bytes: frame.bytes,
    digest: new Uint8Array(hash!.value),
    keyHash: new Uint8Array(keyHashEntry!.value),
    signature: new Uint8Array(signature!.value),
  };
}

function checkDigest(data: Buffer, { signatureArea, signedBytes }: Frame): void {
  const { value, offset } = signatureArea[0]!;
  const found = sha256(data.subarray(0, signedBytes));
  if (equal(found, value)) return;
  const show = (digest: Uint8Array): string => `${Buffer.from(digest).toString("hex").slice(0, 16)}...`;
  fail("HASH", offset, `SHA-256: expected ${show(found)}, found ${show(value)}: the image is damaged`);
}

function checkSignature(frame: Frame, publicKeys: readonly KeyObject[]): void {
  const [hash, keyHashEntry, signature] = frame.signatureArea;
  const key = publicKeys.find(
    (candidate) => equal(keyHash(candidate), keyHashEntry!.value) && !isSmallOrder(rawPublicKey(candidate)),
  );
  if (!key) {
    const found = Buffer.from(keyHashEntry!.value).toString("hex").slice(0, 16);
    const expected = publicKeys.map((trusted) => Buffer.from(keyHash(trusted)).toString("hex").slice(0, 16));
    const list = expected.map((text) => `${text}...`).join(" or ") || "none";
    fail("KEY", keyHashEntry!.offset, `signed with another key: expected ${list}, found ${found}...`);
  }
  if (!verify(null, hash!.value, key, signature!.value)) {
    fail(
      "SIGNATURE",
      signature!.offset,
      "expected a valid Ed25519 signature of the digest, found an invalid one",
    );
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function read(bytes: Uint8Array, check: (frame: Frame) => void): ImageInfo {
  const data = asBuffer(bytes);
  const frame = readFrame(data);
  checkDigest(data, frame);
  check(frame);
  return infoOf(frame);
}

/** Whether a file is, or was meant as, an image: nothing else begins with its magic. */
export const isImage = (bytes: Uint8Array): boolean =>
  bytes.length >= 4 && asBuffer(bytes).readUInt32LE(0) === IMAGE_MAGIC;

/** Structure and hash of an image that lies at the start of a slot. Anybody can make such an image: see verifyImage. */
export const parseSlot = (bytes: Uint8Array): ImageInfo => read(bytes, () => {});

function checkEnd(info: ImageInfo, bytes: Uint8Array): ImageInfo {
  if (info.bytes !== bytes.length) {
    fail("TLV", info.bytes, `expected the end, found ${bytes.length - info.bytes} bytes: sign without --pad`);
  }
  return info;
}

/** As parseSlot, of a file that holds the image and nothing after it. Throws ImageError. */
export const parseImage = (bytes: Uint8Array): ImageInfo => checkEnd(parseSlot(bytes), bytes);

/**
 * As parseImage, and the signature is that of one of the keys; a key of small order is never trusted.
 * Throws ImageError, for the signature with status KEY or SIGNATURE.
 */
export const verifyImage = (bytes: Uint8Array, publicKeys: readonly KeyObject[]): ImageInfo =>
  checkEnd(
    read(bytes, (frame) => checkSignature(frame, publicKeys)),
    bytes,
  );
