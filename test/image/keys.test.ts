import assert from "node:assert/strict";
import { createPrivateKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { ImageError } from "../../host/image/error.ts";
import {
  generateKey,
  isSmallOrder,
  keyHash,
  keyHeader,
  ORDER_8_Y,
  privatePem,
  publicPem,
  rawPublicKey,
  readPrivateKey,
  readPublicKey,
} from "../../host/image/keys.ts";
import { key, keyFile, otherKey, publicKeyFile } from "./vectors.ts";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const pem = (file: string): string => readFileSync(file, "utf8");

function assertRefused(action: () => unknown, message: string): void {
  assert.throws(action, (error: Error) => {
    assert.ok(error instanceof ImageError && error.status === "KEY");
    assert.equal(error.message, message);
    return true;
  });
}

test("PEM is that of imgtool, both ways", () => {
  assert.equal(privatePem(key), pem(keyFile));
  assert.equal(publicPem(key), pem(publicKeyFile));
  assert.deepEqual(rawPublicKey(readPublicKey(pem(publicKeyFile), "f")), rawPublicKey(key));
  assert.deepEqual(rawPublicKey(readPublicKey(pem(keyFile), "f")), rawPublicKey(key));
});

test("the public key of RFC 8032, section 7.1, test 1", () => {
  const seed = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
  const der = Buffer.from(`302e020100300506032b657004220420${seed}`, "hex");
  const rfc = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  assert.equal(hex(rawPublicKey(rfc)), "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
});

test("new keys differ", () => {
  const [a, b] = [generateKey(), generateKey()];
  assert.notDeepEqual(keyHash(a), keyHash(b));
  assert.deepEqual(keyHash(readPrivateKey(privatePem(a), "a")), keyHash(a));
});

describe("keys that are refused", () => {
  const privateOf = (pair: { privateKey: KeyObject }): string =>
    pair.privateKey.export({ format: "pem", type: "pkcs8" }) as string;
  const rsa = privateOf(generateKeyPairSync("rsa", { modulusLength: 1024 }));
  const p256 = privateOf(generateKeyPairSync("ec", { namedCurve: "P-256" }));
  const x25519 = privateOf(generateKeyPairSync("x25519"));
  const encrypted = key.export({
    format: "pem",
    type: "pkcs8",
    cipher: "aes-256-cbc",
    passphrase: "x",
  }) as string;
  const expected = "f: expected an Ed25519 private key (PEM), found";

  test("other types", () => {
    assertRefused(() => readPrivateKey(rsa, "f"), `${expected} a key of type rsa`);
    assertRefused(() => readPrivateKey(p256, "f"), `${expected} a key of type ec`);
    assertRefused(() => readPrivateKey(x25519, "f"), `${expected} a key of type x25519`);
    assertRefused(
      () => readPublicKey(rsa, "f"),
      "f: expected an Ed25519 public key (PEM), found a key of type rsa",
    );
  });

  test("other forms", () => {
    assertRefused(() => readPrivateKey(pem(publicKeyFile), "f"), `${expected} a public key`);
    assertRefused(() => readPrivateKey("", "f"), `${expected} no PEM`);
    assertRefused(() => readPrivateKey("\0\x01", "f"), `${expected} no PEM`);
    const cut = pem(keyFile).replace("MC4C", "MC4D");
    assertRefused(() => readPrivateKey(cut, "f"), `${expected} a malformed PRIVATE KEY`);
    const note = "an encrypted key: decrypt it first, e.g. openssl pkey -in KEY";
    assertRefused(() => readPrivateKey(encrypted, "f"), `${expected} ${note}`);
    const certificate = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    assertRefused(() => readPrivateKey(certificate, "f"), `${expected} CERTIFICATE`);
  });
});

describe("small order", () => {
  const p = 2n ** 255n - 19n;
  const mod = (n: bigint): bigint => ((n % p) + p) % p;
  const encode = (y: bigint, sign: 0n | 1n): Uint8Array =>
    new Uint8Array(Buffer.from((y | (sign << 255n)).toString(16).padStart(64, "0"), "hex").reverse());

  test("the constant solves the equation of the points of order 8", () => {
    const inverse = (n: bigint): bigint => {
      let [result, base] = [1n, mod(n)];
      for (let exponent = p - 2n; exponent > 0n; exponent >>= 1n) {
        if (exponent & 1n) result = mod(result * base);
        base = mod(base * base);
      }
      return result;
    };
    // Doubling gives y = 0, of order 4, where y^2 = -x^2 on the curve -x^2 + y^2 = 1 + d x^2 y^2.
    const d = mod(-121665n * inverse(121666n));
    assert.equal(mod(d * ORDER_8_Y ** 4n + 2n * ORDER_8_Y ** 2n - 1n), 0n);
  });

  test("all eight points, in every encoding", () => {
    for (const y of [0n, 1n, p - 1n, ORDER_8_Y, p - ORDER_8_Y, p, p + 1n]) {
      for (const sign of [0n, 1n] as const) assert.ok(isSmallOrder(encode(y, sign)), `${y}, ${sign}`);
    }
    for (const y of [2n, p - 2n, p + 2n, ORDER_8_Y + 1n]) assert.ok(!isSmallOrder(encode(y, 0n)), String(y));
    assert.ok(!isSmallOrder(rawPublicKey(key)));
  });

  test("are no public keys", () => {
    const der = Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), encode(ORDER_8_Y, 1n)]);
    const text = `-----BEGIN PUBLIC KEY-----\n${der.toString("base64")}\n-----END PUBLIC KEY-----\n`;
    assertRefused(
      () => readPublicKey(text, "f"),
      "f: expected an Ed25519 public key (PEM), found a point of small order",
    );
  });
});

test("the C header holds every key", () => {
  const text = keyHeader([key, otherKey]);
  const bytes = [...text.matchAll(/0x([0-9a-f]{2}),/g)].map(([, digits]) => digits).join("");
  assert.equal(bytes, hex(rawPublicKey(key)) + hex(rawPublicKey(otherKey)));
  assert.match(text, /#define THIMBLE_KEY_COUNT 2\n/);
  assert.match(text, /static const uint8_t thimble_keys\[THIMBLE_KEY_COUNT\]\[THIMBLE_KEY_BYTES\] = \{/);
});
