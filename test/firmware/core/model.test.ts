/** The firmware core, built with sanitizers: what it refuses, with which status, and what it computes. */
import assert from "node:assert/strict";
import { createPrivateKey, sign, verify } from "node:crypto";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { buildPosix } from "../../../host/firmware/posix_build.ts";
import { findCompiler, findSource, runProcess } from "../../../host/firmware/wasm3_build.ts";
import { type ModuleNeeds, readNeeds } from "../../../host/image/module.ts";
import { build } from "../../../host/pipeline.ts";
import { root } from "../../../host/root.ts";
import {
  assemble,
  hexI32,
  key,
  keyOf,
  type ModuleParts,
  makeImage,
  makeModule,
  otherKey,
  type Parts,
  play,
  publicHex,
  STATUS,
  sha256,
  type Tlv,
  u32,
} from "../../support/signed_images.ts";

const compiler = await findCompiler();
const missing = compiler && findSource() !== undefined ? false : "a C compiler or wasm3's source is missing";

let program = "";
const trust = `keys ${publicHex(key)}`;
const tiny = makeModule();
const tinyImage = makeImage({ body: tiny });
/** The answer of the tiny model to 5. */
const five = `invoke 0 ${hexI32(5)}`;
const fiveAnswer = `0 ${hexI32(1005)}`;

const store = (number: number, image: Uint8Array): string =>
  `image ${number} ${Buffer.from(image).toString("hex")}`;
const statusOf = (answer: string): number => Number(answer.split(" ")[0]);

/** The tiny model runs as model 0 from image 0 while `commands` use other numbers. */
async function besideTiny(commands: readonly string[]): Promise<string[]> {
  const frame = [trust, store(0, tinyImage), "open 0 0", five];
  const answers = await play(program, [...frame, ...commands, five]);
  assert.equal(answers[3], fiveAnswer);
  assert.equal(answers.at(-1), fiveAnswer);
  return answers.slice(frame.length, -1);
}

/** Status of opening the image beside the tiny model. */
async function statusOfOpening(
  image: Uint8Array,
  options = "",
  set: readonly string[] = [],
): Promise<number> {
  const answers = await besideTiny([...set, store(1, image), `open 1 1 ${options}`]);
  return statusOf(answers.at(-1)!);
}

before(async () => {
  if (missing === false) program = await buildPosix({ sanitize: true });
});

describe("crypto", { skip: missing }, () => {
  test("SHA-256 gives the digests of FIPS 180-4 and, at every length around a block, those of node:crypto", async () => {
    const texts = [
      "",
      "abc",
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
    ];
    const known = [
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
      "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1",
    ];
    const pieces = [...texts.map((text) => Buffer.from(text)), Buffer.alloc(1_000_000, "a")];
    for (let length = 0; length <= 200; length++) pieces.push(Buffer.alloc(length, length));
    const answers = await play(
      program,
      pieces.map((piece) => `sha256 ${piece.toString("hex")}`),
    );
    for (const [i, digest] of known.entries()) assert.equal(answers[i], `0 ${digest}`);
    for (const [i, piece] of pieces.entries()) assert.equal(answers[i], `0 ${sha256(piece).toString("hex")}`);
  });

  test("Ed25519 accepts the vectors of RFC 8032 and refuses each with a bit changed", async () => {
    const vectors = [
      [
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
      ],
      [
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
      ],
      [
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
      ],
    ] as const;
    for (const [signature, publicKey, message] of vectors) {
      const changed = Buffer.from(signature, "hex");
      const commands = Array.from({ length: 64 }, (_, i) => {
        changed[i]! ^= 1 << (i % 8);
        const command = `ed25519 ${changed.toString("hex")} ${publicKey} ${message}`;
        changed[i]! ^= 1 << (i % 8);
        return command;
      });
      const [right, ...wrong] = await play(program, [
        `ed25519 ${signature} ${publicKey} ${message}`,
        ...commands,
      ]);
      assert.equal(right, "0 1");
      assert.ok(wrong.every((answer) => answer === "0 0"));
    }
  });

  test("Ed25519 verifies what node:crypto signs", async () => {
    const commands = Array.from({ length: 16 }, (_, i) => {
      const signer = keyOf(i + 3);
      const message = Buffer.alloc(i * 9, i);
      return `ed25519 ${sign(null, message, signer).toString("hex")} ${publicHex(signer)} ${message.toString("hex")}`;
    });
    assert.deepEqual(await play(program, commands), Array(16).fill("0 1"));
  });
});

/** L, the order of Ed25519's base point. */
const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;

function numberOf(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).reverse().toString("hex")}`);
}

function bytesOf(value: bigint): Buffer {
  return Buffer.from(value.toString(16).padStart(64, "0"), "hex").reverse();
}

/** The same signature with L added to its S: other bytes, and right where S < L is not checked. */
function withLargerScalar(signature: Uint8Array): Buffer {
  const first = Buffer.from(signature.subarray(0, 32));
  return Buffer.concat([first, bytesOf(numberOf(signature.subarray(32)) + ORDER)]);
}

const replaceTlv = (type: number, value: (right: Uint8Array) => Uint8Array) => (right: readonly Tlv[]) =>
  right.map(([found, bytes]): Tlv => [found, found === type ? value(bytes) : bytes]);

const flipped = (bytes: Uint8Array): Buffer => {
  const copy = Buffer.from(bytes);
  copy[5]! ^= 4;
  return copy;
};

const withTlvs = (...protectedTlvs: Tlv[]): Parts => ({ body: tiny, protectedTlvs });

describe("an image is refused", { skip: missing }, () => {
  const cases: readonly [what: string, status: number, parts: Parts, options?: string][] = [
    ["whose magic is another", STATUS.MAGIC, { body: tiny, header: (h) => h.writeUInt32LE(0x96f3b83c, 0) }],
    ["with a load address", STATUS.HEADER, { body: tiny, header: (h) => h.writeUInt32LE(1, 4) }],
    ["with a shorter header", STATUS.HEADER, { body: tiny, header: (h) => h.writeUInt16LE(31, 8) }],
    ["with a longer header", STATUS.HEADER, { body: tiny, header: (h) => h.writeUInt16LE(64, 8) }],
    ["without a body", STATUS.HEADER, { body: new Uint8Array() }],
    ["that is bootable", STATUS.HEADER, { body: tiny, header: (h) => h.writeUInt32LE(0, 16) }],
    ["that is encrypted", STATUS.HEADER, { body: tiny, header: (h) => h.writeUInt32LE(0x14, 16) }],
    ["with something in the padding", STATUS.HEADER, { body: tiny, header: (h) => h.writeUInt32LE(1, 28) }],
    [
      "whose body claims 4 GiB",
      STATUS.TRUNCATED,
      { body: tiny, header: (h) => h.writeUInt32LE(0xffffffff, 12) },
    ],
    ["that claims protected TLVs", STATUS.TRUNCATED, { body: tiny, header: (h) => h.writeUInt16LE(8, 10) }],
    [
      "whose protected TLVs are shorter",
      STATUS.TLV,
      { ...withTlvs([0x50, u32(1)]), header: (h) => h.writeUInt16LE(8, 10) },
    ],
    ["without a hash", STATUS.TLV, { body: tiny, tlvs: (right) => right.slice(1) }, "size=999"],
    ["without a key hash", STATUS.TLV, { body: tiny, tlvs: (right) => [right[0]!, right[2]!] }, "size=999"],
    ["without a signature", STATUS.TLV, { body: tiny, tlvs: (right) => right.slice(0, 2) }, "size=999"],
    ["with another order of TLVs", STATUS.TLV, { body: tiny, tlvs: (right) => [...right].reverse() }],
    [
      "with a TLV that nobody signed",
      STATUS.TLV,
      { body: tiny, tlvs: (right) => [...right, [0xb0, u32(1)]] },
    ],
    ["with two signatures", STATUS.TLV, { body: tiny, tlvs: (right) => [...right, right[2]!] }],
    ["that depends on another", STATUS.TLV, withTlvs([0x40, new Uint8Array(12)])],
    ["with two counters", STATUS.TLV, withTlvs([0x50, u32(1)], [0x50, u32(1)])],
    ["with two vendor TLVs of a type", STATUS.TLV, withTlvs([0xb0, u32(1)], [0xb1, u32(1)], [0xb0, u32(1)])],
    ["with a counter of 8 bytes", STATUS.TLV, withTlvs([0x50, new Uint8Array(8)])],
    ["with an ABI of one byte", STATUS.TLV, withTlvs([0xa1, new Uint8Array(1)])],
    ["with an empty id", STATUS.TLV, withTlvs([0xa0, new Uint8Array()])],
    ["with an id of 65 bytes", STATUS.TLV, withTlvs([0xa0, Buffer.alloc(65, "m")])],
    ["with a path for an id", STATUS.TLV, withTlvs([0xa0, Buffer.from("a/b")])],
    ["with a wrong hash", STATUS.HASH, { body: tiny, tlvs: replaceTlv(0x10, flipped) }],
    ["with an unknown key", STATUS.KEY, { body: tiny, key: otherKey }],
    ["with another key's hash", STATUS.KEY, { body: tiny, tlvs: replaceTlv(0x01, flipped) }],
    ["with a wrong signature", STATUS.SIGNATURE, { body: tiny, tlvs: replaceTlv(0x24, flipped) }],
    [
      "with another key's signature",
      STATUS.SIGNATURE,
      { body: tiny, key: otherKey, tlvs: replaceTlv(0x01, () => sha256(spki(publicHex(key)))) },
    ],
    ["with a lower counter", STATUS.ROLLBACK, withTlvs([0x50, u32(6)]), "counter=7"],
    ["without a counter where one is asked for", STATUS.ROLLBACK, { body: tiny }, "counter=1"],
    ["for another ABI", STATUS.ABI, withTlvs([0xa1, u32(3)])],
    ["that needs an unknown capability", STATUS.CAPABILITY, withTlvs([0xa3, u32(1 << 31)])],
    ["that says it needs more RAM", STATUS.RAM, withTlvs([0xa2, u32(262145)])],
    ["that says it needs other memory than its module", STATUS.EXPORT, withTlvs([0xa2, u32(65)])],
    ["that says its constants begin elsewhere", STATUS.EXPORT, withTlvs([0xa4, u32(60)])],
  ];
  for (const [what, status, parts, options] of cases) {
    test(`${what}`, async () => assert.equal(await statusOfOpening(makeImage(parts), options), status));
  }

  test("with S increased by L, though the signature verifies", async () => {
    const larger = makeImage({ body: tiny, tlvs: replaceTlv(0x24, withLargerScalar) });
    const digest = sha256(larger.subarray(0, 32 + tiny.length));
    const signature = larger.subarray(-64).toString("hex");
    const [verified] = await play(program, [
      `ed25519 ${signature} ${publicHex(key)} ${digest.toString("hex")}`,
    ]);
    assert.equal(verified, "0 1");
    assert.equal(await statusOfOpening(larger), STATUS.SIGNATURE);
  });

  test("with a key of small order, though the signature verifies", async () => {
    // R = A = the neutral element and S = 0 fit every message.
    const neutral = bytesOf(1n);
    const forged = Buffer.concat([neutral, Buffer.alloc(32)]);
    const [verified] = await play(program, [
      `ed25519 ${forged.toString("hex")} ${neutral.toString("hex")} 00`,
    ]);
    assert.equal(verified, "0 1");
    for (const small of smallOrderKeys()) {
      const image = makeImage({
        body: tiny,
        tlvs: (right) => [right[0]!, [0x01, sha256(spki(small))], [0x24, forged]],
      });
      assert.equal(await statusOfOpening(image, "", [`keys ${publicHex(key)} ${small}`]), STATUS.KEY, small);
    }
  });

  test("with a capability that the device has not been given", async () => {
    const image = makeImage(withTlvs([0xa3, u32(2)]));
    assert.equal(await statusOfOpening(image, "", ["capabilities 1"]), STATUS.CAPABILITY);
    assert.equal(await statusOfOpening(image, "", ["capabilities 2"]), STATUS.OK);
  });
});

function spki(publicKey: string): Buffer {
  return Buffer.from(`302a300506032b6570032100${publicKey}`, "hex");
}

/** All encodings of the eight points of small order, with either sign. */
function smallOrderKeys(): string[] {
  const p = 2n ** 255n - 19n;
  const eight = numberOf(
    Buffer.from("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05", "hex"),
  );
  const canonical = [0n, 1n, p - 1n, eight, p - eight, p, p + 1n];
  return canonical.flatMap((y) => [y, y + 2n ** 255n]).map((y) => bytesOf(y).toString("hex"));
}

describe("an image is accepted", { skip: missing }, () => {
  test("with every field, which the device then knows", async () => {
    const image = makeImage(
      withTlvs(
        [0xb7, Buffer.from("someone else's")],
        [0x50, u32(0xfffffffe)],
        [0xa0, Buffer.from("A-z.0_9")],
        [0xa1, u32(2)],
        [0xa2, u32(64)],
        [0xa3, u32(3)],
      ),
    );
    const [, answer] = await besideTiny([store(1, image), "check 1 counter=4294967294"]);
    const fields = `1.2.3+4 counter=4294967294 abi=2 memory=64 capabilities=3 body=${tiny.length} id=A-z.0_9`;
    assert.equal(answer, `0 ${fields}`);
  });

  test("with an id of 64 bytes", async () => {
    const id = "m".repeat(64);
    const [, answer] = await besideTiny([store(1, makeImage(withTlvs([0xa0, Buffer.from(id)]))), "check 1"]);
    assert.ok(answer!.endsWith(`id=${id}`), answer);
  });

  test("in a slot that is longer", async () =>
    assert.equal(await statusOfOpening(tinyImage, `size=${tinyImage.length + 100}`), STATUS.OK));

  test("whichever of the trusted keys signed it", async () => {
    const keys = [...Array(6).keys()].map((i) => publicHex(keyOf(i + 10)));
    const set = [`keys ${[...keys, publicHex(otherKey), publicHex(key)].join(" ")}`];
    assert.equal(await statusOfOpening(makeImage({ body: tiny, key: otherKey }), "", set), STATUS.OK);
  });

  const folder = join(root, "test", "vectors", "imgtool");
  type Vector = { readonly file: string; readonly fields?: object };
  const vectors = JSON.parse(readFileSync(join(folder, "vectors.json"), "utf8")) as Vector[];
  const imgtoolKey = createPrivateKey(readFileSync(join(folder, "test_only_key.pem"), "utf8"));
  for (const { file, fields } of vectors) {
    // What follows an image in its slot is not looked at.
    const accepted = fields !== undefined || file === "padded.img";
    test(`${accepted ? "that" : "not"} imgtool signed: ${file}`, async () => {
      const status = await statusOfOpening(readFileSync(join(folder, file)), "", [
        `keys ${publicHex(imgtoolKey)}`,
      ]);
      assert.equal(status === STATUS.OK, accepted, String(status));
    });
  }
});

describe("damage", { skip: missing }, () => {
  test("every bit of an image, inverted, is found, and the previous model still runs", async () => {
    const image = makeImage(withTlvs([0x50, u32(1)], [0xa0, Buffer.from("tiny")], [0xa1, u32(2)]));
    const bits = [...Array(image.length * 8).keys()];
    const answers = await besideTiny([
      store(1, image),
      ...bits.flatMap((bit) => [`open 1 1 flip=${bit}`, five]),
    ]);
    const damage: readonly number[] = [
      STATUS.TRUNCATED,
      STATUS.MAGIC,
      STATUS.HEADER,
      STATUS.TLV,
      STATUS.HASH,
      STATUS.KEY,
      STATUS.SIGNATURE,
    ];
    const seen = new Set<number>();
    for (const bit of bits) {
      const status = statusOf(answers[1 + 2 * bit]!);
      assert.ok(damage.includes(status), `bit ${bit}: ${status}`);
      assert.equal(answers[2 + 2 * bit], fiveAnswer);
      seen.add(status);
    }
    assert.equal(seen.size, damage.length);
  });

  test("an image truncated at any length is refused as such", async () => {
    const image = makeImage(withTlvs([0x50, u32(1)]));
    const sizes = [...Array(image.length).keys()];
    const answers = await besideTiny([
      store(1, image),
      ...sizes.flatMap((size) => [`open 1 1 size=${size}`, five]),
      "open 1 1",
    ]);
    for (const size of sizes)
      assert.equal(statusOf(answers[1 + 2 * size]!), STATUS.TRUNCATED, `${size} bytes`);
    assert.equal(statusOf(answers.at(-1)!), STATUS.OK);
  });
});

describe("a signed module is refused", { skip: missing }, () => {
  const imports = '(import "env" "f" (func $f))';
  const trap = "(unreachable)";
  const selfTest = (code: string): ModuleParts => ({
    more: `(func (export "self_test") (result i32) ${code})`,
  });
  const without = (name: string): ModuleParts => ({ globals: { [name]: undefined } });
  const cases: readonly [what: string, status: number, module: ModuleParts | Uint8Array][] = [
    ["that is not one", STATUS.MODULE, Buffer.from("\0asm\x02\0\0\0")],
    ["of 7 bytes", STATUS.MODULE, Buffer.from("\0asm\x01\0\0")],
    ["without sections", STATUS.EXPORT, Buffer.from("\0asm\x01\0\0\0")],
    [
      "with an import",
      STATUS.IMPORT,
      assemble(`(module ${imports} (func $g (call $f)) (export "g" (func $g)))`),
    ],
    ["with a start function", STATUS.START, { more: "(func $start) (start $start)" }],
    ["with a table", STATUS.MODULE, { more: "(table 1 funcref)" }],
    ["with a floating-point type", STATUS.MODULE, { more: '(func (export "f") (param f32))' }],
    ["with a global of floating point", STATUS.MODULE, { more: "(global f64 (f64.const 1))" }],
    ["with a passive data segment", STATUS.MODULE, { more: '(data "abc")' }],
    ["for another ABI", STATUS.ABI, { globals: { abi: "3" } }],
    ["that does not say its ABI", STATUS.EXPORT, without("abi")],
    ["that does not say its memory", STATUS.EXPORT, without("memory_bytes")],
    ["without input", STATUS.EXPORT, without("input_0")],
    ["without an input's length", STATUS.EXPORT, without("input_0_bytes")],
    ["without output", STATUS.EXPORT, without("output_0")],
    ["with an empty output", STATUS.EXPORT, { globals: { output_0_bytes: "0" } }],
    ["with an input outside of its memory", STATUS.EXPORT, { globals: { input_0: "61" } }],
    ["with an output that wraps", STATUS.EXPORT, { globals: { output_0: "-4", output_0_bytes: "8" } }],
    ["with no memory at all", STATUS.EXPORT, { globals: { memory_bytes: "0" } }],
    ["with constants behind its memory", STATUS.EXPORT, { globals: { constants: "68" } }],
    ["with constants that are not aligned", STATUS.EXPORT, { globals: { constants: "34" } }],
    ["with more memory than it declares", STATUS.EXPORT, { globals: { memory_bytes: "65537" } }],
    ["that keeps its memory to itself", STATUS.EXPORT, { memory: "(memory $memory 1)" }],
    [
      "whose memory_bytes may change",
      STATUS.EXPORT,
      {
        ...without("memory_bytes"),
        more: '(global $m (mut i32) (i32.const 64)) (export "memory_bytes" (global $m))',
      },
    ],
    [
      "whose invoke takes something",
      STATUS.EXPORT,
      assemble(
        '(module (memory (export "memory") 1) (global (export "abi") i32 (i32.const 2)) (func (export "invoke") (param i32) (result i32) (i32.const 0)))',
      ),
    ],
    ["with data outside of its memory", STATUS.MODULE, { more: '(data (i32.const 62) "\\01\\02\\03")' }],
    ["with a self-test of another type", STATUS.EXPORT, { more: '(func (export "self_test"))' }],
    ["whose self-test fails", STATUS.SELF_TEST, selfTest("(i32.const 3)")],
    ["whose self-test traps", STATUS.TRAP, selfTest(trap)],
    [
      "whose memory is 300000 bytes",
      STATUS.RAM,
      { globals: { memory_bytes: "300000" }, memory: '(memory (export "memory") 5)' },
    ],
  ];
  for (const [what, status, module] of cases) {
    const body = module instanceof Uint8Array ? module : makeModule(module);
    test(what, async () => assert.equal(await statusOfOpening(makeImage({ body })), status));
  }

  test("whose names would fill the RAM", async () => {
    const name = Buffer.from("\x04name\x01\x03\x01\x00\x00", "latin1");
    const body = Buffer.concat([tiny, Buffer.from([0, name.length]), name]);
    assert.equal(await statusOfOpening(makeImage({ body })), STATUS.MODULE);
  });

  test("with 65 inputs, and accepted with 64", async () => {
    const globals = Object.fromEntries(
      [...Array(65).keys()].flatMap((i) => [
        [`input_${i}`, "0"],
        [`input_${i}_bytes`, String((i % 4) + 1)],
      ]),
    );
    assert.equal(await statusOfOpening(makeImage({ body: makeModule({ globals }) })), STATUS.EXPORT);
    const most = makeModule({ globals: { ...globals, input_64: undefined, input_64_bytes: undefined } });
    const answers = await besideTiny([store(1, makeImage({ body: most })), "open 1 1", "tensors 1"]);
    assert.equal(answers[2], `0 ${Array.from({ length: 64 }, (_, i) => (i % 4) + 1).join(" ")} - 4`);
  });

  test("when it ends at any byte, or has any byte before its code replaced", async () => {
    const bodies: Uint8Array[] = [...tiny.keys()].slice(1).map((length) => tiny.subarray(0, length));
    const code = codeSectionAt(tiny);
    const codeEnd = code + 2 + tiny[code + 1]!;
    for (let at = 8; at < code; at++) {
      for (const value of [0x00, 0x01, 0x7f, 0x80, 0xff]) {
        const body = Buffer.from(tiny);
        body[at] = value;
        bodies.push(body);
      }
    }
    const commands = bodies.flatMap((body) => [store(1, makeImage({ body })), "open 1 1", "close 1"]);
    const answers = await besideTiny(commands);
    // Without its last section, the data, it is whole again.
    for (let i = 0; i < tiny.length - 1; i++)
      assert.equal(statusOf(answers[3 * i + 1]!) === STATUS.OK, i + 1 === codeEnd, `${i + 1} bytes`);
  });
});

/** Offset of the section with the function bodies. */
function codeSectionAt(module: Uint8Array): number {
  for (let at = 8; at < module.length; ) {
    if (module[at] === 10) return at;
    assert.ok(module[at + 1]! < 0x80);
    at += 2 + module[at + 1]!;
  }
  throw new Error("expected a code section");
}

describe("a model in service", { skip: missing }, () => {
  test("several models run at once, each in its own RAM", async () => {
    const twice = makeModule({
      invoke: "(i32.store (i32.const 8) (i32.mul (i32.load (i32.const 0)) (i32.const 2))) (i32.const 0)",
    });
    const answers = await play(program, [
      trust,
      store(0, tinyImage),
      store(1, makeImage({ body: twice })),
      "open 0 0",
      "open 1 1",
      "open 2 0",
      five,
      `invoke 1 ${hexI32(5)}`,
      `invoke 2 ${hexI32(6)}`,
      "close 0",
      `invoke 1 ${hexI32(7)}`,
      `invoke 2 ${hexI32(7)}`,
    ]);
    assert.deepEqual(answers.slice(6, 9), [fiveAnswer, `0 ${hexI32(10)}`, `0 ${hexI32(1006)}`]);
    assert.deepEqual(answers.slice(10), [`0 ${hexI32(14)}`, `0 ${hexI32(1007)}`]);
  });

  test("a closed model says so, and its RAM serves again", async () => {
    const answers = await play(program, [
      trust,
      store(0, tinyImage),
      "open 0 0",
      "close 0",
      "open 0 0 reuse=1",
      five,
      "close 0",
      "open 0 0 reuse=1 flip=0",
      "open 0 0 reuse=1",
      five,
    ]);
    assert.equal(answers[3], `0 ${STATUS.CLOSED} 1`);
    assert.equal(answers[5], fiveAnswer);
    assert.equal(statusOf(answers[7]!), STATUS.MAGIC);
    assert.equal(answers[9], fiveAnswer);
  });

  /** Traps on 13 after it has spoilt its constant and a global; returns 2 on 14, and 1 on 15. */
  const moody = makeModule({
    more: "(global $state (mut i32) (i32.const 3)) (global $wide (mut i64) (i64.const -5))",
    invoke: `
      (if (i32.eq (i32.load (i32.const 0)) (i32.const 13)) (then
        (i32.store (i32.const 32) (i32.const 0))
        (global.set $state (i32.const 99)) (global.set $wide (i64.const 99))
        (drop (i32.load (i32.const 61)))))
      (if (i32.eq (i32.load (i32.const 0)) (i32.const 14)) (then (return (i32.const 2))))
      (if (i32.eq (i32.load (i32.const 0)) (i32.const 15)) (then
        (global.set $state (i32.const 4)) (return (i32.const 1))))
      (i32.store (i32.const 8) (i32.add (i32.load (i32.const 32)) (i32.add (global.get $state)
        (i32.wrap_i64 (global.get $wide)))))
      (i32.const 0)`,
  });

  test("after a trap it computes what it computed before", async () => {
    const invoke = (value: number): string => `invoke 1 ${hexI32(value)}`;
    const answers = await besideTiny([
      store(1, makeImage({ body: moody })),
      "open 1 1",
      ...[1, 13, 1, 14, 1].map(invoke),
      "stats 1",
    ]);
    const right = `0 ${hexI32(1000 + 3 - 5)}`;
    assert.deepEqual(answers.slice(2, 7), [right, `${STATUS.TRAP} `, right, `${STATUS.STATUS} `, right]);
    const [, invocations, failures, lastError] = answers[7]!.split(" ").map(Number);
    assert.deepEqual([invocations, failures, lastError], [3, 2, STATUS.STATUS]);
  });

  test("an inference that brings nothing new is none that failed, and what it remembers stays", async () => {
    const invoke = (value: number): string => `invoke 1 ${hexI32(value)}`;
    const answers = await besideTiny([
      store(1, makeImage({ body: moody })),
      "open 1 1",
      ...[1, 15, 1].map(invoke),
      "stats 1",
    ]);
    const [before, after] = [3, 4].map((state) => `0 ${hexI32(1000 + state - 5)}`);
    assert.deepEqual(answers.slice(2, 5), [before, "1 ", after]);
    assert.deepEqual(answers[5]!.split(" ").slice(1, 4).map(Number), [3, 0, 0]);
  });

  for (const [what, invoke, more] of [
    ["reads past its memory", "(i32.load (i32.const 64))", ""],
    ["divides by zero", "(i32.div_s (i32.load (i32.const 0)) (i32.load (i32.const 60)))", ""],
    ["fills beyond its memory", "(memory.fill (i32.const 60) (i32.const 1) (i32.const 5)) (i32.const 0)", ""],
  ] as const) {
    test(`a module that ${what} traps, again and again`, async () => {
      const image = makeImage({ body: makeModule({ invoke, more }) });
      const answers = await besideTiny([
        store(1, image),
        "open 1 1",
        ...Array(3).fill(`invoke 1 ${hexI32(0)}`),
      ]);
      assert.deepEqual(answers.slice(1), ["0", ...Array(3).fill(`${STATUS.TRAP} `)]);
    });
  }

  test("a function that calls itself, or one behind it, is refused", async () => {
    for (const more of ["(func $deeper (call $deeper))", "(func $deeper (drop (call $invoke)))"]) {
      const body = makeModule({ invoke: "(call $deeper) (i32.const 0)", more });
      assert.equal(await statusOfOpening(makeImage({ body })), STATUS.MODULE);
    }
  });

  test("memory.grow and memory.size are refused", async () => {
    for (const code of ["(memory.grow (i32.const 1))", "(memory.size)"]) {
      const body = makeModule({ invoke: `(drop ${code}) (i32.const 0)` });
      assert.equal(await statusOfOpening(makeImage({ body })), STATUS.MODULE);
    }
  });

  test("statistics count what happened", async () => {
    const answers = await besideTiny([
      store(1, tinyImage),
      "open 1 1 ram=20000",
      "stats 1",
      ...Array(4).fill(`invoke 1 ${hexI32(1)}`),
      "stats 1",
      "stats 2",
    ]);
    const [before, after] = [answers[2], answers[7]].map((line) => line!.split(" ").map(Number));
    // invocations, failures, last error, ticks: open, last, most, native kernels, RAM, RAM used
    assert.deepEqual(before!.slice(1, 9), [0, 0, 0, 7, 0, 0, 0, 20000]);
    assert.deepEqual(after!.slice(1, 9), [4, 0, 0, 7, 7, 7, 0, 20000]);
    assert.ok(after![9]! > 64 && after![9]! <= 20000);
    assert.equal(answers[8], "-1");
  });

  test("a stack that is too small is noticed", async () => {
    const deep = Array.from({ length: 40 }, (_, i) => `(local $l${i} i64)`).join("");
    const image = makeImage({ body: makeModule({ invoke: `${deep} (i32.const 0)` }) });
    const answers = await besideTiny([
      store(1, image),
      ...[8, 64, 320, 512].flatMap((bytes) => [`open 1 1 stack=${bytes}`, `invoke 1 ${hexI32(0)}`]),
    ]);
    assert.deepEqual(
      answers.slice(1).map(statusOf),
      [-18, -18, -18, -18, -18, -18, 0, 0].map((status, i) => (status === 0 || i % 2 === 1 ? status : 0)),
    );
  });

  test("wrong arguments are refused", async () => {
    const answers = await besideTiny([
      "arguments",
      store(1, tinyImage),
      "open 1 1 offset=4",
      "open 1 1 offset=8",
    ]);
    assert.equal(answers[0], `0 ${Array(9).fill(STATUS.ARGUMENT).join(" ")}`);
    assert.equal(statusOf(answers[2]!), STATUS.ARGUMENT);
  });

  test("every status has a text of its own", async () => {
    const values = Object.values(STATUS);
    const answers = await play(
      program,
      [...values, 2, Math.min(...values) - 1].map((value) => `text ${value}`),
    );
    assert.equal(new Set(answers.slice(0, values.length)).size, values.length);
    assert.equal(answers.at(-1), "0 an unknown status");
    assert.equal(answers.at(-2), "0 an unknown status");
  });
});

/** Opens `image` with RAM of every size from 0 to a little more than it needs; refused or right, nothing else. */
async function sweepRam(
  image: Uint8Array,
  options: string,
  invocation: string,
  answer: string,
  step: number,
) {
  const most = 262144;
  const first = await play(program, [
    trust,
    store(1, image),
    `open 1 1 ram=${most} ${options}`,
    `invoke 1 ${invocation}`,
    "stats 1",
  ]);
  assert.equal(first[3], answer);
  const needed = Number(first[4]!.split(" ")[9]);
  const sizes: number[] = [];
  for (let size = 0; size < needed + 2 * step; size += step) sizes.push(size);
  sizes.push(needed - 8, needed - 1, needed, needed + 1);
  const answers = await besideTiny([
    store(1, image),
    ...sizes.flatMap((size) => [
      `open 1 1 ram=${size} ${options}`,
      size < needed ? five : `invoke 1 ${invocation}`,
    ]),
  ]);
  for (const [i, size] of sizes.entries()) {
    const expected = size < needed ? [STATUS.RAM, fiveAnswer] : [STATUS.OK, answer];
    assert.deepEqual(
      [statusOf(answers[1 + 2 * i]!), answers[2 + 2 * i]],
      expected,
      `${size} of ${needed} bytes`,
    );
  }
}

describe("RAM", { skip: missing }, () => {
  test("a small model is refused with less than it uses, and right with exactly as much", () =>
    sweepRam(tinyImage, "", hexI32(5), fiveAnswer, 8));

  test("so is one with many globals, exports and types", () => {
    const many = [...Array(30).keys()].map(
      (i) =>
        `(global (export "g${i}") i32 (i32.const ${i})) (func (export "f${i}") ${"(param i32)".repeat(i)} (drop (i32.const ${i})))`,
    );
    return sweepRam(makeImage({ body: makeModule({ more: many.join("\n") }) }), "", hexI32(5), fiveAnswer, 8);
  });

  test("so is one whose self-test calls what nothing else does: for want of RAM, not for a trap", () => {
    const sums = "(local.set 0 (i32.add (local.get 0) (i32.const 1)))".repeat(60);
    const more = `(func $big (result i32) (local i32) ${sums} (i32.sub (local.get 0) (i32.const 60)))
      (func (export "self_test") (result i32) (call $big))`;
    return sweepRam(makeImage({ body: makeModule({ more }) }), "", hexI32(5), fiveAnswer, 16);
  });

  test("so is one with a long custom section", () => {
    const name = "n".repeat(100);
    const custom = Buffer.concat([Buffer.from([0, 101, 100]), Buffer.from(name)]);
    return sweepRam(makeImage({ body: Buffer.concat([tiny, custom]) }), "", hexI32(5), fiveAnswer, 8);
  });
});

describe("trained models", { skip: missing }, () => {
  const folder = join(root, "test", "models");
  let image: Buffer;
  let needs: ModuleNeeds;
  let inputs: number[][];
  let outputs: number[][];
  const hex = (values: readonly number[]): string =>
    Buffer.from(Int8Array.from(values).buffer).toString("hex");

  before(async () => {
    const built = await build({ model: join(folder, "digits_int8.tflite"), engines: [], selfTest: true });
    image = makeImage({ body: built.module });
    needs = readNeeds(built.module);
    const expected = JSON.parse(readFileSync(join(folder, "digits_int8.expected.json"), "utf8")) as {
      inputs: number[][];
      outputs: { probabilities: number[][] };
    };
    inputs = expected.inputs;
    outputs = expected.outputs.probabilities;
  });

  for (const [what, options] of [
    ["native", ""],
    ["portable", "portable=1"],
  ] as const) {
    test(`digits computes what TensorFlow Lite Micro computes, with ${what} kernels`, async () => {
      const answers = await besideTiny([
        store(1, image),
        `open 1 1 ${options}`,
        ...inputs.map((input) => `invoke 1 ${hex(input)}`),
        "stats 1",
      ]);
      assert.equal(statusOf(answers[1]!), STATUS.OK);
      assert.deepEqual(
        answers.slice(2, -1),
        outputs.map((output) => `0 ${hex(output)}`),
      );
      const statistics = answers.at(-1)!.split(" ").map(Number);
      assert.equal(statistics[7]! > 0, what === "native");
      assert.equal(statistics[10], what === "native" ? needs.leastBytes : needs.memoryBytes);
    });

    test(`digits is refused with less RAM than it uses, with ${what} kernels`, () =>
      sweepRam(image, `${options} skip_self_test=1`, hex(inputs[0]!), `0 ${hex(outputs[0]!)}`, 192));
  }
});

describe("native kernels", { skip: missing }, () => {
  /** Calls the export "kernel.copy_s8.1", of which the module's own adds 1, with the block at `at` of `bytes`. */
  const copying = (block: string, at = 36, constants: number | null = 36, type = "(param i32)"): Uint8Array =>
    makeModule({
      globals: { memory_bytes: "60", ...(constants !== null && { constants: String(constants) }) },
      more: `(data (i32.const 36) "${block}") (func $copy (export "kernel.copy_s8.1") ${type}
        (i32.store (i32.const 8) (i32.add (i32.load (i32.const 0)) (i32.const 1))))`,
      invoke: `(call $copy ${type.includes("i64") ? "(i64.const 36)" : `(i32.const ${at})`}) (i32.const 0)`,
    });
  /** From `input` to 8: one row of four bytes. */
  const block = (input: number, output = 8): string =>
    [input, output, 1, 4, 4, 4].map((word) => `\\${word.toString(16).padStart(2, "0")}\\00\\00\\00`).join("");
  const run = async (module: Uint8Array, options = ""): Promise<string[]> => {
    const commands = [
      store(1, makeImage({ body: module })),
      `open 1 1 ${options}`,
      `invoke 1 ${hexI32(5)}`,
      "stats 1",
    ];
    const answers = await besideTiny(commands);
    return [answers[2]!, answers[3]!.split(" ")[7]!];
  };

  test("take the place of the module's own", async () =>
    assert.deepEqual(await run(copying(block(0))), [`0 ${hexI32(5)}`, "1"]));

  test("do not when they are switched off", async () =>
    assert.deepEqual(await run(copying(block(0)), "portable=1"), [`0 ${hexI32(6)}`, "0"]));

  test("do not where the type is another", async () => {
    const wide = copying(block(0), 36, 36, "(param i64)");
    assert.deepEqual(await run(wide), [`0 ${hexI32(6)}`, "0"]);
  });

  for (const [what, module] of [
    ["an argument outside of the memory", copying(block(57))],
    ["an argument of which a part is a constant", copying(block(33))],
    ["an output among the constants", copying(block(0, 36))],
    ["a block that may be written", copying(block(0), 36, 40)],
    ["a block where no constants are", copying(block(0), 36, null)],
    ["a block that ends behind the memory", copying(block(0), 40)],
    ["a block that is not aligned", copying(block(0), 37)],
    ["a block at the end of all addresses", copying(block(0), -4)],
  ] as const) {
    test(`trap on ${what}`, async () => assert.deepEqual(await run(module), [`${STATUS.TRAP} `, "1"]));
  }
});

describe("constants in flash", { skip: missing }, () => {
  /** From 0 to 8, one row of four bytes, as words of the block of copy_s8. */
  const words = (...numbers: number[]): string =>
    numbers.map((word) => `\\${word.toString(16).padStart(2, "0")}\\00\\00\\00`).join("");
  const kernel = (name: string): string =>
    `(func $${name} (export "kernel.${name}") (param i32) (i32.store (i32.const 8) (i32.const 77)))`;
  /** `fill` bytes more before the constants, of which four make each remainder. */
  const module = (fill: number, more = "", invoke = "(call $copy_s8.1 (i32.const 36))"): Uint8Array =>
    makeModule({
      globals: { memory_bytes: "60", constants: "36" },
      more: `(global $g i32 (i32.const 0)) (export "${"g".repeat(fill + 1)}" (global $g))
        ${kernel("copy_s8.1")} ${more} (data (i32.const 36) "${words(0, 8, 1, 4, 4, 4)}")`,
      invoke: `${invoke} (i32.const 0)`,
    });
  /** The answers to 5 and 6, and how much linear memory took RAM. */
  const run = async (body: Uint8Array, options = "", tlvs: readonly Tlv[] = []): Promise<string[]> => {
    const image = makeImage({ body, ...(tlvs.length > 0 && { protectedTlvs: tlvs }) });
    const commands = [
      store(1, image),
      `open 1 1 ${options}`,
      `invoke 1 ${hexI32(5)}`,
      `invoke 1 ${hexI32(6)}`,
    ];
    const answers = await besideTiny([...commands, "stats 1"]);
    return [answers[2]!, answers[3]!, answers[4]!.split(" ")[10]!];
  };
  const each = <T>(of: (fill: number) => Promise<T>): Promise<T[]> => Promise.all([0, 1, 2, 3].map(of));
  const copied = [`0 ${hexI32(5)}`, `0 ${hexI32(6)}`];

  test("stay there where they are aligned, and are copied where they are not", async () => {
    const answers = await each((fill) => run(module(fill)));
    assert.deepEqual(answers.map(([, , bytes]) => bytes).sort(), ["36", "60", "60", "60"]);
    for (const answer of answers) assert.deepEqual(answer.slice(0, 2), copied);
  });

  test("are copied for portable kernels", async () => {
    for (const answer of await each((fill) => run(module(fill), "portable=1")))
      assert.deepEqual(answer, [`0 ${hexI32(77)}`, `0 ${hexI32(77)}`, "60"]);
  });

  test("are copied where one kernel is not native", async () => {
    const answers = await each((fill) => run(module(fill, kernel("other.1"))));
    assert.deepEqual(answers, Array(4).fill([...copied, "60"]));
  });

  test("are copied where there is no kernel", async () => {
    const body = (fill: number): Uint8Array =>
      makeModule({
        globals: { memory_bytes: "60", constants: "36" },
        more: `(global $g i32 (i32.const 0)) (export "${"g".repeat(fill + 1)}" (global $g))
          (data (i32.const 36) "${words(9, 0, 0, 0, 0, 7)}")`,
        invoke: "(i32.store (i32.const 8) (i32.load (i32.const 56))) (i32.const 0)",
      });
    const answers = await each((fill) => run(body(fill)));
    assert.deepEqual(answers, Array(4).fill([`0 ${hexI32(7)}`, `0 ${hexI32(7)}`, "60"]));
  });

  test("are not there for other functions: to read them traps, and the model goes on", async () => {
    const reading = (fill: number): Uint8Array =>
      module(
        fill,
        "",
        "(if (i32.eq (i32.load (i32.const 0)) (i32.const 5)) (then (drop (i32.load (i32.const 36))))) (call $copy_s8.1 (i32.const 36))",
      );
    const answers = await each((fill) => run(reading(fill)));
    for (const [first, second, bytes] of answers) {
      assert.equal(first, bytes === "36" ? `${STATUS.TRAP} ` : copied[0]);
      assert.equal(second, copied[1]);
    }
    assert.equal(answers.filter(([, , bytes]) => bytes === "36").length, 1);
  });

  test("lie where the image says", async () => {
    for (const answer of await each((fill) => run(module(fill), "", [[0xa4, u32(36)]])))
      assert.deepEqual(answer.slice(0, 2), copied);
  });

  test("a tensor that begins or ends among them is refused", async () => {
    for (const [output_0, output_0_bytes] of [
      ["36", "4"],
      ["32", "8"],
    ] as const) {
      const body = makeModule({ globals: { memory_bytes: "60", constants: "36", output_0, output_0_bytes } });
      assert.equal(await statusOfOpening(makeImage({ body })), STATUS.EXPORT);
    }
  });
});

describe("thimble_posix", { skip: missing }, () => {
  let folder = "";
  const run = (options: readonly string[], inputs: Uint8Array = new Uint8Array()) =>
    runProcess([program, join(folder, "tiny.img"), ...options], inputs);
  const trusting = ["--key", publicHex(otherKey), "--key", publicHex(key)];

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "thimble-"));
    await writeFile(join(folder, "tiny.img"), tinyImage);
  });
  after(() => rm(folder, { recursive: true, force: true }));

  test("runs vectors back to back", async () => {
    const result = await run([...trusting, "--portable"], Buffer.concat([u32(1), u32(2), u32(3)]));
    assert.deepEqual(result.stdout, Buffer.concat([u32(1001), u32(1002), u32(1003)]));
    assert.deepEqual([result.status, result.stderr], [0, ""]);
  });

  test("prints statistics on request", async () => {
    const result = await run([...trusting, "--stats"], u32(1));
    assert.match(
      result.stderr,
      /^invocations 1, failures 0, native kernels 0, RAM \d+ of 262144 bytes, .*\n$/,
    );
  });

  for (const [what, options, inputs, expected] of [
    ["an image it does not trust", ["--key", publicHex(otherKey)], 0, "image refused: .* trust \\(-7\\)"],
    [
      "an image with too low a counter",
      [...trusting, "--least-counter", "1"],
      0,
      "image refused: .* \\(-9\\)",
    ],
    ["too little RAM", [...trusting, "--ram", "1000"], 0, "image refused: .* RAM .* \\(-12\\)"],
    ["half a vector", trusting, 6, "vector 1: input_0: expected 4 bytes, found 2"],
    ["a key that is none", ["--key", "abc"], 0, "--key: expected 64 hexadecimal digits, found abc"],
    ["a number that is none", ["--ram", "much"], 0, "--ram: expected a number, found much"],
    ["an unknown option", ["--ramm", "1"], 0, "expected an option, found --ramm"],
  ] as const) {
    test(`says in one line that it was given ${what}`, async () => {
      const result = await run(options, Buffer.alloc(inputs));
      assert.match(result.stderr, new RegExp(`^thimble_posix: ${expected}\n$`));
      assert.equal(result.status, 1);
    });
  }
});

test("node:crypto agrees that a larger S is no signature", () => {
  const message = Buffer.from("message");
  const signature = sign(null, message, key);
  assert.equal(verify(null, message, key, signature), true);
  assert.equal(verify(null, message, key, withLargerScalar(signature)), false);
});
