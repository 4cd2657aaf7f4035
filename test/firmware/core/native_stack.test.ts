/** Native stack: a device counts what the host counts, and refuses a module that needs more before it runs. */
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { buildPosix } from "../../../host/firmware/posix_build.ts";
import { findCompiler, findSource } from "../../../host/firmware/wasm3_build.ts";
import { encodeStack } from "../../../host/image/mcuboot_format.ts";
import { nativeStackOf, type StackModel, stackBytes } from "../../../host/module/native_stack.ts";
import { compileGraph } from "../../../host/pipeline.ts";
import { oddModule } from "../../fuzz/odd_modules.ts";
import { simplifiedModel } from "../../support/models.ts";
import { key, makeImage, makeModule, play, publicHex, STATUS } from "../../support/signed_images.ts";

const skip = (await findCompiler()) && findSource() !== undefined ? false : "no C compiler, or no wasm3";
/** The least that the core takes for a frame on a machine of 64 bits. */
const FRAME_BYTES = 32;
/** A frame of this machine, where it makes sibling calls. */
const HERE: StackModel = { siblingCalls: true, frameBytes: FRAME_BYTES };
const KEPT: StackModel = { siblingCalls: false, frameBytes: FRAME_BYTES };
const RAM = 1 << 18;

let program: string;
before(async () => {
  if (!skip) program = await buildPosix();
});

const store = (slot: number, image: Uint8Array): string =>
  `image ${slot} ${Buffer.from(image).toString("hex")}`;
const begin = [`keys ${publicHex(key)}`];
const statusOf = (answer: string | undefined): number => Number(answer!.split(" ")[0]);

/** What the core counts for a module: the last field of thimble_statistics; undefined where it is refused. */
async function countedBy(
  modules: readonly Uint8Array[],
  frameBytes: number,
  options = "",
): Promise<(number | undefined)[]> {
  const commands = modules.flatMap((body) => [
    store(1, makeImage({ body })),
    `open 1 1 ram=${RAM} ${options}`,
    "stats 1",
    "close 1",
  ]);
  const answers = await play(program, [...begin, `frame-bytes ${frameBytes}`, ...commands]);
  return modules.map((_, i) => {
    const [opened, stats] = [answers[2 + 4 * i + 1], answers[2 + 4 * i + 2]];
    return statusOf(opened) === STATUS.OK ? Number(stats!.split(" ").at(-1)) : undefined;
  });
}

/** Modules of every instruction, which a device takes: the first so many seeds. */
function oddModules(count: number): Uint8Array[] {
  const modules: Uint8Array[] = [];
  for (let seed = 0; modules.length < count; seed++) {
    const { oddity, bytes } = oddModule(`native stack:${seed}`);
    if (oddity !== "none") continue;
    try {
      nativeStackOf(bytes);
    } catch {
      continue;
    }
    modules.push(bytes);
  }
  return modules;
}

describe("a device counts what the host counts", { skip }, () => {
  test("of modules of any instructions, with sibling calls and without", async () => {
    const modules = oddModules(150);
    for (const [frameBytes, model] of [
      [0, HERE],
      [FRAME_BYTES, KEPT],
    ] as const) {
      const found = await countedBy(modules, frameBytes);
      assert.ok(found.filter((bytes) => bytes !== undefined).length > 140);
      for (const [i, bytes] of found.entries())
        if (bytes !== undefined) assert.equal(bytes, stackBytes(nativeStackOf(modules[i]!).portable, model));
    }
  });

  test("of a trained model, with native kernels and without", async () => {
    const module = await compileGraph(simplifiedModel("digits_int8.tflite"));
    const { native, portable } = nativeStackOf(module);
    assert.ok(native.withoutSiblingCalls < portable.withoutSiblingCalls / 3);
    for (const [options, need] of [
      ["", native],
      ["portable=1", portable],
    ] as const) {
      assert.deepEqual(await countedBy([module], FRAME_BYTES, options), [stackBytes(need, KEPT)]);
      assert.deepEqual(await countedBy([module], 0, options), [stackBytes(need, HERE)]);
    }
  });
});

const frames = (count: number) => ({ nesting: 0, withSiblingCalls: 2, withoutSiblingCalls: count });
/** A module whose image says that it needs so many frames without sibling calls. */
const saying = (native: number, portable: number, body: Uint8Array): Uint8Array =>
  makeImage({
    body,
    protectedTlvs: [[0xa5, encodeStack({ native: frames(native), portable: frames(portable) })]],
  });

/** Statuses of checking and of opening an image on a device that keeps frames. */
async function statuses(image: Uint8Array, nativeStack: number, frameBytes = FRAME_BYTES): Promise<number[]> {
  const commands = [`frame-bytes ${frameBytes}`, `native-stack ${nativeStack}`, store(1, image)];
  const answers = await play(program, [...begin, ...commands, "check 1", `open 1 1 ram=${RAM}`]);
  return answers.slice(-2).map(statusOf);
}

const LOOPS = 4000;

describe("more than the device has", { skip }, () => {
  const sum = "(drop (i32.add (i32.load (i32.const 0)) (i32.const 1)))".repeat(300);
  /** It would trap if it ran. */
  const more = '(func (export "self_test") (result i32) (unreachable))';

  test("is refused to the byte, before anything of the module runs", async () => {
    const body = makeModule({ invoke: `${sum} (i32.const 0)`, more });
    const image = makeImage({ body });
    const needed = stackBytes(nativeStackOf(body).portable, KEPT);
    assert.deepEqual(await statuses(image, needed - 1), [STATUS.OK, STATUS.STACK]);
    assert.deepEqual(await statuses(image, needed), [STATUS.OK, STATUS.TRAP]);
    // Where operations keep no frames, little is needed.
    assert.deepEqual(await statuses(image, needed, 0), [STATUS.OK, STATUS.TRAP]);
    assert.ok(needed > 300 * 2 * FRAME_BYTES);
  });

  test("is refused by the image's word, before the module is looked at", async () => {
    const image = saying(1000, 2000, makeModule());
    const needed = stackBytes(frames(1000), KEPT);
    assert.ok(needed > 1000 * FRAME_BYTES);
    assert.deepEqual(await statuses(image, needed - 1), [STATUS.STACK, STATUS.STACK]);
    assert.deepEqual(await statuses(image, needed), [STATUS.OK, STATUS.OK]);
  });

  test("is refused though the image says less", async () => {
    const image = saying(2, 2, makeModule({ invoke: `${sum} (i32.const 0)`, more }));
    assert.deepEqual(await statuses(image, 8192), [STATUS.OK, STATUS.STACK]);
  });

  test("loops one after the other, each of which keeps a frame on every machine", async () => {
    const body = makeModule({ invoke: `${"(loop)".repeat(LOOPS)} (i32.const 0)` });
    assert.ok(nativeStackOf(body).portable.withSiblingCalls > 2 * LOOPS);
    assert.deepEqual(await statuses(makeImage({ body }), 65_536, 0), [STATUS.OK, STATUS.STACK]);
  });

  test("a value of another size is no stack", async () => {
    for (const bytes of [0, 4, 11, 13]) {
      const image = makeImage({ body: makeModule(), protectedTlvs: [[0xa5, new Uint8Array(bytes)]] });
      assert.deepEqual(await statuses(image, 8192), [STATUS.TLV, STATUS.TLV]);
    }
  });
});
