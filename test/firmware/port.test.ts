/** The ports for ESP-IDF, which can't be built here, and for WebAssembly, in which simulated devices run. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync, realpathSync } from "node:fs";
import { join, resolve } from "node:path";
import { before, describe, test } from "node:test";
import { seededInputs } from "../../host/compiler/verify/vectors.ts";
import { FLASH_LAYOUTS } from "../../host/firmware/boards.ts";
import { coreSources, wasm3Flags } from "../../host/firmware/posix_build.ts";
import { buildWasm, wasmAvailability } from "../../host/firmware/wasm_build.ts";
import { findCompiler, findSource, runProcess, wasm3Sources } from "../../host/firmware/wasm3_build.ts";
import {
  type Place,
  type WasmDevice,
  type WasmModel,
  wasmDevice,
} from "../../host/fleet/simulator/instance.ts";
import { ImageError } from "../../host/image/error.ts";
import { defaultTable } from "../../host/image/layout.ts";
import { verifyImage } from "../../host/image/mcuboot.ts";
import { readNeeds } from "../../host/image/module.ts";
import { readTable, tableCsv } from "../../host/image/partition_table.ts";
import { writeImage } from "../../host/image/write_image.ts";
import type { Vector } from "../../host/ir/graph.ts";
import { build } from "../../host/pipeline.ts";
import { root } from "../../host/root.ts";
import { v8 } from "../../host/runtime/engines/v8.ts";
import { scratchFolder } from "../support/folders.ts";
import { modelPath } from "../support/models.ts";
import { key, makeImage, makeModule, otherKey, publicHex, STATUS, u32 } from "../support/signed_images.ts";

const scratch = scratchFolder();
const espIdf = join(root, "firmware", "port", "esp-idf");
const espPath = (...names: string[]): string => join(espIdf, ...names);
const read = (...names: string[]): string => readFileSync(espPath(...names), "utf8");

/** Whether a command can be run, and how to install it where it can't. */
async function missing(command: readonly string[], packages: string): Promise<string | false> {
  const result = await runProcess([...command, "--version"]).catch(() => undefined);
  return result?.status === 0 ? false : `${command[0]} is missing: apt-get install ${packages}`;
}

const host = await findCompiler();
const rv32 = ["riscv64-unknown-elf-gcc", "-march=rv32imac", "-mabi=ilp32", "--specs=picolibc.specs"];
const compilers: readonly { name: string; command: readonly string[]; skip: string | false }[] = [
  { name: "this machine", command: host?.command ?? ["cc"], skip: host ? false : "a C compiler is missing" },
  {
    name: "rv32imac",
    command: rv32,
    skip: await missing(rv32.slice(0, 1), "gcc-riscv64-unknown-elf picolibc-riscv64-unknown-elf"),
  },
];

const noCmake = await missing(["cmake"], "cmake");

describe("esp-idf", () => {
  const includes = ["thimble/include", "check/include"].map((path) => `-I${espPath(path)}`);
  const strict = ["-std=gnu17", "-fsyntax-only", "-Wall", "-Wextra", "-Wconversion", "-Werror"];

  for (const { name, command, skip } of compilers) {
    for (const source of ["thimble/thimble_esp.c", "example/main/main.c"]) {
      test(`${source} compiles for ${name}`, { skip }, async () => {
        const args = [...strict, ...includes, `-I${join(root, "firmware", "include")}`, espPath(source)];
        const { status, stderr } = await runProcess([...command, ...args]);
        assert.equal(status, 0, stderr);
      });
    }
  }

  test("whatever fails, nothing stays mapped or allocated", { skip: compilers[0]!.skip }, async () => {
    const program = join(scratch, "check");
    const sanitize = ["-fsanitize=address,undefined", "-fno-sanitize-recover=undefined", "-g"];
    const sources = [espPath("thimble/thimble_esp.c"), espPath("check/main.c")];
    const flags = [...strict.filter((flag) => flag !== "-fsyntax-only"), ...includes, ...sanitize];
    const command = [
      ...compilers[0]!.command,
      ...flags,
      `-I${join(root, "firmware", "include")}`,
      ...sources,
    ];
    const built = await runProcess([...command, "-o", program]);
    assert.equal(built.status, 0, built.stderr);
    const { status, stderr } = await runProcess([program]);
    assert.equal(status, 0, stderr);
  });

  test("the example's partitions are those of thimble flash", () => {
    const expected = defaultTable(FLASH_LAYOUTS.get("esp32-c3")!, 2);
    assert.equal(read("example/partitions.csv"), tableCsv(expected));
    assert.deepEqual(readTable(readFileSync(espPath("example/partitions.csv"))), expected);
    assert.match(read("example/sdkconfig.defaults"), /^CONFIG_PARTITION_TABLE_OFFSET=0x8000$/m);
  });

  test("slots are found by the types and subtypes of the layout", () => {
    const source = read("thimble/thimble_esp.c");
    const number = (name: string): number => Number(new RegExp(`${name} += (\\w+)`).exec(source)![1]);
    const perType = number("MODELS_PER_TYPE");
    const slots = defaultTable(FLASH_LAYOUTS.get("qemu-virt")!, number("MODELS_MAX")).filter(({ label }) =>
      label.startsWith("model_"),
    );
    slots.forEach(({ type, subtype }, i) => {
      const model = Math.floor(i / 2);
      assert.equal(type, number("MODEL_TYPE") + Math.floor(model / perType));
      assert.equal(subtype, 2 * (model % perType) + (i % 2));
    });
  });

  test("manifests name every component that is not ESP-IDF's own", () => {
    const manifest = read("thimble/idf_component.yml");
    assert.match(manifest, /^ {2}espressif\/libsodium: "\^/m);
    assert.match(manifest, /^ {2}wasm3:\n {4}path: \.\.\/wasm3$/m);
    assert.match(read("example/main/idf_component.yml"), /^ {2}thimble:\n {4}path: \.\.\/\.\.\/thimble$/m);
  });

  test("the components have all sources and wasm3's flags", { skip: noCmake }, async () => {
    const folders = ["-S", espPath("check"), "-B", join(scratch, "cmake")];
    const { status, stderr } = await runProcess(["cmake", ...folders]);
    assert.equal(status, 0, stderr);
    // A checkout may be reached through a link, which CMake resolves.
    const real = (paths: readonly string[]): string[] => paths.map((path) => realpathSync(path)).sort();
    const values = (head: string): string[] =>
      stderr
        .split("\n")
        .filter((line) => line.startsWith(`${head} `))
        .map((line) => line.slice(head.length + 1));
    const sources = (component: string): string[] =>
      real(values(`${component} SRCS`).map((path) => resolve(espPath(component), path)));

    assert.deepEqual(sources("thimble"), real([...coreSources(), espPath("thimble/thimble_esp.c")]));
    assert.deepEqual(sources("wasm3"), real(wasm3Sources(findSource()!)));
    assert.deepEqual(values("wasm3 OPTIONS"), [["PRIVATE", "-w", ...wasm3Flags()].join(";")]);
    const flagged = values("thimble PROPERTIES").find((line) => line.includes("thimble_calloc"))!;
    const [files, flags] = flagged.split(";PROPERTIES;COMPILE_OPTIONS;");
    assert.equal(flags, wasm3Flags().join(";"));
    const includesWasm3 = (path: string): boolean =>
      /#include "(m3_env|wasm3|model)\.h"/.test(readFileSync(path, "utf8"));
    assert.deepEqual(real(files!.split(";")), real(coreSources().filter(includesWasm3)));
  });

  test("only calls that are declared, and declarations only of calls that are made", () => {
    const used = ["thimble/thimble_esp.c", "thimble/include/thimble_esp.h", "example/main/main.c"]
      .map((path) => read(path))
      .join("\n");
    const folder = espPath("check", "include");
    const headers = readdirSync(folder, { recursive: true, encoding: "utf8" })
      .filter((path) => path.endsWith(".h") && path !== "keys.h")
      .map((path) => ({ path, text: readFileSync(join(folder, path), "utf8") }));
    const functions = headers.flatMap(({ path, text }) =>
      [...text.matchAll(/^\w[\w *]*?\b(\w+)\(/gm)].map(([, name]) => ({ path, name: name! })),
    );
    for (const { path, name } of functions.filter((each) => !/^check_|^__/.test(each.name))) {
      assert.match(used, new RegExp(`\\b${name}\\(`), `${path}: ${name} is declared and not called`);
    }
    for (const { path } of headers) assert.ok(used.includes(`"${path}"`), `${path} is not included`);
  });
});

const available = await wasmAvailability();
const skipWasm = available.available ? false : `${available.reason}: ${available.install}`;

const statusName = (status: number): string =>
  Object.entries(STATUS).find(([, value]) => value === status)?.[0] ?? `status ${status}`;

function onHost(bytes: Uint8Array): string {
  try {
    verifyImage(bytes, [key]);
    return "OK";
  } catch (error) {
    assert.ok(error instanceof ImageError);
    return error.status;
  }
}

describe("wasm", { skip: skipWasm }, () => {
  const RAM_BYTES = 256 * 1024;
  const publicKey = new Uint8Array(Buffer.from(publicHex(key), "hex"));
  let module: WebAssembly.Module;

  before(async () => {
    module = new WebAssembly.Module(await buildWasm());
  });

  const lines: string[] = [];
  let now = 0;
  function newDevice(keys: readonly Uint8Array[] = [publicKey]): WasmDevice {
    // A clock that advances by seven whenever it is read, so that tests can tell what was counted.
    now = 0;
    lines.length = 0;
    const ticks = (): number => {
      now += 7;
      return now;
    };
    return wasmDevice(module, { keys, ticks, log: (line) => lines.push(line) });
  }

  function place(device: WasmDevice, bytes: Uint8Array): Place {
    const slot = device.reserve(bytes.length);
    device.view(slot).set(bytes);
    return slot;
  }

  function opened(device: WasmDevice, image: Uint8Array, portableOnly = false): WasmModel {
    const ram = device.reserve(RAM_BYTES);
    device.view(ram).fill(0xa5);
    const model = device.open(place(device, image), ram, { portableOnly });
    assert.ok(typeof model !== "number", `${image.length} bytes: status ${String(model)}`);
    return model;
  }

  function run(device: WasmDevice, model: WasmModel, vector: Vector): Vector {
    model.inputs.forEach((input, i) => {
      device.view(input).set(vector[i]!);
    });
    assert.equal(model.invoke(), STATUS.OK);
    return model.outputs.map((output) => device.view(output).slice());
  }

  test("all that is outside comes through six imports", () => {
    assert.deepEqual(
      WebAssembly.Module.imports(module).map((each) => `${each.module}.${each.name}`),
      [
        "thimble.ticks",
        "thimble.log",
        "thimble.flash_read",
        "thimble.flash_program",
        "thimble.flash_erase",
        "thimble.flash_map",
      ],
    );
  });

  for (const [name, options] of [
    ["digits", { model: modelPath("digits_int8.tflite") }],
    [
      "the logistic regression",
      {
        model: modelPath("logistic_regression.onnx"),
        calibration: modelPath("logistic_regression.calibration.csv"),
        // Of 16 bits, as it would be of itself, it has no native kernels.
        quantization: { precision: "int8" },
      },
    ],
  ] as const) {
    test(`${name} computes what it computes in V8, with native kernels and without`, async () => {
      const { module: body, graph } = await build({ ...options, selfTest: true, engines: [] });
      const fields = { ...readNeeds(body), id: "a-model", version: "1.2.3+4", securityCounter: 5 };
      const image = writeImage({ body, key, ...fields });
      const vectors = Array.from({ length: 20 }, (_, seed) => seededInputs(graph, seed));
      const expected = await v8.run(body, vectors);
      for (const portableOnly of [false, true]) {
        const device = newDevice();
        const model = opened(device, image, portableOnly);
        const outputs = vectors.map((vector) => run(device, model, vector));
        assert.deepEqual(outputs, expected);
        const { digest, ...said } = model.image;
        assert.deepEqual(said, { bodyBytes: body.length, ...fields });
        assert.equal(digest.length, 32);
        const statistics = model.statistics()!;
        assert.equal(statistics.invocations, vectors.length);
        assert.equal(statistics.nativeKernels > 0, !portableOnly);
        assert.equal(statistics.lastTicks, 7);
        assert.ok(statistics.ramUsed < RAM_BYTES);
        assert.deepEqual(lines, []);
      }
    });
  }

  const tiny = makeImage({ body: makeModule() });
  const number = (value: number): Vector => [new Uint8Array(u32(value))];

  test("a refused image gives its status, and the model before it still runs", () => {
    const device = newDevice();
    const model = opened(device, tiny);
    const flipped = Buffer.from(tiny);
    flipped[40]! ^= 1;
    const counter = makeImage({ body: makeModule(), protectedTlvs: [[0x50, u32(4)]] });
    const ram = device.reserve(RAM_BYTES);
    for (const [image, status] of [
      [flipped, STATUS.HASH],
      [tiny.subarray(0, -1), STATUS.TRUNCATED],
      [Buffer.alloc(64, 0xff), STATUS.MAGIC],
      [makeImage({ body: makeModule(), key: otherKey }), STATUS.KEY],
      [counter, STATUS.ROLLBACK],
      [makeImage({ body: Buffer.from("no module") }), STATUS.MODULE],
    ] as const) {
      const slot = place(device, image);
      lines.length = 0;
      assert.equal(
        device.open(slot, ram, { leastSecurityCounter: status === STATUS.ROLLBACK ? 5 : 0 }),
        status,
      );
      assert.deepEqual(lines, [device.statusText(status)]);
    }
    assert.equal(device.open(place(device, tiny), device.reserve(64)), STATUS.RAM);
    assert.deepEqual(run(device, model, number(5)), number(1005));
    model.close();
    assert.equal(model.invoke(), STATUS.CLOSED);
    assert.equal(model.statistics(), undefined);
  });

  test("an image is checked without being opened", () => {
    const device = newDevice();
    const image = makeImage({ body: makeModule(), protectedTlvs: [[0x50, u32(4)]] });
    const slot = place(device, image);
    const found = device.check(slot, 4);
    assert.ok(typeof found !== "number");
    assert.equal(found.securityCounter, 4);
    assert.equal(device.check(slot, 5), STATUS.ROLLBACK);
    assert.equal(newDevice([]).check(slot), STATUS.MAGIC, "each device has a memory of its own");
  });

  test("a device that trusts nobody refuses everything", () => {
    const device = newDevice([]);
    assert.equal(device.check(place(device, tiny)), STATUS.KEY);
  });

  test("host and device refuse damaged images by the same name", () => {
    const fields = {
      version: "1.2.3",
      securityCounter: 4,
      id: "m",
      abi: 2,
      memoryBytes: 64,
      capabilities: 3,
    };
    const image = writeImage({ body: makeModule(), key, ...fields });
    const device = newDevice();
    const slot = device.reserve(image.length);
    const onDevice = (bytes: Uint8Array): string => {
      device.view(slot).set(bytes);
      const found = device.check({ ...slot, bytes: bytes.length });
      return typeof found === "number" ? statusName(found) : "OK";
    };
    const damaged = [
      image,
      ...Array.from(image, (_, at) =>
        [0x00, 0x01, 0x50, 0xa1, 0xff].map((byte) => image.with(at, byte)),
      ).flat(),
      ...Array.from(image, (_, length) => image.slice(0, length)),
    ];
    const seen = new Set<string>();
    for (const bytes of damaged) {
      const at = bytes.findIndex((byte, i) => byte !== image[i]);
      const what = `${bytes.length} bytes${at < 0 ? "" : `, byte ${at} is ${bytes[at]}`}`;
      const found = onDevice(bytes);
      assert.equal(found, onHost(bytes), what);
      seen.add(found);
    }
    const all = ["HASH", "HEADER", "KEY", "MAGIC", "OK", "SIGNATURE", "TLV", "TRUNCATED"];
    assert.deepEqual([...seen].sort(), all);
  });

  for (const [what, invoke, more] of [
    ["divides by zero", "(i32.div_s (i32.const 1) (i32.load (i32.const 60)))", ""],
    [
      "calls itself without end",
      "(call $deeper (i32.const 0))",
      "(func $deeper (param i32) (result i32) (i32.add (i32.const 1) (call $deeper (local.get 0))))",
    ],
    ["calls itself without end nor values", "(call $deeper) (i32.const 0)", "(func $deeper (call $deeper))"],
  ] as const) {
    test(`a module that ${what} traps, and another still runs`, () => {
      const device = newDevice();
      const model = opened(device, tiny);
      const wrong = opened(device, makeImage({ body: makeModule({ invoke, more }) }));
      for (let i = 0; i < 3; i++) assert.equal(wrong.invoke(), STATUS.TRAP);
      assert.deepEqual(run(device, model, number(5)), number(1005));
    });
  }

  test("memory that there is not is not given", () => {
    const device = newDevice();
    assert.throws(() => device.reserve(0x7fffffff), RangeError);
    assert.throws(() => device.reserve(0xffffffff), RangeError);
    const two = [device.reserve(1), device.reserve(1)];
    assert.deepEqual(
      two.map(({ at }) => at % 16),
      [0, 0],
    );
    assert.equal(two[1]!.at - two[0]!.at, 16);
  });

  test("is built once, and tells the compiler's own words where it fails", async () => {
    assert.deepEqual(await buildWasm(), await buildWasm());
    await assert.rejects(buildWasm({ flags: ["-DTHIMBLE_H"] }), /\.c: clang\S* failed\n(.*\n)*?.*error: /);
  });
});
