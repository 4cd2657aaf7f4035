/**
 * A simulated device: the firmware's C core with two slots for every model, a journal, and flash that survives
 * what the device does not. Losing power ends the instance of the core; `boot` makes a new one.
 */

import { type ServerOptions, type UpdateClient, updateClient } from "./ddi.ts";
import { deviceStream } from "./device_stream.ts";
import { type DeviceValues, deviceValues, type RealOutputs } from "./device_values.ts";
import type { NorFlash } from "./flash.ts";
import { type Place, type WasmDevice, wasmDevice } from "./instance.ts";
import type { Pool } from "./pool.ts";
import { addMonitor, addShadow, type MonitorOptions, type RunningMonitor } from "./reports.ts";
import { addSamples, type RunningSamples, type SamplesOptions } from "./samples.ts";

export interface ModelPlace {
  /** Addresses of the slots A and B. */
  readonly slots: readonly [number, number];
  /** Size of each. */
  readonly bytes: number;
  /** RAM of the model that is in service. */
  readonly ramBytes: number;
  /** The RAM is that of all other models that share it: they never run at once. */
  readonly sharesRam?: boolean;
  /** Where its monitor keeps reports; none without. */
  readonly monitor?: MonitorPlace;
  /** Where the monitor of a version beside it keeps reports; none runs without. */
  readonly shadow?: MonitorPlace;
}

export interface MonitorPlace {
  readonly address: number;
  /** Sectors of each of two halves. */
  readonly sectors: number;
  readonly ramBytes: number;
}

export interface DeviceOptions {
  /** The core (host/firmware/wasm_build.ts), compiled once for many devices; or instances of it that they share. */
  readonly core: WebAssembly.Module | Pool;
  readonly flash: NorFlash;
  /** Address of the journal's two sectors. */
  readonly journal: number;
  readonly models: readonly ModelPlace[];
  /** Trusted Ed25519 public keys of 32 bytes. */
  readonly keys: readonly Uint8Array[];
  /** How often an image on trial is started before the device goes back; default 3. */
  readonly trialStarts?: number;
  /** Good inferences that confirm an image on trial; default 3, and 0 leaves it to `confirm`. */
  readonly confirmAfter?: number;
  /** Where and how the device asks for updates; without it nothing is asked. */
  readonly server?: ServerOptions;
  /** Reports of the models that have a place for them. */
  readonly monitor?: MonitorOptions;
  /** Samples of the models that have a monitor; default none is kept. */
  readonly samples?: SamplesOptions & { readonly seed: number };
  /** As those of WasmDeviceOptions. */
  readonly nativeStack?: number;
  readonly frameBytes?: number;
  readonly ticks?: () => number;
  readonly log?: (line: string) => void;
}

export const STATES = ["idle", "download", "ready", "trial"] as const;
export const OUTCOMES = ["none", "installed", "refused", "lost"] as const;

/** thimble_record: what the journal says of a model. */
export interface ModelRecord {
  readonly state: (typeof STATES)[number];
  readonly slot: 0 | 1;
  readonly starts: number;
  readonly offset: number;
  readonly size: number;
  readonly securityCounter: number;
  readonly action: number;
  readonly tag: number;
  /** A thimble_status. */
  readonly reason: number;
  readonly outcome: (typeof OUTCOMES)[number];
  readonly reported: boolean;
  readonly held: boolean;
  /** The other slot's image never runs. */
  readonly barred: boolean;
}

export interface Offer {
  readonly size: number;
  /** SHA-256 of the image; absent where it is not known. */
  readonly hash?: Uint8Array;
  readonly action: number;
  readonly tag: number;
}

/** One model of a running device. All numbers that are returned are a thimble_status, 0 where it went well. */
export interface Service {
  record(): ModelRecord;
  /** The offset to go on at, or a negative thimble_status. */
  begin(offer: Offer): number;
  write(data: Uint8Array): number;
  finish(): number;
  cancel(): number;
  /** Forbids or allows that the image be put on trial. */
  hold(held: boolean): number;
  /** Whether the slot in service holds the image that was installed last. */
  isInService(): boolean;
  reported(): number;
  /** Between inferences: puts an image that waits on trial. */
  switch(): number;
  confirm(): number;
  reject(reason: number): number;
  /** Bytes of each input of the model that runs. */
  inputBytes(): readonly number[];
  /** One inference: outputs, none where there is nothing new, or a negative thimble_status. */
  invoke(inputs: readonly Uint8Array[]): Uint8Array[] | number;
  /** One inference on real values, of which each input has a list: what it gave, or a negative thimble_status. */
  invokeReal(inputs: readonly Float32Array[]): RealOutputs | number;
  /**
   * Samples of a stream, int16, as thimble_feed takes them: what the inferences gave that brought something new, or a
   * negative thimble_status.
   */
  feed(samples: Int16Array): readonly RealOutputs[] | number;
  /** The place of a feature on the last axis of an input of the model that runs, or a negative thimble_status. */
  feature(name: string, input?: number): number;
  /** The version of the model that runs; undefined where none does. */
  version(): string | undefined;
}

export interface Device {
  readonly services: readonly Service[];
  /** The status with which each service started. */
  readonly started: readonly number[];
  /** Reports of the models that have a place for one, then those of versions beside them. */
  readonly monitors: readonly RunningMonitor[];
  /** Samples of the models that have a monitor; none where none are kept. */
  readonly samples: readonly RunningSamples[];
  /** Undefined where there is no server. */
  readonly client: UpdateClient | undefined;
  statusText(status: number): string;
  /** Switches it off, or says that power has failed: nothing may be asked of it any more. */
  end(): void;
}

/** THIMBLE_TAKEN of thimble.h: inputs were taken, and outputs hold nothing new. */
const TAKEN = 1;
const HASH_BYTES = 32;
/** Chunks of a download pass through memory of the device. */
const BUFFER_BYTES = 4096;

function readRecord(memory: Uint8Array, at: number): ModelRecord {
  const view = new DataView(memory.buffer, at);
  const word = (offset: number): number => view.getUint32(offset, true);
  return {
    state: STATES[view.getUint8(1)]!,
    slot: view.getUint8(2) as 0 | 1,
    starts: view.getUint8(3),
    offset: word(4),
    size: word(8),
    securityCounter: word(44),
    action: word(48),
    tag: word(52),
    reason: view.getInt8(56),
    outcome: OUTCOMES[view.getUint8(57)]!,
    reported: view.getUint8(58) === 1,
    held: view.getUint8(59) === 1,
    barred: view.getUint8(60) === 1,
  };
}

function service(device: WasmDevice, model: number, buffer: Place, values: DeviceValues): Service {
  const modelAt = (): number => device.exports.service_model(model);
  const put = (bytes: Uint8Array): number => {
    device.view(buffer).set(bytes);
    return buffer.at;
  };
  return {
    record: () =>
      readRecord(new Uint8Array(device.exports.memory.buffer), device.exports.store_record(model)),
    begin: ({ size, hash, action, tag }) =>
      device.exports.update_begin(model, size, put(hash ?? new Uint8Array(HASH_BYTES)), action, tag),
    write(data) {
      for (let start = 0; start < data.length; start += BUFFER_BYTES) {
        const chunk = data.subarray(start, start + BUFFER_BYTES);
        const status = device.exports.update_write(model, put(chunk), chunk.length);
        if (status !== 0) return status;
      }
      return 0;
    },
    finish: () => device.exports.update_finish(model),
    cancel: () => device.exports.update_cancel(model),
    hold: (held) => device.exports.update_hold(model, held ? 1 : 0),
    isInService: () => device.exports.update_is_in_service(model) === 1,
    reported: () => device.exports.update_reported(model),
    switch: () => device.exports.service_switch(model),
    confirm: () => device.exports.service_confirm(model),
    reject: (reason) => device.exports.service_reject(model, reason),
    inputBytes: () => {
      const running = device.model(modelAt());
      return running?.inputs.map(({ bytes }) => bytes) ?? [];
    },
    invoke(inputs) {
      const running = device.model(modelAt());
      running?.inputs.forEach((place, i) => {
        device.view(place).set(inputs[i]!);
      });
      const status = device.exports.service_invoke(model);
      if (status === TAKEN) return [];
      // A rejected image is gone, and its outputs with it.
      return status === 0 ? running!.outputs.map((place) => device.view(place).slice()) : status;
    },
    invokeReal(inputs) {
      for (const [input, each] of inputs.entries()) {
        const written = values.write(modelAt(), input, each);
        if (written !== 0) return written;
      }
      const outputs = device.model(modelAt())?.outputs.length ?? 0;
      const status = device.exports.service_invoke(model);
      if (status === TAKEN) return { values: [], decided: undefined };
      return status === 0 ? values.read(modelAt(), outputs, inputs[0]!) : status;
    },
    feed: deviceStream(device, model, values),
    feature: (name, input = 0) => values.feature(modelAt(), input, name),
    version: () => device.model(modelAt())?.image.version,
  };
}

/**
 * Switches the device on: a new instance of the core reads the journal and starts every model. Throws PowerLoss
 * where the flash has a cut for it, FlashFault where the core does what it must not.
 */
export function boot(options: DeviceOptions): Device {
  const { flash, models, trialStarts = 3, confirmAfter = 3 } = options;
  const device = wasmDevice(options.core, { ...options, flash });
  const buffer = device.reserve(BUFFER_BYTES);
  const sharing = models.filter(({ sharesRam }) => sharesRam).map(({ ramBytes }) => ramBytes);
  const shared = sharing.length > 0 ? device.reserve(Math.max(...sharing)) : undefined;
  for (const [model, { slots, bytes, ramBytes, sharesRam }] of models.entries()) {
    const ram = sharesRam ? shared! : device.reserve(ramBytes);
    device.exports.model_add(slots[0], slots[1], bytes, ram.at, ram.bytes, trialStarts, confirmAfter);
    if (sharesRam) device.exports.model_share(model);
  }
  const values = deviceValues(device);
  const status = device.exports.store_open(options.journal);
  if (status !== 0) throw new RangeError(`device: ${device.statusText(status)}`);
  const monitors = models.flatMap(({ monitor }, model) =>
    monitor ? [addMonitor(device, model, monitor, options.monitor ?? {})] : [],
  );
  const { samples: kept } = options;
  const samples = kept ? monitors.map((_, model) => addSamples(device, model, kept, kept.seed + model)) : [];
  // They are told of a model once its other watchers are.
  const shadows = models.flatMap(({ shadow: place, ramBytes }, model) =>
    place ? [addShadow(device, model, { place, ramBytes }, options.monitor ?? {})] : [],
  );
  return {
    monitors: [...monitors, ...shadows],
    samples,
    started: models.map((_, model) => device.exports.service_start(model)),
    services: models.map((_, model) => service(device, model, buffer, values)),
    client: options.server && updateClient(device, options.server, buffer),
    statusText: device.statusText,
    end() {
      flash.watch(undefined);
      device.end();
    },
  };
}
