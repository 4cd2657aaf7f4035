/** Ed25519 keys: PEM as openssl and imgtool write it, and the forms that images and firmware hold. */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
} from "node:crypto";
import { ImageError } from "./error.ts";

/** A new private key. */
export const generateKey = (): KeyObject => generateKeyPairSync("ed25519").privateKey;

/** PKCS #8, not encrypted. */
export const privatePem = (key: KeyObject): string => key.export({ format: "pem", type: "pkcs8" }) as string;

/** SubjectPublicKeyInfo. */
export const publicPem = (key: KeyObject): string =>
  publicOf(key).export({ format: "pem", type: "spki" }) as string;

const publicOf = (key: KeyObject): KeyObject => (key.type === "private" ? createPublicKey(key) : key);

/** The label of a PEM file, e.g. "PRIVATE KEY"; the key in it may still be malformed. */
const pemLabel = (pem: string): string | undefined => /^-----BEGIN ([A-Z0-9 ]+)-----\s*$/m.exec(pem)?.[1];

function parsePem(pem: string, where: string, expected: string, make: (pem: string) => KeyObject): KeyObject {
  const label = pemLabel(pem);
  const refuse = (found: string, cause?: unknown): never => {
    throw new ImageError("KEY", `${where}: expected ${expected} (PEM), found ${found}`, { cause });
  };
  if (label === undefined) return refuse("no PEM");
  if (/ENCRYPTED/.test(pem)) return refuse("an encrypted key: decrypt it first, e.g. openssl pkey -in KEY");
  let key: KeyObject;
  try {
    key = make(pem);
  } catch (cause) {
    return refuse(label.endsWith("KEY") ? `a malformed ${label}` : label, cause);
  }
  if (key.asymmetricKeyType !== "ed25519") return refuse(`a key of type ${key.asymmetricKeyType}`);
  if (isSmallOrder(rawPublicKey(key))) return refuse("a point of small order");
  return key;
}

/** Reads an Ed25519 private key. Throws ImageError for anything else; `where` begins its message. */
export function readPrivateKey(pem: string, where: string): KeyObject {
  const expected = "an Ed25519 private key";
  if (pemLabel(pem) === "PUBLIC KEY") {
    throw new ImageError("KEY", `${where}: expected ${expected} (PEM), found a public key`);
  }
  return parsePem(pem, where, expected, (text) => createPrivateKey(text));
}

/** Reads an Ed25519 public key, or the public half of a private one. */
export const readPublicKey = (pem: string, where: string): KeyObject =>
  publicOf(parsePem(pem, where, "an Ed25519 public key", (text) => createPublicKey(text)));

/** The 32 bytes of RFC 8032, section 5.1.5. */
export const rawPublicKey = (key: KeyObject): Uint8Array =>
  new Uint8Array(Buffer.from(publicOf(key).export({ format: "jwk" }).x!, "base64url"));

/** The value of the TLV KEYHASH: SHA-256 of the SubjectPublicKeyInfo. */
export function keyHash(key: KeyObject): Uint8Array {
  const info = publicOf(key).export({ format: "der", type: "spki" });
  return new Uint8Array(createHash("sha256").update(info).digest());
}

const P = 2n ** 255n - 19n;
/** y of four of the points of order 8; -y is that of the others. It solves d y^4 + 2 y^2 = 1 (mod p). */
export const ORDER_8_Y = 0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7n;
const SMALL_ORDER_Y = [0n, 1n, P - 1n, ORDER_8_Y, P - ORDER_8_Y];

/**
 * Whether a key is one of the eight points whose order divides 8, in any encoding: under such a key one
 * signature fits many messages (Chalkias, Garillot, Nikolaenko: "Taming the many EdDSAs", 2020).
 */
export function isSmallOrder(raw: Uint8Array): boolean {
  const littleEndian = BigInt(`0x${Buffer.from(raw).reverse().toString("hex")}`);
  // The uppermost bit is the sign of x, and y may be written as y + p.
  const y = (littleEndian & (2n ** 255n - 1n)) % P;
  return SMALL_ORDER_Y.includes(y);
}

/** Rows of a C initialiser, eight bytes each. */
function cRows(raw: Uint8Array): string {
  const rows = Array.from({ length: raw.length / 8 }, (_, i) => [...raw.subarray(8 * i, 8 * i + 8)]);
  const hex = (byte: number): string => `0x${byte.toString(16).padStart(2, "0")}`;
  return rows.map((row) => `        ${row.map(hex).join(", ")},`).join("\n");
}

/** A C header that defines an image as the array `model_image`, which has to lie at a multiple of 4. */
export function imageHeader(image: Uint8Array): string {
  const padded = new Uint8Array(Math.ceil(image.length / 8) * 8).fill(0xff);
  padded.set(image);
  return `/* A signed model image. Made by thimble sign. */
#ifndef THIMBLE_MODEL_IMAGE_H
#define THIMBLE_MODEL_IMAGE_H

#include "thimble.h"

#if defined(__GNUC__)
__attribute__((aligned(8)))
#endif
static const uint8_t model_image[${padded.length}] = {
${cRows(padded)}
};

#endif
`;
}

/** A C header that defines `thimble_keys`, for `thimble_device.keys`, and `THIMBLE_KEY_COUNT`. */
export function keyHeader(keys: readonly KeyObject[]): string {
  const entries = keys.map((key) => `    {\n${cRows(rawPublicKey(key))}\n    },\n`);
  return `/* Public keys that this device trusts. Made by thimble keygen. */
#ifndef THIMBLE_KEYS_H
#define THIMBLE_KEYS_H

#include "thimble.h"

#define THIMBLE_KEY_COUNT ${keys.length}

static const uint8_t thimble_keys[THIMBLE_KEY_COUNT][THIMBLE_KEY_BYTES] = {
${entries.join("")}};

#endif
`;
}
