import assert from "node:assert/strict";
import { createHash, createPublicKey, type KeyObject, sign } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import fc from "fast-check";
import { ImageError, type ImageStatus } from "../../host/image/error.ts";
import { generateKey, keyHash } from "../../host/image/keys.ts";
import { type ImageInfo, isImage, parseImage, parseSlot, verifyImage } from "../../host/image/mcuboot.ts";
import type { ImageFields } from "../../host/image/mcuboot_format.ts";
import { writeImage } from "../../host/image/write_image.ts";
import { generator, mutate } from "../runtime/data/mutate.ts";
import { scratchFolder } from "../support/folders.ts";
import {
  imgtool,
  imgtoolMissing,
  key,
  keyFile,
  load,
  module,
  otherKey,
  pathOf,
  publicKeyFile,
  vectors,
} from "./vectors.ts";

const publicKey = createPublicKey(key);
const full = load("full.img");

function fieldsOf(info: ImageInfo): ImageFields {
  const { body, bytes, digest, keyHash: hash, signature, ...fields } = info;
  return fields;
}

/** The error of an image that has to be refused. */
function refusal(bytes: Uint8Array, keys: readonly KeyObject[] = [publicKey]): ImageError {
  try {
    verifyImage(bytes, keys);
  } catch (error) {
    assert.ok(error instanceof ImageError, String(error));
    assert.ok(!error.message.includes("\n"), error.message);
    return error;
  }
  return assert.fail(`expected a refusal of ${bytes.length} bytes, found none`);
}

function assertRefused(bytes: Uint8Array, status: ImageStatus, part: string | RegExp): void {
  const { status: found, message } = refusal(bytes);
  assert.equal(found, status, message);
  if (part instanceof RegExp) assert.match(message, part);
  else assert.ok(message.includes(part), `expected "${part}", found "${message}"`);
}

describe("images of imgtool", () => {
  for (const { file, fields, status, error } of vectors) {
    if (fields) {
      test(`${file} is accepted`, () => {
        const info = verifyImage(load(file), [publicKey]);
        assert.deepEqual(fieldsOf(info), fields);
        assert.deepEqual(info.body, module);
      });
      // Ours has one order; another is as good.
      if (file === "reordered.img") continue;
      test(`${file} is what we write, byte for byte`, () => {
        const ours = writeImage({ body: module, key, ...fields });
        assert.equal(Buffer.from(ours).toString("hex"), Buffer.from(load(file)).toString("hex"));
      });
    } else {
      test(`${file} is refused`, () => {
        assertRefused(load(file), status!, error!);
      });
    }
  }
});

describe("with imgtool", { skip: imgtoolMissing }, () => {
  const folder = scratchFolder();

  test("imgtool verifies our image, with its public key and not with another", () => {
    const file = join(folder, "ours.img");
    const body = new Uint8Array(1001).fill(7);
    writeFileSync(file, writeImage({ body, key, version: "3.2.1", id: "m", securityCounter: 9, abi: 2 }));
    const { status, stdout } = imgtool(["verify", "--key", publicKeyFile, file]);
    assert.equal(status, 0, stdout);
    assert.match(stdout, /correctly validated[\s\S]*3\.2\.1\+0/);
    assert.equal(imgtool(["verify", "--key", pathOf("test_only_other_key.pem"), file]).status, 1);
  });

  test("imgtool still signs as it did", () => {
    const { arguments: args } = vectors[0]!;
    const output = join(folder, "full.img");
    const files: Record<string, string> = { "{key}": keyFile, "{module}": pathOf("module.wasm") };
    const { status, stderr } = imgtool([...args.map((argument) => files[argument] ?? argument), output]);
    assert.equal(status, 0, stderr);
    assert.deepEqual(new Uint8Array(readFileSync(output)), full);
  });
});

describe("what we write", () => {
  const u32 = fc.option(fc.nat(0xffffffff), { nil: undefined });
  const fields = fc.record(
    {
      version: fc.tuple(fc.nat(255), fc.nat(255), fc.nat(65535)).map((numbers) => numbers.join(".")),
      securityCounter: u32,
      id: fc.option(fc.stringMatching(/^[A-Za-z0-9._-]{1,64}$/), { nil: undefined }),
      abi: u32,
      memoryBytes: u32,
      capabilities: u32,
    },
    { requiredKeys: ["version"] },
  );
  const bodies = fc.uint8Array({ minLength: 1, maxLength: 300 });

  test("is read back as it was", () => {
    const property = fc.property(fields, bodies, (given, body) => {
      const known = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
      const info = verifyImage(writeImage({ ...(known as unknown as ImageFields), body, key }), [publicKey]);
      assert.deepEqual(fieldsOf(info), known);
      assert.deepEqual(info.body, body);
    });
    fc.assert(property, { seed: 1, numRuns: 200 });
  });

  const base = { body: module, key, version: "1.0.0" };
  const cases: readonly [string, Partial<ImageFields> & { body?: Uint8Array }, string][] = [
    ["no body", { body: new Uint8Array() }, "body: expected at least one byte"],
    [
      "a short version",
      { version: "1.0" },
      'version: expected X.Y.Z, at most 255.255.65535 in an image, found "1.0"',
    ],
    ["a great version", { version: "256.0.0" }, 'found "256.0.0"'],
    ["a great revision", { version: "1.0.65536" }, 'found "1.0.65536"'],
    ["an empty id", { id: "" }, "model id: expected 1 to 64"],
    ["a long id", { id: "m".repeat(65) }, "model id: expected 1 to 64"],
    ["an id with a slash", { id: "a/b" }, 'found "a/b"'],
    ["an id with a line end", { id: "ab\n" }, "model id: expected 1 to 64"],
    ["a negative counter", { securityCounter: -1 }, "security counter: expected 0 to 4294967295, found -1"],
    ["a great counter", { securityCounter: 2 ** 32 }, "found 4294967296"],
    ["a broken size", { memoryBytes: 1.5 }, "memory bytes: expected 0 to 4294967295, found 1.5"],
  ];
  for (const [name, given, part] of cases) {
    test(`is refused before it is written: ${name}`, () => {
      assert.throws(
        () => writeImage({ ...base, ...given }),
        (error: Error) =>
          error instanceof ImageError && error.status === "ARGUMENT" && error.message.includes(part),
      );
    });
  }
});

describe("damage", () => {
  test("every bit of every byte counts", () => {
    for (let bit = 0; bit < 8 * full.length; bit++) {
      const damaged = new Uint8Array(full);
      damaged[bit >> 3]! ^= 1 << (bit & 7);
      refusal(damaged);
    }
  });

  test("truncation at every length", () => {
    for (let length = 0; length < full.length; length++) {
      assert.equal(refusal(full.subarray(0, length)).status, "TRUNCATED", `${length} bytes`);
    }
  });

  test("bytes after the end, in a file; in a slot they are no matter", () => {
    const longer = new Uint8Array(full.length + 1);
    longer.set(full);
    assertRefused(longer, "TLV", `offset ${full.length}: expected the end, found 1 bytes`);
    assert.equal(parseSlot(longer).bytes, full.length);
  });

  test("seeded mutations are refused in one line, or are the image", () => {
    const below = generator(3);
    for (let i = 0; i < 5000; i++) {
      const damaged = mutate(full, below);
      if (Buffer.compare(damaged, full) !== 0) refusal(damaged);
    }
  });

  test("what each field says", () => {
    const set = (at: number, ...values: number[]): Uint8Array => {
      const image = new Uint8Array(full);
      image.set(values, at);
      return image;
    };
    assertRefused(set(0, 0xff), "MAGIC", "offset 0: magic: expected 0x96f3b83d, found 0x96f3b8ff");
    assertRefused(set(4, 1), "HEADER", "offset 4: load address: expected 0, found 0x01");
    assertRefused(set(8, 64), "HEADER", "offset 8: header size: expected 32, found 64");
    assertRefused(
      set(10, 47),
      "TLV",
      "offset 206: protected TLV area: expected 47 bytes as in the header, found 48",
    );
    assertRefused(set(10, 0), "TLV", "offset 206: TLV area: expected magic 0x6907, found 0x6908");
    assertRefused(set(12, 0, 0, 0, 0), "HEADER", "offset 12: body: expected at least one byte");
    assertRefused(
      set(12, 0xff, 0xff, 0xff, 0xff),
      "TRUNCATED",
      "offset 12: image: expected at least 4294967519 bytes, found 398",
    );
    assertRefused(set(16, 0x30), "HEADER", "offset 16: flags: expected 0x10, found 0x30");
    assertRefused(set(28, 1), "HEADER", "offset 28: padding: expected 0, found 0x01");
    assertRefused(
      set(20, 9),
      "HASH",
      /^offset 258: SHA-256: expected [0-9a-f]{16}\.\.\., found [0-9a-f]{16}\.\.\.: the image is damaged$/,
    );
    assertRefused(set(206, 7), "TLV", "offset 206: TLV area: expected magic 0x6908, found 0x6907");
    assertRefused(set(208, 3), "TLV", "expected at least 4 bytes, found 3");
    assertRefused(
      set(208, 47),
      "TLV",
      "offset 206: protected TLV area: expected 48 bytes as in the header, found 47",
    );
    assertRefused(set(212, 0xff), "TLV", "TLV 0x50: expected at most 40 bytes, found 255");
    assertRefused(set(256, 0x91), "TRUNCATED", "TLV area: expected 145 bytes, found 144");
    assertRefused(set(258, 0x11), "TLV", "found SHA384 (0x11), KEYHASH (0x01), ED25519 (0x24)");
    assertRefused(set(258, 0x25), "TLV", "found SIG_PURE (0x25): sign without --pure");
  });
});

/** An image put together by hand, so that parts of it can be wrong although it is signed. */
function handMade(tlvs: readonly (readonly [number, Uint8Array | number])[]): Uint8Array {
  const entries = tlvs.map(([type, given]) => {
    const value = typeof given === "number" ? Buffer.from(Uint32Array.of(given).buffer) : given;
    return Buffer.concat([Buffer.from(Uint16Array.of(type, value.length).buffer), value]);
  });
  const area = (magic: number, parts: readonly Uint8Array[]): Buffer => {
    const length = 4 + parts.reduce((sum, part) => sum + part.length, 0);
    return Buffer.concat([Buffer.from(Uint16Array.of(magic, length).buffer), ...parts]);
  };
  const header = Buffer.from(full.subarray(0, 32));
  const protectedArea = area(0x6908, entries);
  header.writeUInt16LE(protectedArea.length, 10);
  const signed = Buffer.concat([header, module, protectedArea]);
  const digest = createHash("sha256").update(signed).digest();
  const tlv = (type: number, value: Uint8Array): Buffer =>
    Buffer.concat([Buffer.from(Uint16Array.of(type, value.length).buffer), value]);
  const signature = sign(null, digest, key);
  return Buffer.concat([
    signed,
    area(0x6907, [tlv(0x10, digest), tlv(0x01, keyHash(key)), tlv(0x24, signature)]),
  ]);
}

describe("protected TLVs of a signed image", () => {
  test("an empty area, vendor types that we do not know", () => {
    assert.deepEqual(fieldsOf(verifyImage(handMade([]), [publicKey])), { version: "1.2.3" });
    const unknown = handMade([
      [0xa7, 1],
      [0xfffe, new Uint8Array()],
      [0xa1, 2],
    ]);
    assert.deepEqual(fieldsOf(verifyImage(unknown, [publicKey])), { version: "1.2.3", abi: 2 });
  });

  for (const type of [0x50, 0xa0, 0xa1, 0xa2, 0xa3, 0xb0]) {
    test(`0x${type.toString(16)} twice`, () => {
      const value = type === 0xa0 ? Buffer.from("m") : 1;
      assertRefused(
        handMade([
          [type, value],
          [type, value],
        ]),
        "TLV",
        "expected once, found twice",
      );
    });
  }

  for (const type of [0x50, 0xa1, 0xa2, 0xa3]) {
    test(`0x${type.toString(16)} of another length`, () => {
      assertRefused(handMade([[type, new Uint8Array(3)]]), "TLV", "expected 4 bytes, found 3");
      assertRefused(handMade([[type, new Uint8Array(5)]]), "TLV", "expected 4 bytes, found 5");
    });
  }

  test("ids that are none", () => {
    for (const id of ["", "a b", "ä", "a\0", "m".repeat(65)]) {
      assertRefused(handMade([[0xa0, Buffer.from(id)]]), "TLV", "model id: expected 1 to 64");
    }
  });

  test("types of MCUboot that a model can't fulfil", () => {
    for (const type of [0x01, 0x10, 0x24, 0x25, 0x40, 0x60, 0x9f]) {
      assertRefused(handMade([[type, 1]]), "TLV", "expected SEC_CNT (0x50) and vendor types");
    }
  });
});

describe("keys and signatures", () => {
  test("another key, no key, one of several", () => {
    assert.equal(refusal(full, [otherKey]).status, "KEY");
    assert.match(refusal(full, []).message, /signed with another key: expected none, found/);
    assert.equal(verifyImage(full, [createPublicKey(otherKey), publicKey]).id, "plus_one");
    assert.equal(verifyImage(full, [key]).id, "plus_one");
    assert.equal(refusal(load("other_key.img")).status, "KEY");
  });

  test("the key hash of one key and the signature of another", () => {
    const image = new Uint8Array(full);
    image.set(keyHash(otherKey), 298);
    assert.equal(refusal(image, [publicKey, otherKey]).status, "SIGNATURE");
  });

  test("S + L in place of S", () => {
    const order = 2n ** 252n + 27742317777372353535851937790883648493n;
    const image = Buffer.from(full);
    const at = image.length - 32;
    const s = BigInt(`0x${Buffer.from(image.subarray(at)).reverse().toString("hex")}`);
    Buffer.from((s + order).toString(16).padStart(64, "0"), "hex")
      .reverse()
      .copy(image, at);
    assert.equal(refusal(image).status, "SIGNATURE");
  });

  test("a key of small order, under which one signature fits every message", () => {
    // The neutral element: R = B and S = 1 satisfy the equation whatever the message.
    const point = Buffer.alloc(32);
    point[0] = 1;
    const small = createPublicKey({
      key: { kty: "OKP", crv: "Ed25519", x: point.toString("base64url") },
      format: "jwk",
    });
    const image = Buffer.from(full);
    Buffer.from(keyHash(small)).copy(image, 298);
    const basePoint = Buffer.from(`58${"66".repeat(31)}`, "hex");
    const one = Buffer.alloc(32);
    one[0] = 1;
    Buffer.concat([basePoint, one]).copy(image, image.length - 64);
    assert.equal(refusal(image, [small]).status, "KEY");
  });

  test("a new key signs and verifies", () => {
    const fresh = generateKey();
    assert.equal(
      verifyImage(writeImage({ body: module, key: fresh, version: "0.0.1" }), [fresh]).version,
      "0.0.1",
    );
  });
});

test("a padded image in its slot", () => {
  assert.deepEqual(parseSlot(load("padded.img")).body, module);
});

test("what looks like an image", () => {
  assert.deepEqual([full, module, new Uint8Array(), full.subarray(0, 3)].map(isImage), [
    true,
    false,
    false,
    false,
  ]);
  assert.deepEqual(parseImage(full).body, module);
});
