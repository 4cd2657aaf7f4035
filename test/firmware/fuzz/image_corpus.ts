/**
 * What the fuzzer of the image parser starts from: test/fuzz/corpus/image. After a change here, or of the
 * image format: `node dist/test/firmware/fuzz/image_corpus.js` after a build.
 */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { assemble, makeImage, makeModule, type Parts, type Tlv, u32 } from "../../support/signed_images.ts";
import { corpusFolder } from "./fuzzer.ts";

/** The first byte of an input: firmware/fuzz/image_fuzz.c. */
const MODE = { image: 0, module: 1, wrongSignature: 2, withCounter: 4, fewCapabilities: 8 };

/** The harness's SHA-256 of everything, and of a key. */
const DIGEST = 0x5a;
const KEY_DIGEST = 0x6b;

const input = (mode: number, bytes: Uint8Array): Buffer => Buffer.concat([Buffer.from([mode]), bytes]);

/** An image that is right for the harness, unless the parts make it wrong. */
function image(parts: Partial<Parts> = {}): Buffer {
  const mend = (tlvs: readonly Tlv[]): Tlv[] =>
    tlvs.map(([type, value]) => {
      if (type === 0x10) return [type, Buffer.alloc(32, DIGEST)];
      if (type === 0x01) return [type, Buffer.alloc(32, KEY_DIGEST)];
      return [type, type === 0x24 ? Buffer.alloc(64, 1) : value];
    });
  const tlvs = (right: readonly Tlv[]): readonly Tlv[] => {
    const mended = mend(right);
    return parts.tlvs ? parts.tlvs(mended) : mended;
  };
  return makeImage({ body: makeModule(), ...parts, tlvs });
}

const every: readonly Tlv[] = [
  [0x50, u32(3)],
  [0xa0, Buffer.from("a-model.1_x")],
  [0xa1, u32(2)],
  [0xa2, u32(64)],
  [0xa3, u32(3)],
];
const withTlvs = (...protectedTlvs: readonly Tlv[]): Buffer => image({ protectedTlvs });
const module = (fields: string): Buffer => input(MODE.module, assemble(`(module ${fields})`));
const custom = (name: string): Buffer => {
  const section = Buffer.from([0, name.length + 3, name.length, ...Buffer.from(name), 1, 2]);
  return input(MODE.module, Buffer.concat([makeModule(), section]));
};

/** Inputs by the names of their files. */
export function imageCorpus(): Map<string, Buffer> {
  return new Map([
    ["image_bare", input(MODE.image, image())],
    ["image_every_tlv", input(MODE.withCounter, withTlvs(...every))],
    ["image_wrong_signature", input(MODE.wrongSignature, image())],
    ["image_low_counter", input(MODE.withCounter, withTlvs([0x50, u32(2)]))],
    ["image_few_capabilities", input(MODE.fewCapabilities, withTlvs(...every))],
    ["image_other_abi", input(MODE.image, withTlvs([0xa1, u32(3)]))],
    ["image_unknown_tlv", input(MODE.image, withTlvs([0xb0, Buffer.from("vendor")]))],
    ["image_twice", input(MODE.image, withTlvs([0x50, u32(1)], [0x50, u32(1)]))],
    ["image_dependency", input(MODE.image, withTlvs([0x40, Buffer.alloc(12)]))],
    [
      "image_large_s",
      input(MODE.image, image({ tlvs: (right) => [...right.slice(0, 2), [0x24, Buffer.alloc(64, 0xff)]] })),
    ],
    ["image_unsigned", input(MODE.image, image({ tlvs: (right) => right.slice(0, 2) }))],
    [
      "image_other_key",
      input(MODE.image, image({ tlvs: ([hash, , ...rest]) => [hash!, [0x01, Buffer.alloc(32)], ...rest] })),
    ],
    ["image_cut", input(MODE.image, image().subarray(0, -1))],
    ["image_slot", input(MODE.image, Buffer.concat([image(), Buffer.alloc(64, 0xff)]))],
    ["image_no_module", input(MODE.image, image({ body: Buffer.from("no module") }))],
    ["module", input(MODE.module, makeModule())],
    ["module_kernel", module(`(memory 1) (func (export "kernel.copy_s8.1") (param i32 i32 i32))`)],
    ["module_import", module(`(import "a" "b" (func))`)],
    ["module_start", module(`(func $f) (start $f)`)],
    ["module_table", module(`(table 1 funcref)`)],
    [
      "module_globals",
      module(`(global (export "a") (mut i64) (i64.const -9223372036854775808)) (global i32 (i32.const -1))`),
    ],
    ["module_data", module(`(memory 1 2) (data (i32.const 65535) "\\01") (data (i32.const 0) "")`)],
    ["module_custom", custom("thimble")],
    ["module_names", custom("name")],
    ["module_empty", module("")],
  ]);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const folder = corpusFolder("image");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const [name, bytes] of imageCorpus()) writeFileSync(join(folder, name), bytes);
}
