/** Signed images of models, written as imgtool writes them. */
import { type KeyObject, sign } from "node:crypto";
import { ImageError } from "./error.ts";
import { keyHash } from "./keys.ts";
import {
  AREA_HEADER,
  AREA_MAGIC,
  encodeStack,
  FLAG_NON_BOOTABLE,
  HEADER_BYTES,
  ID,
  IMAGE_MAGIC,
  type ImageFields,
  PROTECTED_MAGIC,
  sha256,
  TLV,
  TLV_HEADER,
} from "./mcuboot_format.ts";

export interface ImageOptions extends ImageFields {
  readonly body: Uint8Array;
  /** Ed25519 private key. */
  readonly key: KeyObject;
}

const VERSION = /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:\+(0|[1-9]\d*))?$/;
const VERSION_LIMITS = [0xff, 0xff, 0xffff, 0xffffffff];

function parseVersion(version: string): number[] {
  const numbers = VERSION.exec(version)
    ?.slice(1)
    .map((digits) => Number(digits ?? 0));
  if (!numbers?.every((number, i) => number <= VERSION_LIMITS[i]!)) {
    throw new ImageError(
      "ARGUMENT",
      `version: expected X.Y.Z, at most 255.255.65535 in an image, found "${version}"`,
    );
  }
  return numbers;
}

/** Throws ImageError unless the text can be the id of a model in an image. */
export function checkId(id: string): string {
  if (ID.test(id)) return id;
  throw new ImageError(
    "ARGUMENT",
    `model id: expected 1 to 64 letters, digits, ".", "_" or "-", found "${id}"`,
  );
}

function u32(name: string, value: number): Uint8Array {
  if (!Number.isInteger(value) || value < 0 || value > 0xffffffff) {
    throw new ImageError("ARGUMENT", `${name}: expected 0 to 4294967295, found ${value}`);
  }
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function tlv(type: number, value: Uint8Array): Uint8Array {
  const header = Buffer.alloc(TLV_HEADER);
  header.writeUInt16LE(type, 0);
  header.writeUInt16LE(value.length, 2);
  return Buffer.concat([header, value]);
}

function area(magic: number, tlvs: readonly Uint8Array[]): Uint8Array {
  if (tlvs.length === 0) return new Uint8Array();
  // The header of an area looks like that of a TLV, but its length counts itself.
  const header = Buffer.alloc(AREA_HEADER);
  header.writeUInt16LE(magic, 0);
  header.writeUInt16LE(AREA_HEADER + tlvs.reduce((sum, { length }) => sum + length, 0), 2);
  return Buffer.concat([header, ...tlvs]);
}

/** In the order that imgtool gives them, so that equal fields make equal bytes. */
function protectedTlvs(fields: ImageFields): Uint8Array[] {
  const { securityCounter, id, abi, memoryBytes, capabilities, leastBytes, nativeStack } = fields;
  return [
    ...(securityCounter === undefined
      ? []
      : [tlv(TLV.securityCounter, u32("security counter", securityCounter))]),
    ...(id === undefined ? [] : [tlv(TLV.id, Buffer.from(checkId(id), "ascii"))]),
    ...(abi === undefined ? [] : [tlv(TLV.abi, u32("ABI", abi))]),
    ...(memoryBytes === undefined ? [] : [tlv(TLV.memoryBytes, u32("memory bytes", memoryBytes))]),
    ...(capabilities === undefined ? [] : [tlv(TLV.capabilities, u32("capabilities", capabilities))]),
    ...(leastBytes === undefined ? [] : [tlv(TLV.leastBytes, u32("least memory bytes", leastBytes))]),
    ...(nativeStack === undefined ? [] : [tlv(TLV.nativeStack, encodeStack(nativeStack))]),
  ];
}

function header(version: string, bodyBytes: number, protectedBytes: number): Uint8Array {
  const [major, minor, revision, build] = parseVersion(version);
  const bytes = Buffer.alloc(HEADER_BYTES);
  bytes.writeUInt32LE(IMAGE_MAGIC, 0);
  bytes.writeUInt16LE(HEADER_BYTES, 8);
  bytes.writeUInt16LE(protectedBytes, 10);
  bytes.writeUInt32LE(bodyBytes, 12);
  bytes.writeUInt32LE(FLAG_NON_BOOTABLE, 16);
  bytes.writeUInt8(major!, 20);
  bytes.writeUInt8(minor!, 21);
  bytes.writeUInt16LE(revision!, 22);
  bytes.writeUInt32LE(build!, 24);
  return bytes;
}

/**
 * The signed image of a module. Fields that are left out have no TLV. Deterministic: the same options give
 * the same bytes, and `imgtool sign` with the same fields gives them too. Throws ImageError for a field out
 * of range; that the body is a module is the caller's to check.
 */
export function writeImage(options: ImageOptions): Uint8Array {
  const { body, key } = options;
  if (body.length === 0) throw new ImageError("ARGUMENT", "body: expected at least one byte, found none");
  const protectedArea = area(PROTECTED_MAGIC, protectedTlvs(options));
  const signed = Buffer.concat([
    header(options.version, body.length, protectedArea.length),
    body,
    protectedArea,
  ]);
  const digest = sha256(signed);
  const signatureArea = area(AREA_MAGIC, [
    tlv(TLV.sha256, digest),
    tlv(TLV.keyHash, keyHash(key)),
    tlv(TLV.ed25519, sign(null, digest, key)),
  ]);
  return new Uint8Array(Buffer.concat([signed, signatureArea]));
}
