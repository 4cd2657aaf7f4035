/** A new device's flash: the journal, and two slots for each model. */
import type { KeyObject } from "node:crypto";
import { readFileSync } from "node:fs";
import { DEFAULT_BOARD, findBoard } from "../../firmware/boards.ts";
import { rawPublicKey, readPublicKey } from "../../image/keys.ts";
import type { DeviceOptions, MonitorPlace } from "./device.ts";
import { type NorFlash, norFlash } from "./flash.ts";
import type { SimulatedOptions } from "./simulated_device.ts";

const bytesOf = (source: Uint8Array | string): Uint8Array =>
  typeof source === "string" ? new Uint8Array(readFileSync(source)) : source;

function readKey(key: Uint8Array | KeyObject | string): Uint8Array {
  if (key instanceof Uint8Array) return key;
  return rawPublicKey(typeof key === "string" ? readPublicKey(readFileSync(key, "utf8"), key) : key);
}

const roundUp = (value: number, unit: number): number => Math.ceil(value / unit) * unit;

/** Counts of 64 features and a result, and flash for five reports of them. */
const MONITOR_RAM_BYTES = 1568;
const MONITOR_HALF_BYTES = 8192;

/** The journal first, then two slots for every model, then what the monitors of all keep. */
export function layOut(options: SimulatedOptions): { flash: NorFlash; device: Omit<DeviceOptions, "core"> } {
  const { board: given = DEFAULT_BOARD, geometry = { sectorBytes: 4096, programBytes: 1 } } = options;
  const board = typeof given === "string" ? findBoard(given) : given;
  const { sectorBytes } = geometry;
  let end = 2 * sectorBytes;
  const models = options.models.map(({ slotBytes = board.slotBytes, ramBytes }) => {
    const bytes = roundUp(slotBytes, sectorBytes);
    const slots = [end, end + bytes] as const;
    end += 2 * bytes;
    const share = options.sharedRam ? 1 : options.models.length;
    return {
      slots,
      bytes,
      ramBytes: ramBytes ?? roundUp(board.ramBytes / share - 15, 16),
      ...(options.sharedRam && { sharesRam: true }),
    };
  });
  const places = models.map((model) => {
    if (!options.monitor) return model;
    const sectors = Math.ceil(MONITOR_HALF_BYTES / sectorBytes);
    const place = (): MonitorPlace => {
      const address = end;
      end += 2 * sectors * sectorBytes;
      return { address, sectors, ramBytes: MONITOR_RAM_BYTES };
    };
    return { ...model, monitor: place(), ...(options.shadow && { shadow: place() }) };
  });
  const content = options.flash === undefined ? new Uint8Array(end).fill(0xff) : bytesOf(options.flash);
  for (const [i, { image }] of options.flash === undefined ? options.models.entries() : []) {
    const bytes = bytesOf(image);
    if (bytes.length > models[i]!.bytes)
      throw new RangeError(
        `models[${i}]: expected an image of ${models[i]!.bytes} bytes, found ${bytes.length}`,
      );
    content.set(bytes, models[i]!.slots[0]);
  }
  const flash = norFlash({ ...geometry, bytes: end }, content, options.seed);
  const names = options.models.flatMap(({ name }) => name ?? []);
  const { trialStarts, confirmAfter, server, log } = options;
  return {
    flash,
    device: {
      flash,
      journal: 0,
      models: places,
      keys: options.keys.map(readKey),
      nativeStack: board.stackBytes,
      ...(!board.siblingCalls && { frameBytes: board.frameBytes }),
      ...(trialStarts !== undefined && { trialStarts }),
      ...(confirmAfter !== undefined && { confirmAfter }),
      ...(options.monitor && { monitor: options.monitor }),
      ...(options.samples && { samples: { ...options.samples, seed: options.seed ?? 1 } }),
      ...(log && { log }),
      ...(server && {
        server: { ...server, seed: options.seed ?? 1, ...(names.length > 0 && { models: names }) },
      }),
    },
  };
}
