/** What the tests of power failures share: a device with one small model, two versions of it, and an update. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { boot, type Device, type DeviceOptions } from "../../host/fleet/simulator/device.ts";
import {
  type Cut,
  type FlashGeometry,
  type NorFlash,
  norFlash,
  PowerLoss,
} from "../../host/fleet/simulator/flash.ts";
import { assemble, key, makeImage, publicHex, STATUS, u32 } from "./signed_images.ts";

export interface Geometry {
  readonly name: string;
  readonly sectorBytes: number;
  readonly programBytes: number;
  readonly ecc?: boolean;
}

/** SPI NOR as on ESP32; a microcontroller's own flash, and one with large units, both with error correction. */
export const GEOMETRIES: readonly Geometry[] = [
  { name: "4 KiB sectors, single bytes", sectorBytes: 4096, programBytes: 1 },
  { name: "4 KiB sectors, words of 8 bytes with ECC", sectorBytes: 4096, programBytes: 8, ecc: true },
  { name: "8 KiB sectors, words of 32 bytes with ECC", sectorBytes: 8192, programBytes: 32, ecc: true },
];

const SLOT_SECTORS = 4;
const RAM_BYTES = 16384;

/** A module that adds `amount` to its input, or traps, with `padding` bytes of data so that it fills some sectors. */
function adder(amount: number, padding: number, traps: boolean): Uint8Array {
  const bytes = Buffer.alloc(padding, amount & 0x3f).toString("latin1");
  const end = 64 + padding;
  const globals = { abi: 2, memory_bytes: end, input_0: 0, input_0_bytes: 4, output_0: 8, output_0_bytes: 4 };
  const exported = Object.entries(globals).map(
    ([name, value]) => `(global $${name} i32 (i32.const ${value})) (export "${name}" (global $${name}))`,
  );
  const quoted = [...bytes].map((c) => `\\${c.charCodeAt(0).toString(16).padStart(2, "0")}`).join("");
  return assemble(`(module (memory $memory ${Math.ceil(end / 65536)}) (export "memory" (memory $memory))
    ${exported.join("\n")} (data (i32.const 64) "${quoted}")
    (func (export "invoke") (result i32) ${traps ? "(unreachable)" : ""}
      (i32.store (i32.const 8) (i32.add (i32.load (i32.const 0)) (i32.const ${amount})))
      (i32.const 0)))`);
}

/** A version of the model: what it adds tells which one runs. */
export function version(
  amount: number,
  { counter = amount, padding = 9000, id = "adder", traps = false, signer = key } = {},
): Uint8Array {
  const body = adder(amount, padding, traps);
  const text = Buffer.from(id);
  return makeImage({
    body,
    key: signer,
    header: (header) => header.set([amount, 0, 0, 0, 0, 0, 0, 0], 20),
    protectedTlvs: [
      [0x50, u32(counter)],
      [0xa0, text],
      [0xa1, u32(2)],
      [0xa2, u32(64 + padding)],
      [0xa3, u32(0)],
    ],
  });
}

export interface Layout {
  readonly flash: FlashGeometry;
  readonly options: Omit<DeviceOptions, "core" | "flash">;
}

/** Journal first, then slot A and slot B. */
export function layout({ sectorBytes, programBytes, ecc = false }: Geometry): Layout {
  const slotBytes = SLOT_SECTORS * sectorBytes;
  return {
    flash: { bytes: 2 * sectorBytes + 2 * slotBytes, sectorBytes, programBytes, ecc },
    options: {
      journal: 0,
      models: [
        {
          slots: [2 * sectorBytes, 2 * sectorBytes + slotBytes],
          bytes: slotBytes,
          ramBytes: RAM_BYTES,
        },
      ],
      keys: [new Uint8Array(Buffer.from(publicHex(key), "hex"))],
      confirmAfter: 2,
    },
  };
}

/** A device as it leaves the factory: `image` in slot A. */
export function factory(geometry: Geometry, image: Uint8Array, seed = 1): NorFlash {
  const { flash, options } = layout(geometry);
  const content = new Uint8Array(flash.bytes).fill(0xff);
  content.set(image, options.models[0]!.slots[0]);
  return norFlash(flash, content, seed);
}

/** What the running model adds to its input, or the negative status of the inference. */
export function infer(device: Device): number {
  const outputs = device.services[0]!.invoke([u32(1000)]);
  return typeof outputs === "number" ? outputs : new DataView(outputs[0]!.buffer).getInt32(0, true) - 1000;
}

const sha256 = (data: Uint8Array): Uint8Array => createHash("sha256").update(data).digest();

/** Chunks that fit neither sectors nor words. */
const CHUNK = 1111;

/** Everything from the offer to the confirmed image and its report, as an application does it. */
export function update(device: Device, image: Uint8Array, isUnhealthy = false): void {
  const service = device.services[0]!;
  const reject = (): void => {
    if (isUnhealthy && service.record().state === "trial") assert.equal(service.reject(STATUS.HEALTH), 0);
  };
  reject();
  // Nothing new is begun before it is known what becomes of an image on trial.
  while (service.record().state === "trial") infer(device);
  const offset = service.begin({ size: image.length, hash: sha256(image), action: 7, tag: 1 });
  assert.ok(offset >= 0, device.statusText(offset));
  for (let at = offset; at < image.length; at += CHUNK) {
    assert.equal(service.write(image.subarray(at, at + CHUNK)), 0);
  }
  const finished = service.finish();
  if (finished === 0) service.switch();
  reject();
  for (let i = 0; i < 3; i++) infer(device);
  if (service.record().outcome !== "none") assert.equal(service.reported(), 0);
}

/**
 * The same by a device whose flash, journal or RAM may fail: whatever is refused is left at that. Whoever ordered the
 * update hears of an outcome in the end.
 */
export function tryUpdate(device: Device, image: Uint8Array, isUnhealthy = false): void {
  const service = device.services[0]!;
  const reject = (): void => {
    if (isUnhealthy && service.record().state === "trial") service.reject(STATUS.HEALTH);
  };
  reject();
  for (let i = 0; i < 3 && service.record().state === "trial"; i++) infer(device);
  const offset = service.begin({ size: image.length, hash: sha256(image), action: 7, tag: 1 });
  let status = Math.min(0, offset);
  for (let at = offset; status === 0 && at < image.length; at += CHUNK)
    status = service.write(image.subarray(at, at + CHUNK));
  if (status === 0) service.finish();
  service.switch();
  reject();
  for (let i = 0; i < 3; i++) infer(device);
  if (service.record().outcome !== "none") service.reported();
}

/** Runs until the work is done or power fails; whether it was done. */
export function untilPowerLoss(flash: NorFlash, cut: Cut | undefined, work: () => void): boolean {
  flash.cut(cut);
  try {
    work();
    return true;
  } catch (error) {
    if (error instanceof PowerLoss) return false;
    throw error;
  } finally {
    flash.cut(undefined);
  }
}

/** Less than any version of the model takes. */
export const SHORT_RAM_BYTES = 9500;

/** Switches the device on, with less RAM for its model where that is said. */
export function start(
  core: WebAssembly.Module,
  geometry: Geometry,
  flash: NorFlash,
  { ramBytes = RAM_BYTES, ...others }: { readonly ramBytes?: number } & Partial<DeviceOptions> = {},
): Device {
  const { options } = layout(geometry);
  const models = options.models.map((model) => ({ ...model, ramBytes }));
  return boot({ ...options, models, core, flash, ...others });
}

/** The bytes of slot A or B. */
export function heldIn(geometry: Geometry, flash: NorFlash, slot: number): Buffer {
  const { slots, bytes } = layout(geometry).options.models[0]!;
  return Buffer.from(flash.bytes.subarray(slots[slot]!, slots[slot]! + bytes));
}
