/**
 * A simulated device: the C core in an instance of the module that wasm_build.ts makes. Its flash and RAM are
 * places in the instance's memory; the file on the C side, firmware/port/wasm/port.c, is in the same order.
 */

import { decodeStack } from "../../image/mcuboot_format.ts";
import type { NativeStack } from "../../module/native_stack.ts";
import { FlashFault, type NorFlash } from "./flash.ts";
import { PAGE_BYTES } from "./pages.ts";
import { type Host, instantiate, type Lease, type Pool } from "./pool.ts";

/** The module's exports; every number is an i32. Pointers and sizes are below 2^31. */
export interface Exports extends WebAssembly.Exports {
  readonly memory: WebAssembly.Memory;
  readonly __stack_pointer: WebAssembly.Global<"i32">;
  readonly reserve: (bytes: number) => number;
  readonly device_set: (
    keys: number,
    count: number,
    capabilities: number,
    stackBytes: number,
    frameBytes: number,
  ) => void;
  readonly image_check: (data: number, size: number, leastCounter: number) => number;
  readonly image_checked: () => number;
  readonly model_open: (
    data: number,
    size: number,
    ram: number,
    ramBytes: number,
    leastCounter: number,
    portableOnly: number,
    skipSelfTest: number,
    stackBytes: number,
  ) => number;
  readonly model_input: (model: number, index: number) => number;
  readonly model_input_bytes: (model: number, index: number) => number;
  readonly model_output: (model: number, index: number) => number;
  readonly model_output_bytes: (model: number, index: number) => number;
  readonly model_invoke: (model: number) => number;
  readonly model_close: (model: number) => void;
  readonly model_image: (model: number) => number;
  readonly model_statistics: (model: number) => number;
  readonly status_text: (status: number) => number;
  readonly values_output: (model: number, index: number) => number;
  readonly values_feature: (model: number, index: number, name: number) => number;
  readonly values_write: (model: number, index: number, values: number, count: number) => number;
  readonly values_read: (model: number, index: number, values: number, count: number) => number;
  readonly values_decide: (model: number, values: number, count: number) => number;
  readonly values_decision: () => number;
  readonly stream_open: (model: number, ring: number, capacity: number) => number;
  readonly stream_feed: (model: number, samples: number, count: number) => number;
  readonly stream_more: () => number;
  readonly stream_overruns: (model: number) => number;
  readonly flash_set: (at: number, sectorBytes: number, programBytes: number, mayFail: number) => void;
  readonly model_add: (
    slotA: number,
    slotB: number,
    bytes: number,
    ram: number,
    ramBytes: number,
    trialStarts: number,
    confirmAfter: number,
  ) => void;
  readonly model_share: (model: number) => void;
  readonly store_open: (journal: number) => number;
  readonly store_record: (model: number) => number;
  readonly update_begin: (model: number, size: number, hash: number, action: number, tag: number) => number;
  readonly update_write: (model: number, data: number, bytes: number) => number;
  readonly update_finish: (model: number) => number;
  readonly update_cancel: (model: number) => number;
  readonly update_hold: (model: number, held: number) => number;
  readonly update_is_in_service: (model: number) => number;
  readonly update_reported: (model: number) => number;
  readonly service_start: (model: number) => number;
  readonly service_switch: (model: number) => number;
  readonly service_invoke: (model: number) => number;
  readonly service_confirm: (model: number) => number;
  readonly service_reject: (model: number, reason: number) => number;
  readonly service_model: (model: number) => number;
  readonly monitor_add: (model: number, setup: number) => number;
  readonly monitor_tick: (model: number, uptime: number, time: number) => number;
  readonly monitor_seal: (model: number) => number;
  readonly monitor_save: (model: number) => number;
  readonly monitor_report: (model: number) => number;
  readonly monitor_report_bytes: () => number;
  readonly monitor_report_interval: () => number;
  readonly monitor_acknowledge: (model: number, interval: number) => void;
  readonly monitor_counts: (model: number) => number;
  readonly monitor_count: (model: number, counter: number, by: number) => void;
  readonly shadow_add: (model: number, setup: number, ram: number, ramBytes: number) => number;
  readonly shadow_monitor: (model: number) => number;
  readonly shadow_tick: (model: number) => number;
  readonly samples_add: (model: number, setup: number) => void;
  readonly samples_first: (model: number) => number;
  readonly samples_bytes: () => number;
  readonly samples_drop: (model: number, sample: number) => void;
  readonly ddi_open: (url: number, authorization: number, attributes: number, seed: number) => void;
  readonly ddi_model: (name: number, model: number) => void;
  readonly ddi_next: (now: number) => number;
  readonly ddi_request: () => number;
  readonly ddi_attributes: (attributes: number) => void;
  readonly ddi_url_bytes: () => number;
  readonly ddi_attributes_bytes: () => number;
  readonly ddi_head: (status: number, rangeStart: number, retryAfter: number) => number;
  readonly ddi_body: (data: number, bytes: number) => number;
  readonly ddi_end: (now: number, whole: number) => void;
}

export interface WasmDeviceOptions {
  /** Trusted Ed25519 public keys of 32 bytes. */
  readonly keys: readonly Uint8Array[];
  /** Bits of `CAPABILITY`; default all that the core has. */
  readonly capabilities?: number;
  /** Native stack for a model; default the core's. The instance has 64 KiB, whatever is said here. */
  readonly nativeStack?: number;
  /** Bytes that an operation keeps on it, where the device's compiler makes no sibling calls. */
  readonly frameBytes?: number;
  /** The device's clock in any unit, modulo 2^32; default a clock that stands still. */
  readonly ticks?: () => number;
  readonly log?: (line: string) => void;
  /** Where models are kept; without it every operation on flash fails. */
  readonly flash?: NorFlash;
}

/** A run of bytes in the device's memory. */
export interface Place {
  readonly at: number;
  readonly bytes: number;
}

export interface WasmOpenOptions {
  readonly leastSecurityCounter?: number;
  readonly portableOnly?: boolean;
  readonly skipSelfTest?: boolean;
  /** wasm3's own stack; default the core's. */
  readonly stackBytes?: number;
}

/** The fields of thimble_image that a host has use for. */
export interface WasmImage {
  readonly bodyBytes: number;
  readonly version: string;
  readonly securityCounter: number;
  readonly abi: number;
  readonly memoryBytes: number;
  readonly capabilities: number;
  /** Linear memory where constants stay in flash; 0 where the image does not say. */
  readonly leastBytes: number;
  /** Native stack that the module takes; zeros where the image does not say. */
  readonly nativeStack: NativeStack;
  readonly id: string;
  readonly digest: Uint8Array;
}

/** thimble_statistics, with the names of its fields. */
export interface WasmStatistics {
  readonly invocations: number;
  readonly failures: number;
  readonly lastError: number;
  readonly openTicks: number;
  readonly lastTicks: number;
  readonly mostTicks: number;
  readonly nativeKernels: number;
  readonly ramBytes: number;
  readonly ramUsed: number;
  /** Linear memory in RAM: less than the image says where constants stay in flash. */
  readonly memoryBytes: number;
  /** Native stack that the model may take, counted from its code. */
  readonly stackBytes: number;
}

export interface WasmModel {
  /** Where inputs and outputs are in the device's memory. */
  readonly inputs: readonly Place[];
  readonly outputs: readonly Place[];
  readonly image: WasmImage;
  /** One inference on what the inputs hold; a thimble_status. */
  invoke(): number;
  /** Undefined once it is closed. */
  statistics(): WasmStatistics | undefined;
  close(): void;
}

export interface WasmDevice {
  /** Zeroed memory for flash or RAM, aligned to 16 bytes, for as long as the device lives. */
  reserve(bytes: number): Place;
  /** The bytes of a place, until more is reserved: to read and to write. */
  view(place: Place): Uint8Array;
  /** thimble_image_check: what the image says, or a negative thimble_status. */
  check(slot: Place, leastSecurityCounter?: number): WasmImage | number;
  /** thimble_open: a model, or a negative thimble_status. */
  open(slot: Place, ram: Place, options?: WasmOpenOptions): WasmModel | number;
  /** The text of a thimble_status. */
  statusText(status: number): string;
  /** A model that the core has opened; undefined for 0. */
  model(at: number): WasmModel | undefined;
  /** Memory of the instance that the device has right now: not to be kept, where other devices of a pool have their turn. */
  readonly exports: Exports;
  /** Power is off: nothing may be asked of it any more. */
  end(): void;
}

const KEY_BYTES = 32;
const ALL_CAPABILITIES = 3;
/** Offsets in thimble_image, which port.c asserts. */
const IMAGE = {
  bodyBytes: 4,
  version: 8,
  numbers: 16,
  id: 32,
  idBytes: 65,
  digest: 97,
  digestBytes: 32,
  least: 132,
  stack: 136,
  stackBytes: 12,
};
const STATISTICS_FIELDS = 11;

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");

/** The text that ends with a zero byte at `at`. */
function textAt(memory: Uint8Array, at: number): string {
  return text(memory.subarray(at, memory.indexOf(0, at)));
}

function readImage(memory: Uint8Array, at: number): WasmImage {
  const view = new DataView(memory.buffer, at);
  const word = (offset: number): number => view.getUint32(offset, true);
  const [securityCounter, abi, memoryBytes, capabilities] = [0, 4, 8, 12].map((i) => word(IMAGE.numbers + i));
  const major = view.getUint8(IMAGE.version);
  const minor = view.getUint8(IMAGE.version + 1);
  const build = word(IMAGE.version + 4);
  const revision = view.getUint16(IMAGE.version + 2, true);
  return {
    bodyBytes: word(IMAGE.bodyBytes),
    version: `${major}.${minor}.${revision}${build === 0 ? "" : `+${build}`}`,
    securityCounter: securityCounter!,
    abi: abi!,
    memoryBytes: memoryBytes!,
    capabilities: capabilities!,
    leastBytes: word(IMAGE.least),
    // The struct has the fields of the TLV, in its order.
    nativeStack: decodeStack(memory.subarray(at + IMAGE.stack, at + IMAGE.stack + IMAGE.stackBytes))!,
    id: textAt(memory, at + IMAGE.id),
    digest: memory.slice(at + IMAGE.digest, at + IMAGE.digest + IMAGE.digestBytes),
  };
}

function readStatistics(memory: Uint8Array, at: number): WasmStatistics {
  const view = new DataView(memory.buffer, at);
  const words = Array.from({ length: STATISTICS_FIELDS }, (_, i) => view.getUint32(4 * i, true));
  return {
    invocations: words[0]!,
    failures: words[1]!,
    lastError: words[2]! | 0,
    openTicks: words[3]!,
    lastTicks: words[4]!,
    mostTicks: words[5]!,
    nativeKernels: words[6]!,
    ramBytes: words[7]!,
    ramUsed: words[8]!,
    memoryBytes: words[9]!,
    stackBytes: words[10]!,
  };
}

function describeModel(device: WasmDevice, model: number): WasmModel {
  const { exports } = device;
  const memory = (): Uint8Array => new Uint8Array(device.exports.memory.buffer);
  const tensors = (
    at: (model: number, index: number) => number,
    bytes: (model: number, index: number) => number,
  ): Place[] => {
    const places: Place[] = [];
    for (let place = at(model, 0); place !== 0; place = at(model, places.length)) {
      places.push({ at: place, bytes: bytes(model, places.length) });
    }
    return places;
  };
  return {
    inputs: tensors(exports.model_input, exports.model_input_bytes),
    outputs: tensors(exports.model_output, exports.model_output_bytes),
    image: readImage(memory(), exports.model_image(model)),
    invoke: () => device.exports.model_invoke(model),
    statistics: () => {
      const at = device.exports.model_statistics(model);
      return at === 0 ? undefined : readStatistics(memory(), at);
    },
    close: () => device.exports.model_close(model),
  };
}

/** Functions that the core imports from its host; flash lies at `place` in the memory of the instance. */
function hostOf({ ticks, log, flash }: WasmDeviceOptions, memory: () => Uint8Array): Host {
  const attempt = (work: (flash: NorFlash) => boolean): number => (flash && work(flash) ? 0 : 1);
  return {
    imports: {
      flash_program: (address, data, bytes) =>
        attempt(({ program }) => program(address! >>> 0, memory().slice(data!, data! + bytes!))),
      flash_erase: (address) => attempt(({ erase }) => erase(address! >>> 0)),
      flash_read: (address, bytes) => attempt(({ isReadable }) => isReadable(address! >>> 0, bytes!)),
      flash_map: (address, bytes) => {
        if (flash && !flash.isReadable(address! >>> 0, bytes!))
          throw new FlashFault(
            `map at ${address! >>> 0}: expected ${bytes} bytes that can be read, found a unit that can't`,
          );
        return undefined;
      },
      ticks: () => ticks?.() ?? 0,
      log: (at, bytes) => {
        log?.(text(memory().subarray(at!, at! + bytes!)));
        return undefined;
      },
    },
    parked: () => flash?.pack(),
  };
}

/** An instance for one device alone. */
function ownInstance(module: WebAssembly.Module, host: Host): Lease {
  const exports = instantiate(module, () => host);
  return { exports, end: () => {} };
}

/** Flash as the core reads it: a copy in its memory, which follows what is done to the flash itself. */
function mountFlash(device: Pick<WasmDevice, "reserve" | "view" | "exports">, flash: NorFlash): void {
  const { sectorBytes, programBytes } = flash.geometry;
  // Its pages are those of the flash then, and kept once for both.
  const gap = device.reserve(PAGE_BYTES);
  const place = device.reserve(flash.geometry.bytes + PAGE_BYTES - (gap.at % PAGE_BYTES));
  const at = Math.ceil(place.at / PAGE_BYTES) * PAGE_BYTES;
  device.view({ at, bytes: flash.geometry.bytes }).set(flash.bytes);
  device.exports.flash_set(at, sectorBytes, programBytes, Number(flash.geometry.ecc ?? false));
  flash.watch((address, bytes) => {
    device.view({ at: at + address, bytes: bytes.length }).set(bytes);
  });
}

/**
 * A device of the module that buildWasm makes: one of a pool's, or one with an instance to itself. Throws RangeError
 * where there is no memory for a place. A WebAssembly.RuntimeError from any call is a fault in the C code, not in a
 * model.
 */
export function wasmDevice(core: WebAssembly.Module | Pool, options: WasmDeviceOptions): WasmDevice {
  const memory = (): Uint8Array => new Uint8Array(lease.exports.memory.buffer);
  const host = hostOf(options, memory);
  const lease: Lease = "lease" in core ? core.lease(host) : ownInstance(core, host);
  const reserve = (bytes: number): Place => {
    const at = lease.exports.reserve(bytes);
    if (at === 0) throw new RangeError(`device memory: expected room for ${bytes} bytes, found none`);
    return { at, bytes };
  };
  const view = ({ at, bytes }: Place): Uint8Array => memory().subarray(at, at + bytes);

  const keys = reserve(Math.max(1, options.keys.length * KEY_BYTES));
  for (const [i, key] of options.keys.entries()) view(keys).set(key, i * KEY_BYTES);
  const { capabilities = ALL_CAPABILITIES, nativeStack = 0, frameBytes = 0 } = options;
  lease.exports.device_set(keys.at, options.keys.length, capabilities, nativeStack, frameBytes);

  const device: WasmDevice = {
    get exports() {
      return lease.exports;
    },
    end: () => lease.end(),
    model: (at) => (at === 0 ? undefined : describeModel(device, at)),
    reserve,
    view,
    check(slot, leastSecurityCounter = 0) {
      const status = lease.exports.image_check(slot.at, slot.bytes, leastSecurityCounter);
      return status === 0 ? readImage(memory(), lease.exports.image_checked()) : status;
    },
    open(slot, ram, { leastSecurityCounter = 0, portableOnly, skipSelfTest, stackBytes = 0 } = {}) {
      const flags = [portableOnly, skipSelfTest].map(Number) as [number, number];
      const place = [slot.at, slot.bytes, ram.at, ram.bytes] as const;
      const model = lease.exports.model_open(...place, leastSecurityCounter, ...flags, stackBytes);
      return model < 0 ? model : describeModel(device, model);
    },
    statusText: (status) => textAt(memory(), lease.exports.status_text(status)),
  };
  if (options.flash) mountFlash(device, options.flash);
  return device;
}
