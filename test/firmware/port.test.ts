/** The port for WebAssembly, in which simulated devices run. */
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { seededInputs } from "../../host/compiler/verify/vectors.ts";
import { buildWasm, wasmAvailability } from "../../host/firmware/wasm_build.ts";
import {
  type Place,
  type WasmDevice,
  type WasmModel,
  wasmDevice,
} from "../../host/fleet/simulator/instance.ts";
import { ImageError } from "../../host/image/error.ts";
import { verifyImage } from "../../host/image/mcuboot.ts";
import { readNeeds } from "../../host/image/module.ts";
import { writeImage } from "../../host/image/write_image.ts";
import type { Vector } from "../../host/ir/graph.ts";
import { build } from "../../host/pipeline.ts";
import { v8 } from "../../host/runtime/engines/v8.ts";
import { modelPath } from "../support/models.ts";
import { key, makeImage, makeModule, otherKey, publicHex, STATUS, u32 } from "../support/signed_images.ts";

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
