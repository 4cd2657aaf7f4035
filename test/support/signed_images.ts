/**
 * What tests of the firmware core share: a signer that can also make wrong images, small modules, and the
 * program that runs a list of commands (firmware/port/posix/scenario.c).
 */
import assert from "node:assert/strict";
import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign } from "node:crypto";
import binaryen from "binaryen";
import { runProcess } from "../../host/firmware/wasm3_build.ts";

/** Values of thimble_status (firmware/include/thimble.h). */
export const STATUS = {
  OK: 0,
  TAKEN: 1,
  ARGUMENT: -1,
  TRUNCATED: -2,
  MAGIC: -3,
  HEADER: -4,
  TLV: -5,
  HASH: -6,
  KEY: -7,
  SIGNATURE: -8,
  ROLLBACK: -9,
  ABI: -10,
  CAPABILITY: -11,
  RAM: -12,
  MODULE: -13,
  IMPORT: -14,
  START: -15,
  EXPORT: -16,
  SELF_TEST: -17,
  TRAP: -18,
  STATUS: -19,
  CLOSED: -20,
  FLASH: -21,
  STATE: -22,
  SLOT: -23,
  MODEL: -24,
  TRIAL: -25,
  HEALTH: -26,
  CANCELLED: -27,
  GONE: -28,
  DEPLOYMENT: -29,
  DESCRIPTOR: -30,
  STACK: -31,
} as const;

/** The answers to the commands, without their line ends. Fails where the program does, e.g. by a sanitizer. */
export async function play(program: string, commands: readonly string[]): Promise<string[]> {
  const result = await runProcess([program, "--scenario"], Buffer.from(`${commands.join("\n")}\n`));
  const answers = result.stdout.toString("utf8").split("\n").slice(0, -1);
  const last = commands[answers.length]?.slice(0, 200);
  assert.equal(result.status, 0, `after ${answers.length} answers, at "${last}": ${result.stderr}`);
  assert.equal(result.stderr, "");
  assert.equal(answers.length, commands.length);
  return answers;
}

/** An Ed25519 key made of 32 equal bytes. */
export function keyOf(byte: number): KeyObject {
  const prefix = Buffer.from("302e020100300506032b657004220420", "hex");
  return createPrivateKey({
    key: Buffer.concat([prefix, Buffer.alloc(32, byte)]),
    format: "der",
    type: "pkcs8",
  });
}

function publicInfo(key: KeyObject): Buffer {
  return createPublicKey(key).export({ type: "spki", format: "der" });
}

export const publicHex = (key: KeyObject): string => publicInfo(key).subarray(12).toString("hex");
export const sha256 = (data: Uint8Array): Buffer => createHash("sha256").update(data).digest();

export const key = keyOf(1);
export const otherKey = keyOf(2);

export type Tlv = readonly [type: number, value: Uint8Array];

export type Parts = {
  readonly body: Uint8Array;
  readonly key?: KeyObject;
  /** Changes the header before anything is computed from it. */
  readonly header?: (header: Buffer) => void;
  readonly protectedTlvs?: readonly Tlv[];
  /** Replaces the TLVs that are not protected; given those of a right image. */
  readonly tlvs?: (right: readonly Tlv[]) => readonly Tlv[];
};

export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value >>> 0);
  return bytes;
}

function entry(type: number, value: Uint8Array): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt16LE(type, 0);
  head.writeUInt16LE(value.length, 2);
  return Buffer.concat([head, value]);
}

function area(magic: number, tlvs: readonly Tlv[]): Buffer {
  const entries = Buffer.concat(tlvs.map(([type, value]) => entry(type, value)));
  const head = Buffer.alloc(4);
  head.writeUInt16LE(magic, 0);
  head.writeUInt16LE(entries.length + 4, 2);
  return Buffer.concat([head, entries]);
}

/** A model image with a right hash and signature, whatever else the parts make of it. */
export function makeImage(parts: Parts): Buffer {
  const signer = parts.key ?? key;
  const protectedArea = parts.protectedTlvs ? area(0x6908, parts.protectedTlvs) : Buffer.alloc(0);
  const header = Buffer.alloc(32);
  header.writeUInt32LE(0x96f3b83d, 0);
  header.writeUInt16LE(32, 8);
  header.writeUInt16LE(protectedArea.length, 10);
  header.writeUInt32LE(parts.body.length, 12);
  header.writeUInt32LE(0x10, 16);
  header.set([1, 2, 3, 0, 4, 0, 0, 0], 20);
  parts.header?.(header);
  const hashed = Buffer.concat([header, parts.body, protectedArea]);
  const digest = sha256(hashed);
  const right: Tlv[] = [
    [0x10, digest],
    [0x01, sha256(publicInfo(signer))],
    [0x24, sign(null, digest, signer)],
  ];
  return Buffer.concat([hashed, area(0x6907, parts.tlvs ? parts.tlvs(right) : right)]);
}

export type ModuleParts = {
  /** Body of `invoke`. */
  readonly invoke?: string;
  readonly globals?: Readonly<Record<string, string | undefined>>;
  readonly memory?: string;
  /** Further fields of the module. */
  readonly more?: string;
};

const abi = {
  abi: "2",
  memory_bytes: "64",
  input_0: "0",
  input_0_bytes: "4",
  output_0: "8",
  output_0_bytes: "4",
};

/** Adds a constant from a data segment to its input, and keeps a count at 16 that the output does not show. */
const addition = `
  (i32.store (i32.const 16) (i32.add (i32.load (i32.const 16)) (i32.const 1)))
  (i32.store (i32.const 8) (i32.add (i32.load (i32.const 0)) (i32.load (i32.const 32))))
  (i32.const 0)`;

export function assemble(text: string): Uint8Array {
  const module = binaryen.parseText(text);
  try {
    module.setFeatures(binaryen.Features.All);
    return module.emitBinary();
  } finally {
    module.dispose();
  }
}

/** A module of ABI v2: input_0 is an i32, output_0 is it plus 1000. */
export function makeModule(parts: ModuleParts = {}): Uint8Array {
  const globals = Object.entries({ ...abi, ...parts.globals })
    .filter((pair): pair is [string, string] => pair[1] !== undefined)
    .map(
      ([name, value]) => `(global $${name} i32 (i32.const ${value})) (export "${name}" (global $${name}))`,
    );
  return assemble(`(module ${parts.memory ?? '(memory $memory 1) (export "memory" (memory $memory))'}
    ${globals.join("\n")} (data (i32.const 32) "\\e8\\03\\00\\00") ${parts.more ?? ""}
    (func $invoke (export "invoke") (result i32) ${parts.invoke ?? addition}))`);
}

/** The i32 in hexadecimal, as the commands take it. */
export const hexI32 = (value: number): string => u32(value).toString("hex");
