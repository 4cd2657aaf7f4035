/** The firmware on QEMU's riscv32 machine: the same outputs, a status for every refusal, and a clean end. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import binaryen from "binaryen";
import { importTflite } from "../../../host/compiler/import/tflite/index.ts";
import { simplify } from "../../../host/compiler/passes/index.ts";
import { seededInputs } from "../../../host/compiler/verify/vectors.ts";
import { FLASH_LAYOUTS } from "../../../host/firmware/boards.ts";
import { buildFirmware, readMap } from "../../../host/firmware/qemu_build.ts";
import { encodeRequest, parseReport, splitOutputs } from "../../../host/firmware/qemu_protocol.ts";
import { type FirmwareRequest, type FirmwareResult, runFirmware } from "../../../host/firmware/qemu_run.ts";
import { composeFlash, flashPieces } from "../../../host/image/flash.ts";
import { generateKey, privatePem, rawPublicKey } from "../../../host/image/keys.ts";
import { defaultTable } from "../../../host/image/layout.ts";
import { type ImageOptions, writeImage } from "../../../host/image/write_image.ts";
import type { Vector } from "../../../host/ir/graph.ts";
import { EngineError } from "../../../host/module/engine.ts";
import { checkGraph, checkQuantized } from "../../../host/ops/spec.ts";
import { build, compileGraph } from "../../../host/pipeline.ts";
import { flashOf, qemu, qemuEngine } from "../../../host/runtime/engines/qemu.ts";
import { runReference } from "../../../host/runtime/engines/reference.ts";
import { difference, loadTable } from "../../cases/table.ts";
import { thimble } from "../../support/command.ts";
import { scratchFolder } from "../../support/folders.ts";
import { modelPath, simplifiedModel } from "../../support/models.ts";

const availability = await qemu.availability();
const skip = availability.available
  ? false
  : `qemu is missing: ${availability.reason}; install: ${availability.install}`;
const scratch = scratchFolder();
const key = generateKey();

describe("protocol with the emulated firmware", () => {
  test("a request has the layout of request.h", () => {
    const keys = [new Uint8Array(32).fill(7)];
    const bytes = Buffer.from(
      encodeRequest({ keys, vectors: [[Uint8Array.of(1, 2, 3)]], portableOnly: true, slot: "b", model: 5 }),
    );
    const fields = Array.from({ length: 11 }, (_, i) => bytes.readUInt32LE(4 * i));
    assert.deepEqual(fields, [0x51524854, 1, 0, 0, 0, 0, 5, 1, 1, 0, 1]);
    assert.deepEqual([...bytes.subarray(44, 76)], [...keys[0]!]);
    assert.deepEqual([...bytes.subarray(44 + 4 * 32)], [1, 0, 0, 0, 3, 0, 0, 0, 1, 2, 3]);
  });

  test("keys have to be four at most, of 32 bytes", () => {
    assert.throws(() => encodeRequest({ keys: [new Uint8Array(31)], vectors: [] }), RangeError);
    assert.throws(() => encodeRequest({ keys: Array(5).fill(new Uint8Array(32)), vectors: [] }), RangeError);
  });

  test("a report is read", () => {
    const report = parseReport(
      "open_instructions 0x10\nmodel a b\ninput 0x2\ninput 0x3\ninvoke_instructions 0xff\nstatus 0x0 no error\nend\n",
    );
    assert.equal(report.model, "a b");
    assert.deepEqual(report.inputBytes, [2, 3]);
    assert.deepEqual(report.statistics.invokeInstructions, [255]);
    assert.equal(report.statistics.openInstructions, 16);
    assert.deepEqual([report.status, report.statusText], [0, "no error"]);
    assert.equal(parseReport("status 0x7 a key\nend\n").status, -7);
  });

  test("a report that was cut off is refused", () => {
    assert.throws(() => parseReport("status 0x0 no error\n"), /expected the line "end" last/);
    assert.throws(() => parseReport("end\n"), /expected a line with the status/);
  });

  test("outputs are taken apart by vector and tensor", () => {
    const outputs = splitOutputs(Uint8Array.of(1, 2, 3, 4, 5, 6), [1, 2]);
    assert.deepEqual(outputs, [
      [Uint8Array.of(1), Uint8Array.of(2, 3)],
      [Uint8Array.of(4), Uint8Array.of(5, 6)],
    ]);
    assert.throws(() => splitOutputs(new Uint8Array(5), [1, 2]), /expected a multiple of 3 bytes/);
    assert.deepEqual(splitOutputs(new Uint8Array(), []), []);
  });
});

test("a linker map is read by part", () => {
  const sizes = readMap(
    [
      " .text.main  0x0 0x99 port/main.o",
      "Linker script and memory map",
      ".wasm3          0x20000084     0x8c04",
      " .text.op_Compile",
      "                0x20000084      0x2d6 wasm3/m3_compile.o",
      "                0x20000084                op_Compile",
      ".kernels        0x20008c88       0x30",
      " .text.thimble_add_s8",
      "                0x20008c88       0x20 kernels/add_s8.o",
      " *fill*         0x20008ca8        0x4 ",
      " .rodata        0x20008cac        0xc kernels/add_s8.o",
      ".data           0x80000000        0x8",
      " .data          0x80000000        0x8 core/heap.o",
      ".bss            0x80000008        0x4",
      " .sbss.current  0x80000008        0x4 core/model.o",
      ".debug_info     0x00000000     0x1000",
      " .debug_info    0x00000000     0x1000 core/model.o",
    ].join("\n"),
  );
  assert.deepEqual(
    [...sizes],
    [
      ["wasm3", { flash: 0x8c04, ram: 0 }],
      ["kernel.add_s8", { flash: 0x2c, ram: 0 }],
      ["core", { flash: 8, ram: 12 }],
    ],
  );
});

/** Of the many vectors of keyword spotting the first few; `npm run test:slow` runs them all. */
const VECTORS = 6;
const engines = [
  { name: "native kernels", engine: qemu },
  { name: "portable kernels", engine: qemuEngine({ native: false }) },
];

describe("keyword spotting, as TensorFlow Lite Micro computes it", { skip }, async () => {
  const { cases, missing } = loadTable();
  for (const { name, reason } of missing) test(name, { skip: reason }, () => {});
  const kws = cases.find(({ name }) => name === "kws_ref_model");
  if (!kws) return;
  const graph = checkQuantized(simplify(checkGraph(importTflite(kws.model, kws.name), "import")), "simplify");
  const module = await compileGraph(graph);
  const vectors = kws.vectors.slice(0, VECTORS);
  const inputs = vectors.map((vector) => vector.inputs);
  for (const { name, engine } of engines) {
    test(name, async () => {
      assert.equal(difference(vectors, await engine.run(module, inputs)), undefined);
    });
  }
});

const digits = await compileGraph(simplifiedModel("digits_int8.tflite"));

const logisticRegression = () =>
  build({
    model: modelPath("logistic_regression.onnx"),
    calibration: modelPath("logistic_regression.calibration.csv"),
    selfTest: true,
    engines: [],
  });

interface Expected {
  readonly inputs: readonly (readonly number[])[];
  readonly outputs: { readonly probabilities: readonly (readonly number[])[] };
}

describe("models of the repository", { skip }, () => {
  const expected = JSON.parse(readFileSync(modelPath("digits_int8.expected.json"), "utf8")) as Expected;
  test("digits, as TensorFlow computes them", async () => {
    const vectors = expected.inputs.map((values) => [new Uint8Array(Int8Array.from(values))]);
    for (const { engine } of engines) {
      const outputs = await engine.run(digits, vectors);
      assert.deepEqual(
        outputs.map(([output]) => [...new Int8Array(output!)]),
        expected.outputs.probabilities,
      );
    }
  });

  test("the logistic regression, as the reference computes it", async () => {
    const { graph, module } = await logisticRegression();
    const vectors = Array.from({ length: 20 }, (_, i) => seededInputs(graph, i));
    const wanted = runReference(graph, vectors);
    for (const { engine } of engines) assert.deepEqual(await engine.run(module, vectors), wanted);
  });
});

/** A module of the ABI with one byte in and one out, whose `invoke` is `body`. */
function assemble(body: string, more = ""): Uint8Array {
  const globals = {
    abi: 2,
    memory_bytes: 64,
    input_0: 16,
    input_0_bytes: 1,
    output_0: 24,
    output_0_bytes: 1,
  };
  const list = Object.entries(globals).map(
    ([name, value]) => `(global $${name} i32 (i32.const ${value})) (export "${name}" (global $${name}))`,
  );
  const module =
    binaryen.parseText(`(module (memory $memory 1) ${list.join(" ")} (export "memory" (memory $memory))
    (func $invoke (result i32) ${body}) (export "invoke" (func $invoke)) ${more})`);
  const bytes = module.emitBinary();
  module.dispose();
  return bytes;
}

const copyByte = "(i32.store8 (i32.const 24) (i32.load8_u (i32.const 16))) (i32.const 0)";
const trapOnZero =
  "(i32.store8 (i32.const 24) (i32.div_u (i32.const 12) (i32.load8_u (i32.const 16)))) (i32.const 0)";
const needs = { abi: 2, memoryBytes: 64, capabilities: 0 };

/** A flash with an image that may be wrong in a way that the host would not sign. */
function imageFlash(
  options: Partial<ImageOptions>,
  change: (image: Uint8Array) => void = () => {},
): Uint8Array {
  const image = writeImage({ body: assemble(copyByte), key, version: "1.0.0", ...needs, ...options });
  change(image);
  const table = defaultTable(FLASH_LAYOUTS.get("qemu-virt")!, 1);
  return composeFlash(flashPieces(table, [{ file: "image", bytes: image }]), 1024 * 1024);
}

const boot = (flash: Uint8Array | string, more: Partial<FirmwareRequest> = {}): Promise<FirmwareResult> =>
  runFirmware({ flash, keys: [rawPublicKey(key)], vectors: [[Uint8Array.of(5)]], ...more });

describe("images that are refused", { skip }, () => {
  const selfTest = '(func $self_test (result i32) (i32.const 3)) (export "self_test" (func $self_test))';
  const flips = (at: number) => (image: Uint8Array) => {
    image[at]! ^= 1;
  };
  const refusals: readonly (readonly [string, number, Uint8Array, Partial<FirmwareRequest>?])[] = [
    ["no image", -3, imageFlash({}, (image) => image.fill(0xff))],
    ["one bit of the module flipped", -6, imageFlash({}, flips(40))],
    ["an unknown key", -7, imageFlash({ key: generateKey() })],
    ["one bit of the signature flipped", -8, imageFlash({}, (image) => flips(image.length - 40)(image))],
    ["a lower security counter", -9, imageFlash({ securityCounter: 4 }), { leastSecurityCounter: 5 }],
    ["another ABI", -10, imageFlash({ abi: 3 })],
    ["an unknown capability", -11, imageFlash({ capabilities: 1 << 30 })],
    ["too little RAM", -12, imageFlash({}), { ramBytes: 4096 }],
    ["no module", -13, imageFlash({ body: Uint8Array.of(1, 2, 3) })],
    ["a self-test that fails", -17, imageFlash({ body: assemble(copyByte, selfTest) })],
  ];
  for (const [name, status, flash, more] of refusals) {
    test(name, async () => {
      const result = await boot(flash, more);
      assert.deepEqual([result.status, result.model], [status, undefined], result.statusText);
      assert.deepEqual(result.outputs, []);
      // The core logs why; a texts' wording is checked with the core.
      assert.equal(result.console.at(-1), result.statusText);
    });
  }

  test("a security counter as high as the least is accepted", async () => {
    const result = await boot(imageFlash({ securityCounter: 5 }), { leastSecurityCounter: 5 });
    assert.deepEqual([result.status, result.outputs], [0, [[Uint8Array.of(5)]]], result.statusText);
  });
});

async function refused(work: Promise<unknown>, message: RegExp): Promise<void> {
  await assert.rejects(work, (error) => {
    assert.ok(error instanceof EngineError);
    assert.match(error.message, message);
    return true;
  });
}

describe("faults while running", { skip }, () => {
  const byte = (value: number): Vector => [Uint8Array.of(value)];

  test("a trap ends the run; what came before it is there", async () => {
    const result = await boot(flashOf(assemble(trapOnZero), key), { vectors: [byte(3), byte(0), byte(4)] });
    assert.deepEqual([result.status, result.outputs], [-18, [[Uint8Array.of(4)]]], result.statusText);
    const engine = qemu.run(assemble(trapOnZero), [byte(3), byte(0)]);
    await refused(engine, /^qemu: vector 1: invoke: .*divide by zero/);
  });

  test("a status other than 0 is an error", () =>
    refused(qemu.run(assemble("(i32.const 7)"), [byte(1)]), /^qemu: vector 0: invoke: .*returned an error/));

  test("a module that never ends is stopped after a number of instructions", () => {
    const flash = flashOf(assemble("(loop $again (br $again)) (i32.const 0)"), key);
    return refused(boot(flash, { limitMillions: 20 }), /^qemu: expected at most 20 million instructions/);
  });

  test("inputs of another length", async () => {
    const module = assemble(copyByte);
    await refused(
      qemu.run(module, [byte(1), [new Uint8Array(2)]]),
      /^qemu: vector 1: input_0: expected 1 bytes/,
    );
    await refused(qemu.run(module, [[]]), /^qemu: vector 0: expected 1 inputs, found 0/);
  });

  test("a file that is no module", () =>
    refused(qemu.run(Uint8Array.of(1, 2, 3), []), /^qemu: malformed module: /));

  test("a flash without partitions", () =>
    refused(boot(new Uint8Array(65536)), /status 1: flash: expected a/));

  test("a flash larger than the bank", () =>
    refused(boot(new Uint8Array(32 * 1024 * 1024 + 1)), /^qemu: flash: expected at most 33554432 bytes/));

  test("the self-test of a module", async () => {
    const { module } = await logisticRegression();
    assert.equal(await qemu.selfTest(module), 0);
    assert.equal(await qemu.selfTest(assemble(copyByte)), undefined);
  });
});

describe("flash images that the command line writes", { skip }, () => {
  const wasm = join(scratch, "digits.wasm");
  const pem = join(scratch, "key.pem");
  const run = (...args: string[]): void => {
    const { status, stderr } = thimble(args, { cwd: scratch });
    assert.equal(status, 0, stderr);
  };

  test("are booted as they are, for both slots and several models", async () => {
    writeFileSync(pem, privatePem(key));
    writeFileSync(wasm, digits);
    const image = writeImage({ body: digits, key, version: "1.2.3", id: "digits", abi: 2 });
    writeFileSync(join(scratch, "digits.img"), image);
    writeFileSync(
      join(scratch, "copy.img"),
      writeImage({ body: assemble(copyByte), key, version: "1.0.0", id: "copy" }),
    );
    run("flash", "digits.img", "copy.img", "--board", "qemu-virt", "-o", "flash.bin");
    const flash = join(scratch, "flash.bin");
    const first = await boot(flash, { vectors: [] });
    const second = await boot(flash, { model: 1 });
    assert.deepEqual([first.status, first.model], [0, "digits"], first.statusText);
    assert.deepEqual([second.status, second.model], [0, "copy"], second.statusText);
    assert.deepEqual(second.outputs, [[Uint8Array.of(5)]]);
    const empty = await boot(flash, { slot: "b" });
    assert.equal(empty.status, -3, empty.statusText);
  });

  test("that are smaller than the bank, as for a real board, too", async () => {
    run("flash", "digits.img", "--board", "esp32-c3", "-o", "small.bin");
    const { status, model } = await boot(join(scratch, "small.bin"), { vectors: [] });
    assert.deepEqual([status, model], [0, "digits"]);
  });
});

describe("figures", { skip }, () => {
  test("are the same in every run, and native kernels can be left out of the build", async () => {
    const flash = flashOf(digits, key);
    const vectors = [[new Uint8Array(64)]];
    const [once, again] = [await boot(flash, { vectors }), await boot(flash, { vectors })];
    assert.deepEqual(once.statistics, again.statistics);
    const flags = ["-DTHIMBLE_NO_CONV2D", "-DTHIMBLE_NO_DEPTHWISE_CONV2D"];
    const less = await boot(flash, { vectors, build: { flags } });
    assert.equal(less.statistics.nativeKernels, once.statistics.nativeKernels - 2);
    assert.deepEqual(less.outputs, once.outputs);
    const { sizes } = await buildFirmware({ flags });
    assert.equal(sizes.get("kernel.conv2d_s8"), undefined);
  });
});
